"""Each own rule has a planted mistake that turns it red, and is green without."""

from __future__ import annotations

import pytest

from tests.k8s.structure import (
    planted_elsewhere,
    planted_for_operators,
    planted_in_databases,
    planted_in_pods,
    planted_in_restored,
)
from tests.k8s.structure.planted import ALL, Mistake
from tests.k8s.structure.rendering import rendered, spoilable
from tests.k8s.structure.rules import RULES, images

assert planted_in_pods  # each registers its mistakes
assert planted_in_databases
assert planted_in_restored
assert planted_elsewhere
assert planted_for_operators


@pytest.mark.parametrize("mistake", ALL, ids=lambda each: each.name)
def test_a_planted_mistake_is_found(mistake: Mistake) -> None:
    clean, spoiled = rendered(mistake.folder), spoilable(mistake.folder)
    mistake.change(spoiled)
    before = {str(each) for each in RULES[mistake.rule](clean)}
    new = [text for each in RULES[mistake.rule](spoiled) if (text := str(each)) not in before]
    assert any(mistake.where in text for text in new), f"{mistake.rule} does not see it; it says: {new}"


def test_every_rule_has_a_planted_mistake() -> None:
    assert {each.rule for each in ALL} == set(RULES)


def test_an_image_in_another_place_is_found() -> None:
    texts = {
        "base/api.yaml": "image: example.org/perspektive-heimat:1.0.0",
        "base/ph.yaml": "image: perspektive-heimat-operators:1.0.0",
        "base/one.yaml": "image: example.org/kafka:4.3.1",
        "base/two.yaml": "- image: example.org/kafka:4.3.1",
    }
    found = [str(each) for each in images.in_files(texts)]
    assert [text.partition(",")[0] for text in found] == ["base/api.yaml", "base/ph.yaml", "base/two.yaml"]
    assert not list(images.in_files({"base/api.yaml": "image: perspektive-heimat # from the overlay"}))
