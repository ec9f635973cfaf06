"""What the manifests say, looked at without a cluster: schemas, checkov, own rules."""
