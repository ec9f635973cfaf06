"""Decisions and their one transaction, for a command, a batch of events or due deadlines alike.

May import `outbox` and below.
"""
