"""The shipped reference data is whole: every file, every column, and what one file says about another."""

from __future__ import annotations

import csv
import dataclasses
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest

from chassis.pure.reference import DIRECTORY, CodeList
from tests.contract.reference_rows import FILES, reference
from vocabulary.countries import TIME_ZONES
from vocabulary.regions import REGIONS
from vocabulary.terms import MeasureCategory, Priority

EXPANSION = date(2019, 6, 1)
TODAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def data() -> dict[str, CodeList[Any]]:
    return reference(DIRECTORY)


def test_every_file_is_described_and_every_described_file_is_there() -> None:
    assert {path.name for path in DIRECTORY.glob("*.csv")} == {f"{name}.v1.csv" for name in FILES}


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_column_is_checked(name: str) -> None:
    header = next(csv.reader((DIRECTORY / f"{name}.v1.csv").open(encoding="utf-8")))
    counted = header.pop() if getattr(FILES[name], "COUNTED", False) else "rows=0"
    assert counted.startswith("rows=")
    assert set(header) == {field.name for field in dataclasses.fields(FILES[name])}


def test_there_are_thirteen_countries_each_with_a_calendar(data: dict[str, CodeList[Any]]) -> None:
    countries = {row.code for row in data["countries"]}
    assert len(countries) == 13
    assert countries | {"DE"} == set(TIME_ZONES)


def test_only_kosovo_has_a_code_outside_iso_3166(data: dict[str, CodeList[Any]]) -> None:
    assert {row.code for row in data["countries"] if row.code_scheme == "user_assigned"} == {"XK"}


def test_periods_of_a_country_leave_no_gap(data: dict[str, CodeList[Any]]) -> None:
    for code in {row.code for row in data["countries"]}:
        rows = [row for row in data["countries"] if row.code == code]
        assert rows[0].valid_from == date(2017, 7, 1)
        assert rows[-1].valid_to is None
        for before, after in pairwise(rows):
            assert (after.valid_from - before.valid_to).days == 1


@pytest.mark.parametrize(
    ("day", "centres", "countries"),
    [(date(2019, 5, 15), 10, 10), (EXPANSION, 14, 12), (TODAY, 14, 12)],
)
def test_centres_are_ten_in_2019_and_fourteen_in_twelve_countries_later(
    data: dict[str, CodeList[Any]], day: date, centres: int, countries: int
) -> None:
    open_ = data["centres"].on(day)
    assert len(open_) == centres
    assert len({row.country for row in open_}) == countries


def test_a_country_is_active_when_it_has_a_centre_that_takes_people(data: dict[str, CodeList[Any]]) -> None:
    for day in (date(2017, 7, 1), date(2019, 5, 31), EXPANSION, TODAY):
        with_centre = {row.country for row in data["centres"].on(day)}
        for code in {row.code for row in data["countries"]}:
            status = data["countries"].get(code, on=day).status  # type: ignore[union-attr]
            assert (status in ("active", "suspended")) == (code in with_centre), (code, day)


def test_afghanistan_is_suspended_from_august_2021(data: dict[str, CodeList[Any]]) -> None:
    countries = data["countries"]
    assert countries.get("AF", on=date(2021, 8, 14)).status == "active"  # type: ignore[union-attr]
    assert countries.get("AF", on=date(2021, 8, 15)).status == "suspended"  # type: ignore[union-attr]


@pytest.mark.parametrize("day", [date(2017, 7, 1), date(2019, 5, 31), EXPANSION, TODAY])
def test_every_country_is_routed_to_an_open_centre_of_its_own_or_has_a_fallback(
    data: dict[str, CodeList[Any]], day: date
) -> None:
    centres = data["centres"].on(day)
    for code in {row.code for row in data["countries"]}:
        status = data["countries"].get(code, on=day).status  # type: ignore[union-attr]
        everywhere = data["catchments"].get((code, "*"), on=day)
        assert (everywhere is None) == (status == "no_centre"), code
        assert (data["fallbacks"].get(code, on=day) is not None) == (status == "no_centre"), code
    for row in data["catchments"].on(day):
        assert row.centre in centres
        assert centres.get(row.centre).country == row.country  # type: ignore[union-attr]
        assert row.admin1 == "*" or row.admin1.startswith(f"{row.country}-")


def test_a_fallback_by_a_centre_names_an_open_centre(data: dict[str, CodeList[Any]]) -> None:
    for row in data["fallbacks"]:
        assert row.desk.startswith("programme:") or row.desk in data["centres"].on(row.valid_from)


def test_nigeria_and_iraq_are_routed_by_state(data: dict[str, CodeList[Any]]) -> None:
    catchments = data["catchments"]
    assert catchments.get(("NG", "NG-DE"), on=TODAY).centre == "centre:NG-EDO"  # type: ignore[union-attr]
    assert catchments.get(("NG", "*"), on=TODAY).centre == "centre:NG-LOS"  # type: ignore[union-attr]
    assert catchments.get(("IQ", "IQ-DA"), on=TODAY).centre == "centre:IQ-EBL"  # type: ignore[union-attr]
    assert catchments.get(("IQ", "*"), on=TODAY).centre == "centre:IQ-BGW"  # type: ignore[union-attr]


def test_every_region_is_a_code_of_iso_3166_2_that_is_in_force(data: dict[str, CodeList[Any]]) -> None:
    told = {row.admin1 for name in ("centres", "catchments", "providers") for row in data[name]} - {None, "*"}
    assert sorted(told - set(REGIONS)) == []
    assert len(told) > 15


def test_the_occupations_are_the_436_unit_groups(data: dict[str, CodeList[Any]]) -> None:
    assert len(data["isco08"]) == 436


def test_the_closed_lists_of_the_code_are_those_of_the_files(data: dict[str, CodeList[Any]]) -> None:
    assert {row.code for row in data["measure_categories"]} == set(get_args(MeasureCategory))
    assert {row.priority for row in data["priority_limits"]} == set(get_args(Priority))


def test_every_priority_has_three_levels(data: dict[str, CodeList[Any]]) -> None:
    limits = data["priority_limits"]
    assert {(row.priority, row.level) for row in limits} == {
        (priority, level) for priority in get_args(Priority) for level in (1, 2, 3)
    }
    first = {priority: limits.get((priority, 1)) for priority in get_args(Priority)}
    assert [(row.amount, row.unit) for row in first.values() if row] == [
        (24, "hours"),
        (72, "hours"),
        (5, "working_days"),
    ]


def test_there_is_a_provider_for_every_trade(data: dict[str, CodeList[Any]]) -> None:
    assert {trade for row in data["providers"] for trade in row.trades} == {row.code for row in data["trades"]}


def test_health_related_codes_are_marked(data: dict[str, CodeList[Any]]) -> None:
    assert {row.code for row in data["needs"] if row.special_category} == {"health", "psychosocial"}
    marked = {row.code for row in data["assistance_codes"] if row.special_category}
    assert marked == {"medical", "psychosocial_session"}


def test_reasons_that_travel_tell_nothing_about_health() -> None:
    for path in Path(DIRECTORY).glob("*_reasons.v1.csv"):
        codes = [row["code"] for row in csv.DictReader(path.open(encoding="utf-8"))]
        assert not [code for code in codes if any(word in code for word in ("health", "medical", "pregnan", "ill"))]
