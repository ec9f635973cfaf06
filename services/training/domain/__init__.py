"""States and rules of courses and enrolments. Imports the standard library and its siblings only."""
