"""The whole stack on one machine: PostgreSQL, Kafka, a token issuer, the four services; no containers, no root."""
