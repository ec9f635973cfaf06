"""What `ph` does for operators: parked records, migrations, topics, restores.

May import `outbox`, `vault`, `postgres`, `kafka`, `telemetry` and `pure`.
"""
