"""`make k8s CLUSTER=1`: against the cluster that KUBECONFIG names."""
