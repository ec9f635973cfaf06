"""What the events of a case add up to. Imports the standard library, its siblings and the contracts that it hears."""
