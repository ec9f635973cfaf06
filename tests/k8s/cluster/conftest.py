"""The cluster that KUBECONFIG names. Where there is none, the tests are skipped and say so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.k8s.apiserver.kubectl import Kubectl

HERE = Path(__file__).parent
SECONDS = 3600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A cluster takes its time: it pulls images and starts 30 pods."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def cluster() -> Kubectl:
    """A client with the rights that KUBECONFIG gives. What is named there is never guessed: no file, no cluster."""
    if os.environ.get("CLUSTER") != "1":
        pytest.skip("No cluster was asked for. With one: make k8s CLUSTER=1, and KUBECONFIG names it.")
    named = os.environ.get("KUBECONFIG", "")
    if not any(Path(each).is_file() for each in named.split(os.pathsep) if each):
        pytest.skip(f"CLUSTER=1, but there is no cluster: KUBECONFIG is {named!r}, which is no file.")
    kubectl = Kubectl(named)
    if not (answer := kubectl.ask("version", "--request-timeout=10s")).accepted:
        pytest.skip(f"CLUSTER=1, but the cluster of {named} does not answer: {answer.text}")
    return kubectl
