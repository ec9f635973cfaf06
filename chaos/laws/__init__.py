"""What must be true after a chaos run: pure functions over `Evidence`, by what they look at."""
