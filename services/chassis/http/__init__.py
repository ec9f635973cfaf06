"""From a socket to a route and back: guards, login, problem documents, health.

May import `work` and below.
"""
