"""The file of announced days: taken while a process runs, and refused without harm if it is wrong."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from chassis.pure.calendar import NO_CALENDAR, Day, UnknownCalendar, WorkingDays
from chassis.pure.decision import Counted
from chassis.pure.reference import InvalidReference
from chassis.work.calendar import Calendar

HEADER = "place,day,status,name,certainty,announced_on,source"
WEEKEND_HEADER = "place,free,valid_from,valid_to,certainty,source"
RULE_HEADER = "place,month_day,status,name,valid_from,valid_to,certainty,source"
ROWS = [f"CH,2026-05-{day:02},closed,Day {day},announced,2026-03-02,Gazette 7" for day in range(4, 9)]
MOURNING = "CH,2026-03-03,closed,Day of mourning,announced,2026-03-02,Gazette 7"
TUESDAY = date(2026, 3, 3)
ZURICH = WorkingDays({"CH": "Europe/Zurich"})
MONDAY_NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)


def write(folder: Path, *rows: str) -> None:
    (folder / "calendar_days.v1.csv").write_text(counted(HEADER, *rows), encoding="utf-8")
    if not (folder / "weekends.v1.csv").exists():
        weekends(folder)
        rules(folder)


def weekends(folder: Path, *rows: str) -> None:
    (folder / "weekends.v1.csv").write_text(counted(WEEKEND_HEADER, *rows), encoding="utf-8")


def rules(folder: Path, *rows: str) -> None:
    (folder / "calendar_rules.v1.csv").write_text(counted(RULE_HEADER, *rows), encoding="utf-8")


def counted(header: str, *rows: str) -> str:
    """A file as it is delivered: its header says how many rows it has."""
    lines = [line for row in rows for line in row.splitlines()]
    return "\n".join((f"{header},rows={len(lines)}", *(f"{line}," for line in lines), ""))


@pytest.fixture
def calendar(tmp_path: Path) -> Calendar:
    write(tmp_path)
    return Calendar.of(ZURICH, tmp_path)


def test_a_day_that_is_announced_counts_without_a_restart(calendar: Calendar, tmp_path: Path) -> None:
    assert not calendar.renew()
    assert calendar.days.is_working_day("CH", TUESDAY)
    write(tmp_path, MOURNING)
    assert calendar.renew()
    assert not calendar.renew(), "once"
    assert not calendar.days.is_working_day("CH", TUESDAY)
    write(tmp_path)
    assert calendar.renew()
    assert calendar.days.is_working_day("CH", TUESDAY)


def test_a_weekend_that_is_named_counts_without_a_restart_within_its_days(calendar: Calendar, tmp_path: Path) -> None:
    weekends(tmp_path, "CH,sun,2026-03-01,2026-03-31,law,Gazette 8", "CH,fri sat,2026-04-01,,estimated,Rumour")
    assert calendar.renew()
    saturday, friday = date(2026, 3, 7), date(2026, 4, 10)
    assert calendar.days.day("CH", saturday) == Day(True, "Saturday is a working day", False, "Gazette 8")
    assert calendar.days.day("CH", friday) == Day(False, "weekend", True, "Rumour")
    assert calendar.days.is_working_day("CH", date(2026, 4, 12)), "a Sunday"
    assert not calendar.days.is_working_day("CH", date(2026, 2, 28)), "a Saturday before"
    write(tmp_path, "CH,2026-03-07,closed,Day of mourning,announced,2026-03-02,Gazette 7")
    assert calendar.renew()
    assert not calendar.days.is_working_day("CH", saturday), "a row goes before a rule"
    weekends(tmp_path, "CH,funday,2026-03-01,,law,Gazette 9")
    assert not calendar.renew()


def test_a_rule_counts_without_a_restart_in_each_year_of_its_period(calendar: Calendar, tmp_path: Path) -> None:
    rules(
        tmp_path,
        "CH,03-03,closed,Day of the rule,2026-01-01,2027-12-31,law,Gazette 10",
        "CH,08-01,open,National Day,2026-01-01,,estimated,Rumour",
    )
    assert calendar.renew()
    for day, is_open in (("2025-03-03", True), ("2026-03-03", False), ("2027-03-03", False), ("2028-03-03", True)):
        assert calendar.days.is_working_day("CH", date.fromisoformat(day)) is is_open, day
    assert calendar.days.day("CH", TUESDAY) == Day(False, "Day of the rule", False, "Gazette 10")
    assert calendar.days.day("CH", date(2028, 8, 1)) == Day(True, "National Day is not kept", True, "Rumour")
    assert not calendar.days.is_working_day("CH", date(2027, 8, 1)), "a Sunday stays one"
    assert not calendar.days.is_working_day("CH", date(2025, 8, 1)), "the year before"
    write(tmp_path, MOURNING.replace("closed", "open"))
    assert calendar.renew()
    assert calendar.days.is_working_day("CH", TUESDAY), "a row goes before a rule"


def test_a_holiday_on_the_day_of_one_that_is_not_kept_is_kept(calendar: Calendar, tmp_path: Path) -> None:
    ascension = date(2035, 5, 3)
    assert not calendar.days.is_working_day("CH", ascension)
    rules(tmp_path, "CH,05-03,open,Labour Day,2026-01-01,,law,Gazette 11")
    assert calendar.renew()
    assert not calendar.days.is_working_day("CH", ascension)


@pytest.mark.parametrize(
    "wrong",
    [
        "CH,02-30,closed,Day of the rule,2026-01-01,,law,Gazette",
        "CH,3-3,closed,Day of the rule,2026-01-01,,law,Gazette",
        "CH,03-03,closed,Day of the rule,,,law,Gazette",
        "CH,03-03,closed,Day of the rule,2026-01-01,2025-01-01,law,Gazette",
        "CH,03-03,closed,One,2026-01-01,,law,Gazette\nCH,03-03,open,Two,2027-01-01,,law,Gazette",
        "FR,03-03,closed,Day of the rule,2026-01-01,,law,Gazette",
    ],
)
def test_a_rule_that_is_wrong_changes_nothing_and_stops_a_start(calendar: Calendar, tmp_path: Path, wrong: str) -> None:
    rules(tmp_path, wrong)
    assert not calendar.renew()
    assert calendar.days.is_working_day("CH", TUESDAY)
    with pytest.raises((InvalidReference, UnknownCalendar)):
        Calendar.of(ZURICH, tmp_path)


def test_a_region_with_days_of_its_own_has_estimates_only_where_it_has_announced_none(tmp_path: Path) -> None:
    days = WorkingDays({"CH": "Europe/Zurich"}, {"CH-ZH": "CH-BE"})
    write(tmp_path, MOURNING.replace("CH", "CH-BE"), "CH-BE,2027-03-03,closed,Guess,estimated,,Rumour")
    found = Calendar.of(days, tmp_path).days
    ordinary, next_year, weekend = date(2026, 9, 2), date(2027, 9, 1), date(2027, 9, 4)
    for place in ("CH-ZH", "CH-BE"):
        assert found.day(place, ordinary) == Day(True, "working day")
        assert found.day(place, next_year) == Day(True, "working day", estimated=True)
        assert found.day(place, weekend) == Day(False, "weekend")
    assert found.day("CH", next_year) == found.day("CH-LU", next_year) == Day(True, "working day")


@pytest.mark.parametrize(
    "wrong",
    [
        MOURNING.replace("closed", "shut"),
        MOURNING.replace("CH", "FR"),
        MOURNING.replace("2026-03-03", "1999-03-03"),
        MOURNING.replace("announced", "estimated", 1),
        MOURNING.replace("Gazette 7", ""),
        f"{MOURNING}\n{MOURNING}",
    ],
)
def test_a_file_that_is_wrong_changes_nothing_and_stops_a_start(calendar: Calendar, tmp_path: Path, wrong: str) -> None:
    write(tmp_path, MOURNING)
    calendar.renew()
    write(tmp_path, wrong)
    assert not calendar.renew()
    assert not calendar.days.is_working_day("CH", TUESDAY)
    with pytest.raises((InvalidReference, UnknownCalendar)):
        Calendar.of(ZURICH, tmp_path)
    write(tmp_path)
    assert calendar.renew()


def test_a_file_that_is_cut_off_anywhere_changes_nothing_and_stops_a_start(calendar: Calendar, tmp_path: Path) -> None:
    path = tmp_path / "calendar_days.v1.csv"
    write(tmp_path, *ROWS)
    assert calendar.renew()
    whole = path.read_bytes()
    days, taken = calendar.days, set()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        if calendar.renew():
            taken.add(size)
        with contextlib.suppress(InvalidReference, UnknownCalendar):
            Calendar.of(ZURICH, tmp_path)
            taken.add(size)
    assert taken == {len(whole) - 1}, "only the last line feed may be missing"
    assert days.day("CH", date(2026, 5, 8)) == calendar.days.day("CH", date(2026, 5, 8))


def test_a_row_that_nobody_has_counted_is_not_taken(calendar: Calendar, tmp_path: Path) -> None:
    path = tmp_path / "calendar_days.v1.csv"
    path.write_text(counted(HEADER, *ROWS) + MOURNING + ",\n", encoding="utf-8")
    assert not calendar.renew()
    with pytest.raises(InvalidReference, match="says 5 rows and 6 follow"):
        Calendar.of(ZURICH, tmp_path)
    path.write_text("\n".join((HEADER, *ROWS, "")), encoding="utf-8")
    with pytest.raises(InvalidReference, match="rows=NUMBER"):
        Calendar.of(ZURICH, tmp_path)


def test_a_row_for_a_place_that_there_is_not_is_not_taken(tmp_path: Path) -> None:
    days = WorkingDays({"CH": "Europe/Zurich"}, no_place=lambda place: "give CH-ZH" if place != "CH-ZH" else None)
    write(tmp_path, MOURNING.replace("CH", "CH-ZH"), MOURNING)
    calendar = Calendar.of(days, tmp_path)
    write(tmp_path, MOURNING.replace("CH", "CH-BE"))
    assert not calendar.renew()
    weekends(tmp_path, "CH-BE,sun,2026-03-01,2026-03-31,law,Gazette 8")
    write(tmp_path, MOURNING)
    with pytest.raises(UnknownCalendar, match="'CH-BE': give CH-ZH"):
        Calendar.of(days, tmp_path)


def test_a_file_that_is_gone_changes_nothing(calendar: Calendar, tmp_path: Path) -> None:
    write(tmp_path, MOURNING)
    calendar.renew()
    (tmp_path / "calendar_days.v1.csv").unlink()
    assert not calendar.renew()
    assert not calendar.days.is_working_day("CH", TUESDAY)


def test_who_counts_no_days_needs_no_file(tmp_path: Path) -> None:
    assert not Calendar.of(NO_CALENDAR, tmp_path).renew()


@pytest.mark.parametrize(
    ("told", "now", "moved"),
    [
        ("2026-03-04", "2026-03-02", "2026-03-05"),  # later
        ("2026-03-09", "2026-03-02", "2026-03-05"),  # earlier, and days ahead still
        ("2026-03-09", "2026-03-05", "2026-03-06"),  # earlier than now: the next working day
        ("2026-03-09", "2026-03-06", "2026-03-09"),  # which is the day that was told
        ("2026-03-08", "2026-03-06", "2026-03-08"),  # and is never later than that
    ],
)
def test_a_deadline_that_is_shortened_leaves_the_next_working_day(told: str, now: str, moved: str) -> None:
    counted = Counted("CH", MONDAY_NOON, 3)
    told_at = ZURICH.last_second_at("CH", date.fromisoformat(told))
    found = counted.moved(told_at, datetime.fromisoformat(f"{now}T12:00:00Z"), ZURICH)
    assert ZURICH.day_at("CH", found).isoformat() == moved
    assert found == ZURICH.last_second_at("CH", date.fromisoformat(moved))
