"""Connections, aggregates as documents, one write per transaction, migrations.

May import `pure`.
"""
