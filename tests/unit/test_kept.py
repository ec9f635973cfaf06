"""Whatever a service keeps of a case ends by a term: a table that no term reaches would keep a person for ever."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import pytest

from chassis.pure.retention import Kept, TermOver
from chassis.pure.states import Kind
from tests.support.services import ALL

ENDLESS: Final = {
    ("counselling", "CountryStatus"): "of a country",
    ("placement", "CountryStatus"): "of a country",
    ("journey", "CountryStatus"): "of a country",
    ("journey", "Reader"): "of a service",
    ("journey", "Handled"): "of a service: places and times, swept when the topics have forgotten them",
    ("journey", "Mishap"): "of a service: a place, codes and times, swept when the topics have forgotten them",
    ("training", "CountryStatus"): "of a country",
    ("referral", "CountrySwitch"): "of a country",
    ("placement", "Employer"): "of an employer",
    (
        "referral",
        "Elsewhere",
    ): "that a centre has opened the case, and which; a reference that tells nothing of anybody",
}
"""Kinds of state that no term ends, and why."""


def _ended(service: Any) -> set[type[Any]]:
    """What the handlers of its terms ask for, to end it."""
    return {
        need.state
        for each in service.keeps
        if isinstance(each, Kept)
        for need in each.handler.needs(TermOver(each.kind, UUID(int=1)))
    }


@pytest.mark.parametrize(
    ("service", "kind"),
    [pytest.param(each, kind, id=f"{each.name}-{kind.table}") for each in ALL for kind in each.kinds],
)
def test_every_kind_of_state_ends_by_a_term_or_says_why_not(service: Any, kind: Kind[Any]) -> None:
    endless = (service.name, kind.state.__name__) in ENDLESS
    assert (kind.state in _ended(service)) is not endless
