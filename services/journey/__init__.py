"""Reads every topic and owns none of what it reads: where a case is, whom it waits for, and what has become of it."""
