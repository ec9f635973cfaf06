"""One transaction of decisions, whatever asked for it: a command, a batch of events, due deadlines.

May import `outbox` and below.
"""
