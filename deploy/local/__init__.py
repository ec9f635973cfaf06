"""The whole stack on one machine: PostgreSQL, Kafka, a token issuer, the five services; no containers, no root."""
