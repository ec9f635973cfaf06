"""A case as journey hears of it."""
