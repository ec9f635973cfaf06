"""What the tests of training share: the service in memory, on a database, and a model of it."""
