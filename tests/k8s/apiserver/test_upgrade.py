"""The next release goes over the present one, and back again, at a real API server: nothing is asked to change that
cannot be changed there, such as the template of a Job or a selector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.k8s.apiserver.kubectl import Answer, Applying, Kubectl, documents_of, without
from tests.k8s.apiserver.releases import Tree, after
from tests.k8s.structure.pages.read import OPERATORS_PAGE, commands, pages

pytestmark = pytest.mark.timeout(1200)

LOCAL, PRODUCTION = "overlays/local", "overlays/production"
"""Without operators, and with all. Staging is as production; the namespace of restore-drill is new each time."""
EACH = pytest.mark.parametrize("overlay", [LOCAL, PRODUCTION])


@dataclass(frozen=True)
class There:
    """The present release of an overlay, applied."""

    overlay: str
    text: str

    @property
    def namespace(self) -> str:
        return next(each["metadata"]["name"] for each in documents_of(self.text) if each["kind"] == "Namespace")


@pytest.fixture(scope="module")
def applied(applying: Applying, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], There]:
    """Applies an overlay if it was not. Each test leaves what is there as it was."""
    present = Tree.present(tmp_path_factory.mktemp("present") / "k8s")

    @cache
    def apply(overlay: str) -> There:
        found = There(overlay, present.render(overlay))
        answer = applying(found.text)
        assert answer.accepted, answer.text
        return found

    return apply


@pytest.fixture
def there(applied: Callable[[str], There], overlay: str) -> There:
    return applied(overlay)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree.present(tmp_path / "k8s")


def images(deployments: list[dict[str, Any]]) -> set[str]:
    """Of the services."""
    used = {each["image"] for one in deployments for each in one["spec"]["template"]["spec"]["containers"]}
    return {image for image in used if "perspektive-heimat" in image}


@EACH
def test_the_next_release_is_taken_over_the_present_one_and_the_present_one_again(
    server: Kubectl, applying: Applying, tree: Tree, there: There
) -> None:
    present = tree.version(there.overlay)
    following = after(present)
    tree.cut(there.overlay, tag=following)
    later = tree.render(there.overlay)
    for version, text, over in ((following, later, there.text), (present, there.text, later)):
        answer = applying(text, over=over)
        assert answer.accepted, answer.text
        shown = images(server.items("deployments", there.namespace))
        assert {image.rpartition(":")[2] for image in shown} == {version}
    jobs = {each["metadata"]["name"] for each in server.items("jobs", there.namespace)}
    assert jobs >= {f"referral-migrate-{version.replace('.', '-')}" for version in (present, following)}


def test_topics_and_users_of_the_next_release_go_ahead_of_it(
    server: Kubectl, applied: Callable[[str], There], tree: Tree
) -> None:
    """As the page on upgrades has it: of what is rendered, what has these labels."""
    there = applied(PRODUCTION)
    present, topic = tree.version(PRODUCTION), "platform/kafka/topics/ph.referral.v1.yaml"
    page = next(each for each in commands({OPERATORS_PAGE: pages()[OPERATORS_PAGE]}) if each.selector)
    tree.cut(PRODUCTION, tag=after(present))
    tree.edit(topic, "partitions: 6\n", "partitions: 12\n")
    answer = server.apply(tree.render(PRODUCTION), "-l", page.options["selector"])
    assert answer.accepted, answer.text
    kinds = {line.partition(".")[0] for line in answer.text.splitlines()}
    assert kinds == {"kafkatopic", "kafkauser", "kafkanodepool"}
    topics = {each["metadata"]["name"]: each["spec"] for each in server.items("kafkatopics", there.namespace)}
    assert topics["ph.referral.v1"]["partitions"] == 12
    shown = images(server.items("deployments", there.namespace))
    assert {image.rpartition(":")[2] for image in shown} == {present}
    assert server.apply(there.text, "-l", page.options["selector"]).accepted


def tried(server: Kubectl, tree: Tree, there: There) -> Answer:
    """What the server says to those documents that differ from what is there. None of them is kept."""
    changed = without(tree.render(there.overlay), there.text)
    assert changed
    return server.dry_run(changed)


@EACH
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("base/common/chain.env", "LOG_LEVEL=INFO", "LOG_LEVEL=DEBUG"),
        ("base/common/kafka.env", "CONSUMERS=2", "CONSUMERS=1"),
        ("base/referral/referral.env", "AUDIENCE=perspektive-heimat:referral", "AUDIENCE=another"),
    ],
    ids=["of all services", "of Kafka", "of one service"],
)
def test_a_setting_changes_without_a_new_release(
    server: Kubectl, tree: Tree, there: There, file: str, old: str, new: str
) -> None:
    tree.edit(file, old, new)
    answer = tried(server, tree, there)
    assert answer.accepted, answer.text


def the_tag_alone(tree: Tree, overlay: str) -> None:
    tree.cut(overlay, tag=after(tree.version(overlay)), version=tree.version(overlay))


def another_selector(tree: Tree, _overlay: str) -> None:
    for labels in ("matchLabels: {", "      labels: {"):
        tree.edit("base/referral/api.yaml", labels, f"{labels}app.kubernetes.io/instance: second, ")


def edited(file: str, old: str, new: str) -> Callable[[Tree, str], None]:
    return lambda tree, _overlay: tree.edit(file, old, new)


KAFKA, ROLES = "overlays/local/kafka/kafka.yaml", "platform/postgres/referral/roles.yaml"


@pytest.mark.parametrize(
    ("overlay", "change", "says"),
    [
        (LOCAL, the_tag_alone, "field is immutable"),
        (PRODUCTION, the_tag_alone, "field is immutable"),
        (LOCAL, another_selector, "field is immutable"),
        (LOCAL, edited(KAFKA, "storage: 5Gi", "storage: 10Gi"), "updates to statefulset spec"),
        (LOCAL, edited(KAFKA, "  clusterIP: None\n", "  clusterIP: 10.0.0.77\n"), "spec.clusterIPs[0]: Invalid value"),
        (PRODUCTION, edited(ROLES, "name: referral_app", "name: referral_api"), "name is immutable"),
    ],
    ids=[
        "the tag without the version",
        "the tag without the version, with operators",
        "another selector",
        "a larger volume of a StatefulSet",
        "another address of a Service",
        "another name of a database role",
    ],
)
def test_what_cannot_be_changed_is_refused(
    server: Kubectl, tree: Tree, there: There, change: Callable[[Tree, str], None], says: str
) -> None:
    change(tree, there.overlay)
    answer = tried(server, tree, there)
    assert not answer.accepted
    assert says in answer.text
