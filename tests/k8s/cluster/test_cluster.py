"""`make k8s CLUSTER=1`: every overlay against the API server of the cluster that KUBECONFIG names, as a dry run.

Nothing stays there: a namespace that had to be made for it is removed again. The operators' definitions are expected to
be installed, as deploy/k8s/README.md says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.k8s.apiserver.kubectl import Kubectl, namespaces_of
from tests.k8s.structure.rendering import overlays, text


@pytest.fixture(scope="module")
def cluster() -> Iterator[Kubectl]:
    """Its server; namespaces that were made here are removed afterwards."""
    if os.environ.get("CLUSTER") != "1":
        pytest.skip("No cluster was asked for. With one: make k8s CLUSTER=1, and KUBECONFIG names it.")
    config = os.environ.get("KUBECONFIG", "")
    if not config or not Path(config).exists():
        pytest.skip(f"CLUSTER=1, but there is no cluster: KUBECONFIG is {config!r}, which is no file.")
    kubectl = Kubectl(Path(config))
    if not (answer := kubectl.ask("version", "--request-timeout=10s")).accepted:
        pytest.skip(f"CLUSTER=1, but the cluster of {config} does not answer: {answer.text}")
    before = kubectl.namespaces()
    try:
        yield kubectl
    finally:
        ours = {name for overlay in overlays() for name in namespaces_of(text(overlay))}
        for name in sorted((kubectl.namespaces() - before) & ours):
            kubectl.ask("delete", "namespace", name, "--wait=false")


@pytest.mark.parametrize("overlay", overlays())
def test_the_cluster_would_take_it(cluster: Kubectl, overlay: str) -> None:
    rendered = text(overlay)
    cluster.prepare(rendered)
    answer = cluster.dry_run(rendered)
    assert answer.accepted, answer.text
