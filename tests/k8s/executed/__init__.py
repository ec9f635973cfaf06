"""The local overlay, executed: pods by the runner, Kafka and PostgreSQL by the local stack, with TLS and rights."""
