"""Events on their way to Kafka: numbered, stored as finished records, published in order.

May import `postgres`, `kafka`, `telemetry` and `pure`.
"""
