"""Every operation that lets centres in, asked by one of a suspended country: `suspended.md` says what is left to it.

The country is suspended by the switch, as every process lays it over its lists, or by the list of countries alone.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.access.tables import KINDS_OF_ROLES, ROLES, operations, rows
from tests.access.test_operations import ASKED, KINDS, answered, app
from vocabulary.switch import over

CLOSED = (403, "access_suspended")
TUNIS, KABUL, LAGOS = "centre:TN-TUN", "centre:AF-KBL", "centre:NG-LOS"
LEFT = {(cells[0], cells[1].strip("`")) for heading, cells in rows("suspended.md") if heading.startswith("Left")}
CENTRE = KINDS_OF_ROLES["centre"]
OF_CENTRES = [
    (service, operation)
    for service, operation in ASKED
    if any(KINDS.get(who) == "centre" for who in operations(service)[operation])
]


@pytest.fixture(autouse=True)
def suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch of Tunisia is off, in every process."""
    for service in {service for service, _ in ASKED}:
        workshop: Any = app(service).state.workshop
        switched = over(workshop.reference, [SimpleNamespace(country="TN", status="suspended")])
        monkeypatch.setattr(workshop, "reference", switched)


def test_the_page_names_operations_that_there_are() -> None:
    assert len(LEFT) == 7
    assert set(OF_CENTRES) >= LEFT


@pytest.mark.parametrize("centre", [TUNIS, KABUL])
@pytest.mark.parametrize(("service", "operation"), OF_CENTRES)
def test_a_centre_of_a_suspended_country_is_let_in_by_the_page_and_nowhere_else(
    service: str, operation: str, centre: str
) -> None:
    found = answered(service, operation, CENTRE, centre)
    assert (found != CLOSED) is ((service, operation) in LEFT), found


@pytest.mark.parametrize(("service", "operation"), OF_CENTRES)
def test_a_centre_of_another_country_goes_on(service: str, operation: str) -> None:
    assert answered(service, operation, CENTRE, LAGOS) != CLOSED


@pytest.mark.parametrize(("service", "operation"), ASKED)
@pytest.mark.parametrize("org", ["scouts:bavaria", "provider:TRADE-PAINT", "programme:desk"])
def test_nobody_in_germany_is_shut_out(service: str, operation: str, org: str) -> None:
    assert answered(service, operation, [*ROLES.values()], org) != CLOSED
