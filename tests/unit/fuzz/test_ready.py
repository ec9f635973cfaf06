"""Every operation that changes something has a recipe: without one, no good request to it is ever sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from fuzz.ready import OPERATIONS, RECIPES
from fuzz.walk import READ
from tests.support.services import ALL, NAMES, SHARED, routes


def changing(found: Iterable[tuple[str, Any]]) -> set[str]:
    return {f"{method} {route.path_format}" for method, route in found if method not in {"GET", "HEAD"}}


def not_reading(recipes: Iterable[str]) -> set[str]:
    return {name for name in recipes if not name.startswith("GET ")}


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_every_command_of_a_service_has_a_recipe(service: Any) -> None:
    assert not_reading(RECIPES[service.name]) == changing(routes(service))
    assert (RECIPES[service.name] == {}) is (service.commands == {})


def test_every_command_of_the_operators_has_a_recipe() -> None:
    assert not_reading(OPERATIONS) == changing(SHARED) != set()


def test_a_record_can_be_parked_at_every_service() -> None:
    assert READ.keys() == set(NAMES)
