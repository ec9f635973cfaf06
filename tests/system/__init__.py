"""A package: the chain that its tests share ends with the last of them."""
