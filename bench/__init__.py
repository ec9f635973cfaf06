"""`make bench`: the hot path against the best and the usual way to write it."""
