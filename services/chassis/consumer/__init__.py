"""From Kafka's records to effects: transport, decoding, positions, dispatch, parking.

May import `work` and below.
"""
