"""Everything that is applied keeps the own rules; every file of an image is in its one place."""

from __future__ import annotations

import pytest

from tests.k8s.structure.declared import services
from tests.k8s.structure.documents import Rendered
from tests.k8s.structure.made import by_hand
from tests.k8s.structure.rendering import K8S, overlays, rendered, used
from tests.k8s.structure.rules import RULES, WHOLE
from tests.k8s.structure.rules.images import in_files

PARTIAL = {"overlays/restore-drill": "one service's database, put back; no environment of its own"}
"""Where only a part of an environment is rendered, and which."""


def broken(there: Rendered, rule: str) -> list[str]:
    """What a rule finds, as text."""
    return sorted({str(each) for each in RULES[rule](there)})


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("folder", overlays())
def test_what_is_applied_keeps_the_rule(folder: str, rule: str) -> None:
    if rule in WHOLE and folder in PARTIAL:
        return
    found = broken(rendered(folder), rule)
    assert not found, "\n".join([f"{folder} breaks {rule}:", *found])


def test_there_is_something_to_apply() -> None:
    assert {"overlays/local", "overlays/staging", "overlays/production", "overlays/restore-drill"} <= set(overlays())


def test_nothing_lies_there_that_nobody_applies() -> None:
    folders = {path.parent.relative_to(K8S).as_posix(): path.read_text() for path in K8S.rglob("kustomization.yaml")}
    assert sorted(folders.keys() - used(folders, overlays())) == []
    whole = {each for each in folders if each.startswith(("base", "platform"))}
    assert sorted(whole - used(folders, ["overlays/production"])) == []


def test_a_folder_that_nobody_lists_is_found() -> None:
    files = {"overlays/a": "resources: [../../base, x.yaml]\ncomponents: [release]", "overlays/a/release": "kind: C"}
    files |= {"base": "resources: [one]", "base/one": "kind: K", "base/two": "kind: K"}
    assert files.keys() - used(files, ["overlays/a"]) == {"base/two"}


def test_an_image_is_named_in_one_place() -> None:
    texts = {path.relative_to(K8S).as_posix(): path.read_text() for path in K8S.rglob("*.yaml")}
    found = sorted(map(str, in_files(texts)))
    assert not found, "\n".join(found)


def test_the_list_of_secrets_put_there_by_hand_has_nothing_that_nobody_names() -> None:
    text = "\n".join(path.read_text() for path in K8S.rglob("*.yaml"))
    listed = {**by_hand(services(), operators=True), **by_hand(services(), operators=False)}
    assert not [name for name in listed if name not in text]
