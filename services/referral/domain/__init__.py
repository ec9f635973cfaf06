"""States and rules of the scout's desk: standard library only."""
