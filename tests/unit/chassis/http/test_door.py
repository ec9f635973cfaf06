"""A role counts for organisations of its kind, and for none that is shut."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chassis.http.auth import Principal
from chassis.http.door import Door
from chassis.http.problems import Problem
from chassis.pure.decision import Refused, Visit

KINDS = {"baker": ("bakery",), "miller": ("mill", "bakery")}
SHUT = Refused("shut", "It is shut.", "Come again.", status=403)


def request() -> Any:
    """A request of a service that has started; it is noon there."""
    workshop = SimpleNamespace(reference="lists", clock=SimpleNamespace(now=lambda: "noon"))
    app = SimpleNamespace(state=SimpleNamespace(workshop=workshop))
    return SimpleNamespace(app=app, scope={"route": SimpleNamespace(name="bake")})


def who(org: str, *roles: str) -> Principal:
    return Principal("ada", frozenset(roles), org, "CH")


def acting(door: Door, principal: Principal, *roles: str) -> str:
    return door.acting(request(), principal, roles)


@pytest.mark.parametrize(
    ("org", "roles", "taken"),
    [
        ("bakery:A", ("baker",), "baker"),
        ("mill:A", ("baker", "miller"), "miller"),
        ("bakery:A", ("baker", "miller"), "baker"),
        ("mill:A", ("guest",), "guest"),  # a role that the table does not name
    ],
)
def test_the_first_role_that_fits_the_organisation_is_taken(org: str, roles: tuple[str, ...], taken: str) -> None:
    assert acting(Door(KINDS), who(org, *roles), "baker", "miller", "guest") == taken


@pytest.mark.parametrize("org", ["mill:A", "shop:A", "bakeryx:A"])
def test_a_role_of_another_kind_of_organisation_opens_nothing(org: str) -> None:
    with pytest.raises(Problem) as raised:
        acting(Door(KINDS), who(org, "baker"), "baker")
    assert (raised.value.status, raised.value.code) == (403, "role_elsewhere")
    assert "bakery" in raised.value.detail


def test_a_missing_role_is_said_before_anything_of_the_organisation() -> None:
    with pytest.raises(Problem) as raised:
        acting(Door(KINDS, lambda *_: SHUT), who("shop:A", "miller"), "baker")
    assert raised.value.code == "role_required"


def test_nobody_acts_for_an_organisation_that_is_shut() -> None:
    asked: list[Any] = []

    def shut(*circumstances: Any) -> Refused | None:
        asked.append(circumstances)
        return SHUT if circumstances[0].org == "bakery:B" else None

    assert acting(Door(KINDS, shut), who("bakery:A", "baker"), "baker") == "baker"
    with pytest.raises(Problem) as raised:
        acting(Door(KINDS, shut), who("bakery:B", "baker"), "baker")
    assert (raised.value.status, raised.value.code) == (403, "shut")
    visits = [Visit("bakery:A", "bake", "CH"), Visit("bakery:B", "bake", "CH")]
    assert asked == [(visit, "lists", "noon") for visit in visits]
