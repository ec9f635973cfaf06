"""The whole stack on one machine: PostgreSQL, Kafka, a token issuer and the four services, without containers or root."""
