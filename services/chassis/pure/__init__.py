"""Values and pure functions: what a service's handlers, events, contracts and commands are made of.

Nothing here holds a connection, a task or a clock. May import the standard library, pydantic, and
the libraries of calendars and time zones (`holidays`, `tzdata`).
"""
