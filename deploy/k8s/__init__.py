"""What operators apply to a cluster (kustomize), and the programs that help with it."""
