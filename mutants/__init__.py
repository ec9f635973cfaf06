"""Would anybody notice? Plants small mistakes, one at a time, where nothing may be lost, and runs the tests."""
