"""Writes the manifests that follow from `schemas/topics.yaml`: `make manifests`."""
