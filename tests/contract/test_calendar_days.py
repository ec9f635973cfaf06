"""The shipped calendars say what happened: the days that 14 countries announced for 2025 and 2026.

What is expected here was written down from laws, gazettes and newspapers, not from the library or the code; the sources
stand beside each day in `schemas/reference/calendar_days.v1.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from chassis.pure import calendar_days
from chassis.pure.reference import DIRECTORY
from vocabulary.countries import TIME_ZONES, WORKING_DAYS

ROWS = calendar_days.read(DIRECTORY)
DAYS = WORKING_DAYS.over(ROWS, calendar_days.weekends(DIRECTORY))

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
    "DE": "2025-10-03 2026-05-14",
    "RS": "2025-02-17 2026-11-11",
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
