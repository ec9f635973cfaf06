"""Every overlay against the API server of the cluster, as a dry run. Nothing stays there: a namespace that had to be
made for it is removed again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.k8s.apiserver.kubectl import Kubectl, documents_of, namespaces_of
from tests.k8s.structure.rendering import overlays, text


@pytest.fixture(scope="module")
def tidy(cluster: Kubectl) -> Iterator[Kubectl]:
    """The cluster; namespaces that were made here are removed afterwards."""
    before = cluster.namespaces()
    try:
        yield cluster
    finally:
        ours = {name for overlay in overlays() for name in namespaces_of(text(overlay))}
        if made := sorted((cluster.namespaces() - before) & ours):
            cluster.ask("delete", "namespace", *made, "--timeout=100s")


@pytest.mark.parametrize("overlay", overlays())
def test_the_cluster_would_take_it(tidy: Kubectl, overlay: str) -> None:
    rendered = text(overlay)
    served = set(tidy.ask("api-versions").text.split())
    if unknown := sorted({each["apiVersion"] for each in documents_of(rendered)} - served):
        pytest.skip(
            f"The cluster does not serve {', '.join(unknown)}, which {overlay} needs: install the operators that "
            "deploy/k8s/README.md lists."
        )
    tidy.prepare(rendered)
    answer = tidy.dry_run(rendered)
    assert answer.accepted, answer.text
