"""What the runbook for a lost database writes into an environment: it renders, and keeps all rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.k8s import runbooks
from tests.k8s.apiserver.releases import Tree
from tests.k8s.structure.documents import Document, Rendered, place
from tests.k8s.structure.rendering import Loader
from tests.k8s.structure.rules import RULES

pytestmark = pytest.mark.timeout(600)

PAGE = "lost-database"
DECIDED, WRITTEN = 2, 3
"""The steps of the page that say what is restored, and that write it into the overlay."""
SECOND = "OLD=counselling-db-b NAME=db-c FROM=counselling-db-b TO=2026-02-01T08:30:00Z"


class Shell:
    """Somebody at the top of a tree of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tree = Tree.present(folder / "deploy" / "k8s")

    def restore(self, otherwise: str = "", *, more: str = "") -> None:
        """Runs the page's commands; `otherwise`: what is decided instead of what stands there."""
        decided, written = (runbooks.steps(PAGE)[step] for step in (DECIDED, WRITTEN))
        asked = [line for line in decided if not line.startswith("kubectl")]
        runbooks.run([*asked, otherwise, *written, more], self._folder)

    def rendered(self, overlay: str = "overlays/production") -> Rendered:
        return Rendered(overlay, [each for each in yaml.load_all(self.tree.render(overlay), Loader) if each])


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def restored(there: Rendered, name: str = "counselling-db-b") -> Document:
    found = there.get("Cluster", name)
    assert found is not None, [place(each) for each in there.of("Cluster")]
    spec: Document = found["spec"]
    return spec


def broken(there: Rendered) -> list[str]:
    return sorted({f"{name}: {each}" for name, rule in RULES.items() for each in rule(there)})


def test_the_page_puts_one_database_back_and_every_rule_is_kept(shell: Shell) -> None:
    before = shell.rendered()
    shell.restore()
    there = shell.rendered()
    assert broken(there) == []
    recovery = restored(there)["bootstrap"]["recovery"]
    assert recovery["recoveryTarget"] == {"targetTime": "2026-01-01T12:00:00Z"}
    assert restored(there)["externalClusters"][0]["plugin"]["parameters"]["serverName"] == "counselling-db"
    changed = {place(each) for each in there.documents if each not in before.documents}
    assert all("/counselling" in each for each in changed), changed


def test_what_is_applied_before_the_rest_is_the_database_and_all_of_it(shell: Shell) -> None:
    shell.restore()
    first = {"app.kubernetes.io/name": "counselling", "app.kubernetes.io/component": "database"}
    there = [
        each for each in shell.rendered().documents if first.items() <= (each["metadata"].get("labels") or {}).items()
    ]
    assert sorted(place(each) for each in there) == [
        "Cluster/counselling-db-b",
        "Database/counselling-db-b",
        "DatabaseRole/counselling-app-db-b",
        "DatabaseRole/counselling-migrator-db-b",
        "DatabaseRole/counselling-operator-db-b",
        "NetworkPolicy/counselling-db-b",
        "ObjectStore/counselling-db",
        "PodMonitor/counselling-db-b",
        "ScheduledBackup/counselling-db-b",
    ]


def test_the_next_restore_takes_the_place_of_the_first(shell: Shell) -> None:
    shell.restore()
    shell.restore(SECOND)
    there = shell.rendered()
    assert broken(there) == []
    assert there.get("Cluster", "counselling-db-b") is None
    third = restored(there, "counselling-db-c")
    assert third["externalClusters"][0]["plugin"]["parameters"]["serverName"] == "counselling-db-b"
    assert third["bootstrap"]["recovery"]["recoveryTarget"] == {"targetTime": "2026-02-01T08:30:00Z"}


def test_everything_that_was_archived_is_put_back_instead(shell: Shell) -> None:
    instead = re.search(r"`(sed -i [^`]+)`", runbooks.text(PAGE))
    assert instead
    shell.restore(more=instead[1])
    there = shell.rendered()
    assert broken(there) == []
    assert "recoveryTarget" not in restored(there)["bootstrap"]["recovery"]


def test_what_an_environment_says_of_its_databases_holds_for_a_restored_one(shell: Shell) -> None:
    shell.tree.edit("overlays/staging/databases-network.yaml", "192.0.2.40/32", "198.51.100.40/32")
    shell.restore("OVERLAY=deploy/k8s/overlays/staging SERVICE=referral OLD=referral-db FROM=referral-db")
    there = shell.rendered("overlays/staging")
    assert broken(there) == []
    assert restored(there, "referral-db-b")["storage"]["size"] == "5Gi"
    policy, store = there.get("NetworkPolicy", "referral-db-b"), there.get("ObjectStore", "referral-db")
    assert policy
    assert store
    assert policy["spec"]["egress"][2]["to"][0]["ipBlock"]["cidr"] == "198.51.100.40/32"
    assert store["spec"]["configuration"]["destinationPath"] == "s3://perspektive-heimat-staging-backup/referral"
