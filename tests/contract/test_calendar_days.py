"""The shipped calendars say what happened: the days that 14 countries announced for 2025 and 2026.

What is expected here was written down from laws, gazettes and newspapers, not from the library or the code; the sources
stand beside each day in `schemas/reference/calendar_days.v1.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from chassis.pure import calendar_days
from chassis.pure.reference import DIRECTORY
from vocabulary.countries import TIME_ZONES, WORKING_DAYS

ROWS = calendar_days.read(DIRECTORY)
RULES = calendar_days.rules(DIRECTORY)
DAYS = WORKING_DAYS.over(ROWS, calendar_days.weekends(DIRECTORY), RULES)

ANNOUNCED: dict[str, str] = {
    "AF": "2026-03-19 2026-03-20 2026-03-21 +2026-03-22",
    "AL": "2025-01-03 2025-12-26",
    "AL-11": "2025-01-03 2025-05-15 2025-05-16 2025-12-26",
    "EG": "2025-03-31 2025-04-01 2025-06-05 2025-06-09 2026-03-19 2026-03-22 2026-03-23",
    "GH": "+2025-07-01 2025-07-04 +2026-01-07 2026-01-09 2026-03-23 +2026-07-01 2026-07-03 2026-12-28",
    "GM": "+2025-07-22 +2025-09-04 2025-09-05 +2026-07-22",
    "IQ": "2025-03-30 2025-04-03 +2025-06-05 2025-06-09 2025-06-10 2025-07-06 2025-08-14 2025-11-11 "
    "2025-11-12 2025-12-10",
    "IQ-BG": "2025-01-26 2025-11-11 2026-01-15",
    "IQ-AR": "2025-01-02 2025-03-05 2025-03-30 2025-04-03 +2025-07-06 2025-07-14 2025-12-25 2025-12-31 2026-03-05 "
    "2026-03-11 2026-03-12 2026-03-16 2026-04-01 2026-04-09 2026-04-16 +2026-05-26 2026-05-27 2026-07-14",
    "MA": "2025-03-31 2025-04-01 +2025-06-06 2025-06-09 +2025-06-26 2025-06-27 +2025-09-04 2025-09-05 2026-03-20 "
    "2026-03-23 2026-08-25 2026-08-26",
    "NG-LA": "2025-08-20",
    "PK": "2026-03-13 2026-03-27 2026-04-03",
    "PK-PB": "2026-02-04 2026-02-06 2026-03-19 2026-03-20",
    "SN": "2025-03-31 +2025-06-06 +2025-08-12 2025-08-13 +2025-09-04 2025-09-05 2026-01-19 +2026-03-20",
    "TN": "+2025-01-14 2025-03-31 2025-04-01 +2025-06-05 2025-06-06 2025-12-17 +2026-01-14 2026-03-20 +2026-05-29 "
    "2026-12-17",
    "XK": "2025-03-31",
    "DE": "2025-10-03 2026-05-14 +2025-05-08 +2025-08-15",
    "DE-BE": "2025-05-08 +2026-05-08",
    "DE-BB": "+2025-05-08 2025-10-31",
    "DE-BY": "2025-06-19 +2025-08-08 2026-01-06",
    "DE-SL": "2025-08-15",
    "DE-SN": "2025-11-19 +2025-06-19",
    "RS": "+2025-01-06 +2025-01-08 2025-02-17 2025-04-18 2025-04-21 2025-05-02 +2025-05-09 2025-11-11 +2025-12-25 "
    "2026-01-07 +2026-01-08 2026-02-17 2026-04-10 2026-04-13 +2026-05-04 2026-11-11",
}
"""Per place the days on which its offices were closed, or against the library's word open (+)."""


