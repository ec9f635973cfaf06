"""What the tests of referral share: the desk in memory, its API, the service on a database, and a model of it."""
