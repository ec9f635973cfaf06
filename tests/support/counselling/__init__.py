"""What the tests of counselling share: the service in memory, on a database, and a model of it."""
