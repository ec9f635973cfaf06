"""Tests of `deploy/k8s/`: `make k8s` runs them, `make test` does not."""