@pytest.mark.parametrize(
    ("place", "start", "end"),
    [
        ("TN", "2026-05-25", "2026-05-26"),
        ("TN", "2026-12-16", "2026-12-18"),
        ("GH", "2026-12-24", "2026-12-29"),
        ("EG", "2026-03-18", "2026-03-24"),
        ("IQ-AR", "2025-03-27", "2025-04-06"),
        ("IQ-SU", "2025-03-27", "2025-04-06"),
        ("IQ-DA", "2025-03-27", "2025-04-06"),
        ("MA", "2025-06-05", "2025-06-06"),
        ("MA", "2025-03-28", "2025-04-02"),
        ("SN", "2025-08-11", "2025-08-12"),
        ("GM", "2026-07-21", "2026-07-22"),
        ("DE-BY", "2026-06-03", "2026-06-05"),
        ("DE-BE", "2026-06-03", "2026-06-04"),
        ("TN", "2027-01-13", "2027-01-14"),
    ],
)
def test_one_working_day_later(place: str, start: str, end: str) -> None:
    assert DAYS.add_working_days(place, date.fromisoformat(start), 1).isoformat() == end


def test_christmas_is_a_holiday_in_erbil() -> None:
    assert DAYS.add_working_days("IQ-AR", date(2025, 12, 24), 1) != date(2025, 12, 25)


def announced() -> Iterator[tuple[str, date, bool]]:
    for place, days in ANNOUNCED.items():
        for day in days.split():
            yield place, date.fromisoformat(day.removeprefix("+")), day.startswith("+")


def test_every_country_has_days_here() -> None:
    assert {place[:2] for place in ANNOUNCED} == set(TIME_ZONES)


@pytest.mark.parametrize(("place", "day", "is_open"), list(announced()))
def test_the_days_of_2025_and_2026_are_as_they_were_announced(place: str, day: date, is_open: bool) -> None:
    found = DAYS.day(place, day)
    assert (found.open, found.estimated) == (is_open, False), found


def test_what_was_announced_names_its_source_and_what_was_not_says_what_the_estimate_rests_on() -> None:
    for row in ROWS:
        assert row.source.startswith("Estimate: ") == (row.certainty == "estimated"), (row.place, row.day)
        assert row.announced_on is None or row.announced_on <= date(2026, 11, 29), (row.place, row.day)


@pytest.mark.parametrize(
    ("place", "day", "is_open"),
    [
        ("RS", "2026-01-06", True),  # the government recommended a day off, and each employer decided
        ("DE-BY", "2025-08-15", False),  # a holiday in five of six municipalities
        ("DE-BY", "2028-08-15", False),
    ],
)
def test_a_day_that_some_offices_of_a_place_keep_and_others_do_not_is_an_estimate(
    place: str, day: str, is_open: bool
) -> None:
    found = DAYS.day(place, date.fromisoformat(day))
    assert (found.open, found.estimated, found.source.partition(":")[0]) == (is_open, True, "Estimate")


def test_what_was_looked_for_in_germany_and_serbia_is_told_where_the_lists_are_explained() -> None:
    """They have announced next to nothing, and a list says nothing of what is not in it."""
    page = (DIRECTORY / "README.md").read_text(encoding="utf-8")
    assert {row.place for row in ROWS if row.place[:2] in {"DE", "RS"}} == {"DE-BE", "RS"}
    for said in ("8 August", "15 August", "6 January 2026", "Article 3a"):
        assert said in page


def test_where_the_lists_of_punjab_and_of_the_federation_differ_the_days_are_estimates() -> None:
    """Punjab's of January has 27 to 29 May, the federation's of May 26 to 28."""
    days = [DAYS.day("PK-PB", date(2026, 5, day)) for day in (26, 27, 28, 29)]
    assert [(each.open, each.estimated) for each in days] == [
        (False, True),
        (False, False),
        (False, False),
        (False, True),
    ]
    assert not DAYS.day("PK", date(2026, 5, 26)).estimated


