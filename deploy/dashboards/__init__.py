"""The dashboards of the chain, described in Python and written as Grafana's JSON.

They lie in `deploy/k8s/base/common/monitoring/dashboards/`. `python -m deploy.dashboards` writes them; with `--check`
it compares, and exit code 1 says that they differ.
"""
