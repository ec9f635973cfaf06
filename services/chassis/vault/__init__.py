"""What rests sealed: generations of keys, and the boxes that they open.

May import `telemetry` and `pure`.
"""
