"""A database is put back over the present release, by the commands of the runbook, at a real API server.

Nothing is asked to change that cannot be changed there. The old database stays until it is deleted, and then nothing of
it is left.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.k8s import runbooks
from tests.k8s.apiserver.kubectl import Applying, Kubectl, without
from tests.k8s.apiserver.releases import Tree

pytestmark = pytest.mark.timeout(1200)

OVERLAY, NAMESPACE = "overlays/production", "perspektive-heimat"
DECIDED, WRITTEN, DATABASE, SERVICE, OLD = 2, 3, 4, 5, 10
"""Steps of the page."""
KINDS = "clusters,scheduledbackups,databases,databaseroles,podmonitors,networkpolicies"


def names(server: Kubectl) -> set[str]:
    """`Kind/name` of all that belongs to databases."""
    return {f"{each['kind']}/{each['metadata']['name']}" for each in server.items(KINDS, NAMESPACE)}


def test_a_database_is_put_back_as_the_page_says(server: Kubectl, applying: Applying, tmp_path: Path) -> None:
    tree = Tree.present(tmp_path / "deploy" / "k8s")
    present = tree.render(OVERLAY)
    answer = applying(present)
    assert answer.accepted, answer.text
    page = runbooks.steps("lost-database")

    def run(*steps: int) -> None:
        lines = [line for step in (DECIDED, *steps) for line in page[step] if not runbooks.WAITS.match(line)]
        runbooks.run(lines, tmp_path, KUBECONFIG=server.kubeconfig)

    before = names(server)
    run(WRITTEN, DATABASE)
    beside = names(server)
    assert before < beside
    assert "Cluster/counselling-db-b" in beside
    refused = server.dry_run(without(tree.render(OVERLAY), present))  # the migrate Job has still the old address
    assert not refused.accepted
    assert "field is immutable" in refused.text

    run(SERVICE)
    workers = {each["metadata"]["name"]: each for each in server.items("deployments", NAMESPACE)}
    mounted = str(workers["counselling-worker"]["spec"]["template"]["spec"]["volumes"])
    assert "counselling-db-b-ca" in mounted
    assert "counselling-db-ca" not in mounted

    run(OLD)
    gone = beside - names(server)
    assert gone == {each for each in before if each.endswith("/counselling-db")} | {
        "Database/counselling",
        "DatabaseRole/counselling-app",
        "DatabaseRole/counselling-migrator",
        "DatabaseRole/counselling-operator",
    }