def test_one_rule_says_that_afghanistan_works_on_saturdays_and_that_this_is_an_estimate() -> None:
    """99 rows said so of 2025 and 2026, day by day, and nothing of 2027."""
    assert [row.day for row in ROWS if row.place == "AF" and "Saturday" in row.name] == []
    saturdays = [date(2025, 1, 4), date(2026, 12, 26), date(2027, 1, 2), date(2028, 1, 1)]
    assert [DAYS.day("AF", day)[:3] for day in saturdays] == [(True, "Saturday is a working day", True)] * 4
    assert DAYS.day("AF", date(2025, 1, 4)).source.startswith("Estimate: ")
    assert not DAYS.is_working_day("AF", date(2026, 12, 25)), "a Friday"
    assert DAYS.day("AF", date(2024, 12, 28)).reason == "weekend", "nobody has looked at the years before"


@pytest.mark.parametrize("day", ["2025-02-15", "2025-03-01", "2025-06-07", "2026-03-21", "2026-08-15"])
def test_a_holiday_on_a_saturday_is_none_the_less_one(day: str) -> None:
    assert not DAYS.is_working_day("AF", date.fromisoformat(day))


@pytest.mark.parametrize(
    ("place", "day", "is_open", "estimated"),
    [
        ("TN", "2029-01-15", True, False),  # 14 January 2029 is a Sunday
        ("TN", "2030-01-14", True, False),
        ("TN", "2029-12-17", False, False),
        ("TN", "2030-12-17", False, False),
        ("TN", "2020-01-14", False, False),  # the decree is of December 2021
        ("GM", "2029-07-23", True, False),  # the library's day in lieu of Sunday 22 July
        ("GM", "2031-07-22", True, False),
        ("IQ", "2027-01-06", False, False),
        ("IQ-AR", "2027-01-06", True, True),
        ("IQ-SU", "2028-01-06", True, True),
        ("IQ-AR", "2027-03-11", False, True),
        ("IQ-AR", "2027-03-22", False, True),
        ("IQ-AR", "2027-12-30", False, True),
        ("IQ", "2027-12-30", True, False),
        ("IQ-AR", "2027-10-04", True, True),  # no KRG calendar of 2027 yet
        ("IQ-AR", "2027-01-08", False, False),  # a Friday
        ("IQ", "2029-12-10", False, True),
        ("IQ-KR", "2029-12-10", True, True),
        ("NG-LA", "2027-08-20", False, True),
        ("NG-ED", "2027-08-20", True, False),
        ("XK", "2029-11-28", False, True),
    ],
)
def test_what_recurs_each_year_recurs_in_years_that_nobody_has_written_down(
    place: str, day: str, is_open: bool, estimated: bool
) -> None:
    found = DAYS.day(place, date.fromisoformat(day))
    assert (found.open, found.estimated) == (is_open, estimated), found


def test_erbil_works_on_the_day_of_baghdads_army_and_says_that_its_calendar_of_2027_is_not_out() -> None:
    start = datetime(2027, 1, 5, 8, tzinfo=UTC)
    due = DAYS.due_at("IQ-AR", start, 1)
    assert due == datetime(2027, 1, 6, 20, 59, 59, tzinfo=UTC)
    assert DAYS.rests_on_estimate("IQ-AR", start, due)
    before = datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert not DAYS.rests_on_estimate("IQ-AR", before, DAYS.due_at("IQ-AR", before, 1))


def test_each_rule_says_what_the_days_below_it_do_not_and_what_it_rests_on() -> None:
    bare = WORKING_DAYS.over(())
    for rule in RULES:
        assert rule.source.startswith("Estimate: ") == (rule.certainty == "estimated"), rule
        days = [date(year, *map(int, rule.month_day.split("-"))) for year in range(rule.valid_from.year + 1, 2040)]
        without = bare.over((), (), [each for each in RULES if each != rule])
        assert any(without.day(rule.place, day).open == (rule.status == "closed") for day in days), rule
