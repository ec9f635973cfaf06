"""What `schemas/check.py` checks and `schemas/write.py` writes: one module per kind of promise."""
