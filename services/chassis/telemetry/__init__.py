"""Logs, metrics and spans that hold no personal data.

May import `pure`.
"""
