"""States and rules of the way into work. Imports the standard library and its siblings only."""
