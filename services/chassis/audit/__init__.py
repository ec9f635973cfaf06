"""Who did or saw what: the rows, who writes them, and the chain that shows whether one was changed afterwards.

May import `outbox` and below.
"""
