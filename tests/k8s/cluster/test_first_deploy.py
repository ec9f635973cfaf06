"""`overlays/local` is applied, becomes ready, and the story passes through it: the commands of
`deploy/k8s/first-deploy.yaml`. The namespace must not be there before, and is removed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.k8s.apiserver.kubectl import Answer, Kubectl
from tests.k8s.cluster.first_deploy import NAMESPACE, commands, not_ready, run


@pytest.fixture(scope="module")
def deployed(cluster: Kubectl) -> Iterator[Answer]:
    """All commands but the story; the answer of the last one that was run, whether it was accepted or not."""
    if NAMESPACE in cluster.namespaces():
        pytest.fail(
            f"There is a namespace {NAMESPACE} already, and what is in it is not ours to remove: "
            f"kubectl delete namespace {NAMESPACE}, or name another cluster."
        )
    *first, _story = commands()
    try:
        for line in first:
            answer = run(line, cluster)
            if not answer.accepted:
                break
        yield answer
    finally:
        gone = cluster.ask("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=100s")
        assert gone.accepted, f"The namespace is left behind: {gone.text}"


def test_it_becomes_ready(cluster: Kubectl, deployed: Answer) -> None:
    assert deployed.accepted, f"{deployed.text}\n{not_ready(cluster)}"
    assert not_ready(cluster) == ""


def test_the_story_holds_what_it_promises(cluster: Kubectl, deployed: Answer) -> None:
    if not deployed.accepted:
        pytest.fail("It did not become ready: see the test before.")
    told = run(commands()[-1], cluster)
    assert told.accepted, f"{told.text[-5000:]}\n{not_ready(cluster)}"
    for promise in ("How the cases stand", "have a job offer", "each numbered from 1 without a gap"):
        assert promise in told.text, told.text[-5000:]
