"""One process of a service: its parts, its loops, its start and its end.

May import every other room.
"""
