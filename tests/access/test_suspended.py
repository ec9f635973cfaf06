"""Every operation that lets centres in, asked by one of a suspended country: `suspended.md` says what is left to it.

The country is suspended by the switch, as every process lays it over its lists, or by the list of countries alone; or
the programme has left it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from chassis.pure.reference import CodeList
from tests.access.tables import KINDS_OF_ROLES, ROLES, operations, rows
from tests.access.test_operations import ASKED, KINDS, answered, app
from vocabulary.reference import Country
from vocabulary.switch import over

CLOSED = (403, "access_suspended")
TUNIS, KABUL, LAGOS = "centre:TN-TUN", "centre:AF-KBL", "centre:NG-LOS"
LEFT = {(cells[0], cells[1].strip("`")) for heading, cells in rows("suspended.md") if heading.startswith("Left")}
BY_STATUS = [cells for heading, cells in rows("suspended.md") if heading.startswith("By the status")]
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
    assert len(LEFT) == 10
    assert set(OF_CENTRES) >= LEFT
    assert len(BY_STATUS) == 5


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


@pytest.mark.parametrize(("status", "let_in", "refused"), BY_STATUS, ids=[cells[0] for cells in BY_STATUS])
@pytest.mark.parametrize(("service", "operation"), OF_CENTRES)
def test_a_centre_is_let_in_by_the_status_of_its_country(
    service: str, operation: str, status: str, let_in: str, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop: Any = app(service).state.workshop
    countries = workshop.reference.countries
    named: Any = status.strip("`")
    until = None if status.startswith("`") else date(2018, 1, 1)
    nigeria = Country("NG", named if until is None else "active", date(2017, 7, 1), until)
    rows_ = [*(row for row in countries if row.code != "NG"), nigeria]
    changed = replace(workshop.reference, countries=CodeList(countries.name, Country, rows_))
    monkeypatch.setattr(workshop, "reference", changed)
    found = answered(service, operation, CENTRE, LAGOS)
    if let_in == "everything" or (service, operation) in LEFT:
        assert found[1] not in {"access_suspended", "access_ended"}, found
    else:
        assert found == (403, refused.strip("`"))
