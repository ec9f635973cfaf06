"""What `ph` does for operators: parked records, migrations, topics.

May import `postgres`, `kafka`, `telemetry` and `pure`.
"""
