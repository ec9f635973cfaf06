"""The switch per country over the list of countries, and the table of what stays open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Decision
from chassis.pure.reference import DIRECTORY, CodeList
from tests.support.memory import MemoryService
from tests.support.services import ALL, routes
from vocabulary.reference import Country
from vocabulary.switch import STAYS_OPEN, CountryStatus, id_of, over, status_on

TODAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Lists:
    """A service's, with one more that the switch must leave alone."""

    countries: CodeList[Country]
    other: str = "as it was"


LISTS = Lists(
    CodeList(
        "countries",
        Country,
        [
            Country("AF", "active", date(2017, 7, 1), date(2021, 8, 14)),
            Country("AF", "suspended", date(2021, 8, 15)),
            Country("GM", "no_centre", date(2017, 7, 1)),
            Country("NG", "active", date(2017, 7, 1)),
        ],
    )
)


def said(country: str, status: str) -> CountryStatus:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return CountryStatus(id_of(country), country, status, "security", now)  # type: ignore[arg-type]


def codes(countries: CodeList[Country]) -> set[str]:
    return {row.code for row in countries}


def suspended(*standing: CountryStatus) -> set[str]:
    lists = over(LISTS, standing)
    assert lists.other == "as it was"
    return {code for code in codes(lists.countries) if status_on(lists.countries, code, TODAY) == "suspended"}


def test_the_switch_suspends_what_it_names_and_nothing_else() -> None:
    assert suspended() == {"AF"}
    assert suspended(said("NG", "suspended")) == {"AF", "NG"}
    assert suspended(said("NG", "suspended"), said("GM", "suspended")) == {"AF", "GM", "NG"}


def test_the_switch_lifts_what_it_has_suspended_and_no_suspension_of_the_list() -> None:
    lists = over(LISTS, [said("NG", "active"), said("AF", "active")])
    assert {code for code in codes(lists.countries) if status_on(lists.countries, code, TODAY) == "suspended"} == {"AF"}
    found = lists.countries.get("NG", on=TODAY)
    assert found is not None
    assert found.status == "active"


def test_a_country_that_is_suspended_is_still_one_of_the_programme() -> None:
    lists = over(LISTS, [said("GM", "suspended")])
    assert codes(lists.countries) == {"AF", "GM", "NG"}
    assert lists.countries.get("GM", on=date(2017, 6, 30)) is None


def test_the_id_of_a_country_is_the_same_for_ever() -> None:
    """It is the key of the topic: another one would begin the country's numbers anew."""
    assert id_of("NG") == UUID("df326ebb-9fa4-56a7-89bb-00363c037615")
    assert id_of("XK") == UUID("c5101c25-617b-5ab9-936d-64fe10967a81")


def test_each_operation_that_stays_open_is_one_route_of_one_service() -> None:
    names = [route.name for service in ALL for _, route in routes(service)]
    assert [names.count(name) for name in STAYS_OPEN] == [1] * len(STAYS_OPEN)
    assert all(why.startswith(("hands over: ", "safety: ")) for why in STAYS_OPEN.values())


def test_nothing_that_stays_open_reads() -> None:
    methods = {route.name: method for service in ALL for method, route in routes(service)}
    assert {methods[name] for name in STAYS_OPEN} == {"POST"}


def test_the_page_of_the_domain_has_the_same_table() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "domain.md").read_text(encoding="utf-8")
    part = page.partition("### What stays open in a suspended country")[2].partition("\n## ")[0]
    told = {name: why.partition(" (`")[0] for name, why in re.findall(r"^\| `(\w+)` \| (.+) \|$", part, re.MULTILINE)}
    assert told == STAYS_OPEN


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_every_service_lays_it_over_its_countries(service: object) -> None:
    assert service.standing is not None  # type: ignore[attr-defined]
    assert service.shut is not None  # type: ignore[attr-defined]


READERS = [service for service in ALL if service.name != "referral"]


@pytest.mark.parametrize("service", READERS, ids=lambda service: str(service.name))
def test_a_reader_keeps_what_was_said_last_of_each_country(service: Any) -> None:
    [contract] = [each for each in service.consumers if each.__name__ == "CountrySwitched"]
    assert (contract.topic, contract.type) == ("ph.reference.v1", "ph.referral.CountrySwitched.v1")
    lists = service.load_reference(DIRECTORY)
    memory = MemoryService(service.kinds, service.commands, service.consumers, service.deadlines, lists)

    def hears(country: str, switch: str) -> set[str]:
        known = {"country_id": id_of(country), "country": country, "reason": "security", "effective_at": memory.now}
        told = contract(**known, switch=switch)
        assert isinstance(memory.event(told), Decision)
        countries = service.standing.over(lists, memory.all(service.standing.state)).countries
        return {code for code in codes(countries) if status_on(countries, code, TODAY) == "suspended"} - {"AF"}

    assert hears("NG", "suspended") == {"NG"}
    assert hears("GH", "suspended") == {"NG", "GH"}
    assert hears("NG", "suspended") == {"NG", "GH"}
    assert hears("NG", "as_listed") == {"GH"}
    assert hears("TN", "of_tomorrow") == {"GH", "TN"}, "nobody is sent where a code is not known"
    assert memory.events == []
    assert [each.status for each in memory.all(CountryStatus)].count("active") == 1
