"""What `python schemas/check.py` checks: one module per kind of promise."""
