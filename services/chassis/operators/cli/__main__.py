"""`python -m chassis.cli` is `ph`."""

from chassis.operators.cli import app

if __name__ == "__main__":
    app(prog_name="ph")
