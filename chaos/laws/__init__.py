"""What must be true after a chaos run: sixteen pure functions over `Evidence`, by what they look at."""
