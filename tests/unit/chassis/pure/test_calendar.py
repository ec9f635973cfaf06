"""Working days: weekends and holidays of each country, across years, and when something is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, reset_tzpath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.pure.calendar import Day, Library, UnknownCalendar, WorkingDays
from chassis.pure.calendar_days import CalendarDay
from chassis.pure.zones import UnknownZone, zone
from vocabulary.countries import TIME_ZONES, WORKING_DAYS, last_second_at

PLACES = sorted(TIME_ZONES)
PROGRAMME = set(PLACES) - {"DE"}
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


def test_the_thirteen_countries_and_germany_have_a_calendar_for_every_year() -> None:
    assert len(PROGRAMME) == 13
    for place in PLACES:
        for year in (2017, 2019, 2026, 2100):
            open_ = sum(WORKING_DAYS.is_working_day(place, date(year, 1, 1) + timedelta(days=n)) for n in range(365))
            assert 230 <= open_ <= 256, (place, year, open_)


@pytest.mark.parametrize(
    ("place", "rest"),
    [(place, {FRIDAY, SATURDAY} if place in ("AF", "EG", "IQ") else {SATURDAY, SUNDAY}) for place in PLACES],
)
def test_the_weekend_is_that_of_the_country(place: str, rest: set[int]) -> None:
    # Weekdays that are never worked on in a whole year.
    year = [date(2019, 1, 1) + timedelta(days=n) for n in range(365)]
    worked = {day.weekday() for day in year if WORKING_DAYS.is_working_day(place, day)}
    assert set(range(7)) - worked == rest


@pytest.mark.parametrize(
    ("place", "day", "what"),
    [
        ("NG", date(2019, 6, 4), "Eid al-Fitr"),
        ("EG", date(2019, 8, 11), "Eid al-Adha, a Sunday"),
        ("TN", date(2019, 6, 5), "Eid al-Fitr"),
        ("IQ", date(2019, 6, 5), "Eid al-Fitr"),
        ("AF", date(2019, 3, 21), "Nowruz"),
        ("PK", date(2019, 8, 14), "Independence Day"),
        ("GH", date(2019, 3, 6), "Independence Day"),
        ("SN", date(2019, 4, 4), "Independence Day"),
        ("GM", date(2019, 2, 18), "Independence Day"),
        ("MA", date(2019, 7, 30), "Throne Day"),
        ("XK", date(2020, 2, 17), "Independence Day"),
        ("RS", date(2019, 1, 7), "Orthodox Christmas"),
        ("AL", date(2019, 11, 28), "Independence Day"),
        ("DE", date(2019, 10, 3), "German Unity Day"),
    ],
)
def test_holidays_are_those_of_the_country(place: str, day: date, what: str) -> None:
    assert not WORKING_DAYS.is_working_day(place, day), what


def test_a_holiday_of_a_land_counts_only_there() -> None:
    all_saints = date(2019, 11, 1)
    assert WORKING_DAYS.is_working_day("DE", all_saints)
    assert not WORKING_DAYS.is_working_day("DE-BY", all_saints)
    assert WORKING_DAYS.is_working_day("DE-BE", all_saints)


def test_outside_germany_a_subdivision_counts_as_its_country() -> None:
    for day in (date(2019, 6, 4), date(2019, 6, 6)):
        assert WORKING_DAYS.is_working_day("NG-ED", day) == WORKING_DAYS.is_working_day("NG", day)


@pytest.mark.parametrize(
    ("place", "start", "count", "result"),
    [
        ("DE", date(2019, 3, 1), 1, date(2019, 3, 4)),  # Friday to Monday
        ("DE", date(2019, 3, 2), 1, date(2019, 3, 4)),  # Saturday to Monday
        ("DE", date(2019, 3, 2), 0, date(2019, 3, 2)),
        ("DE", date(2019, 3, 4), -1, date(2019, 3, 1)),
        ("DE", date(2019, 3, 3), -1, date(2019, 3, 1)),
        ("DE", date(2019, 12, 23), 3, date(2019, 12, 30)),  # over Christmas: 24th, 27th, 30th
        ("DE", date(2019, 12, 30), 2, date(2020, 1, 2)),  # over the turn of the year
        ("DE", date(2020, 1, 2), -2, date(2019, 12, 30)),
        ("DE", date(2020, 2, 28), 1, date(2020, 3, 2)),  # leap day is a Saturday
        ("EG", date(2024, 2, 28), 1, date(2024, 2, 29)),  # leap day is a Thursday, worked
        ("EG", date(2024, 2, 29), 1, date(2024, 3, 3)),  # Friday and Saturday are free
        ("EG", date(2019, 3, 7), 1, date(2019, 3, 10)),
        ("IQ", date(2019, 6, 2), 1, date(2019, 6, 3)),
        ("IQ", date(2019, 6, 3), 1, date(2019, 6, 9)),  # Eid from Tuesday to Thursday, then the weekend
    ],
)
def test_working_days_are_added(place: str, start: date, count: int, result: date) -> None:
    assert WORKING_DAYS.add_working_days(place, start, count) == result


@settings(max_examples=200)
@given(
    place=st.sampled_from(PLACES),
    start=st.dates(date(2018, 1, 1), date(2030, 12, 31)),
    count=st.integers(-60, 60),
)
def test_as_many_working_days_lie_between_as_were_added(place: str, start: date, count: int) -> None:
    end = WORKING_DAYS.add_working_days(place, start, count)
    passed = [start + timedelta(days) for days in range(1, (end - start).days + 1)]
    passed += [start - timedelta(days) for days in range(1, (start - end).days + 1)]
    assert sum(WORKING_DAYS.is_working_day(place, day) for day in passed) == abs(count)
    assert end == start if count == 0 else WORKING_DAYS.is_working_day(place, end)
    assert (end - start).days * count >= count**2


@pytest.mark.parametrize(
    ("place", "start", "count", "due"),
    [
        # Monday noon in Lagos (UTC+1): five days on is Monday, to its end.
        ("NG", "2019-03-04T11:00:00+00:00", 5, "2019-03-11T22:59:59+00:00"),
        # 23:30 UTC on Sunday is Monday in Lagos: Monday does not count.
        ("NG", "2019-03-03T23:30:00+00:00", 1, "2019-03-05T22:59:59+00:00"),
        # Thursday in Cairo (UTC+2): Sunday is the next working day.
        ("EG", "2019-03-07T08:00:00+00:00", 1, "2019-03-10T21:59:59+00:00"),
        # Four and a half hours ahead.
        ("AF", "2019-03-04T08:00:00+00:00", 1, "2019-03-05T19:29:59+00:00"),
        # Over the change to summer time in Berlin on 31 March.
        ("DE", "2019-03-29T12:00:00+00:00", 1, "2019-04-01T21:59:59+00:00"),
        # Thursday 31 October 2024 has the hour from 23:00 twice in Cairo: the day ends after the second.
        ("EG", "2024-10-30T12:00:00+00:00", 1, "2024-10-31T21:59:59+00:00"),
        # The Eid of June 2019 in Baghdad, then Friday and Saturday.
        ("IQ", "2019-06-03T12:00:00+00:00", 5, "2019-06-13T20:59:59+00:00"),
        # All Saints in Bavaria is a Friday.
        ("DE-BY", "2019-10-31T12:00:00+00:00", 1, "2019-11-04T22:59:59+00:00"),
        ("DE-BE", "2019-10-31T12:00:00+00:00", 1, "2019-11-01T22:59:59+00:00"),
        # Before a flight on Monday 11 November: All Saints is no working day in Bavaria.
        ("DE-BY", "2019-11-11T12:00:00+00:00", -6, "2019-10-31T22:59:59+00:00"),
        ("DE-BE", "2019-11-11T12:00:00+00:00", -6, "2019-11-01T22:59:59+00:00"),
    ],
)
def test_due_is_the_end_of_the_last_working_day_where_the_work_is_done(
    place: str, start: str, count: int, due: str
) -> None:
    found = WORKING_DAYS.due_at(place, datetime.fromisoformat(start), count)
    assert found == datetime.fromisoformat(due)
    assert found.tzinfo is UTC


def test_a_day_with_a_repeated_hour_ends_after_the_second() -> None:
    # Summer time ends in Cairo at midnight after the last Thursday of October: 23:00 to 24:00 comes twice.
    cairo = ZoneInfo("Africa/Cairo")
    due = WORKING_DAYS.due_at("EG", datetime(2024, 10, 30, 12, tzinfo=UTC), 1)
    assert due.astimezone(cairo) == datetime(2024, 10, 31, 23, 59, 59, tzinfo=cairo, fold=1)
    assert (due + timedelta(seconds=1)).astimezone(cairo).date() == date(2024, 11, 1)


def test_the_time_zone_files_of_the_system_do_not_count(tmp_path: Path) -> None:
    # Morocco is on UTC for good since 2026-09-20; a system's files of 2025 still have it an hour ahead.
    old = tmp_path / "Africa" / "Casablanca"
    old.parent.mkdir()
    old.write_bytes(resources.files("tzdata").joinpath("zoneinfo", "Etc", "GMT-1").read_bytes())
    reset_tzpath((str(tmp_path),))
    ZoneInfo.clear_cache()
    try:
        due = WorkingDays(TIME_ZONES).due_at("MA", datetime(2026, 11, 30, 23, 30, tzinfo=UTC), 1)
    finally:
        reset_tzpath()
        ZoneInfo.clear_cache()
    assert due == datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "Europe", "Nowhere/Town", "/etc/passwd", "../zones", "Europe/../Europe/Berlin"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone, match="correct the name"):
        zone(name)


def test_the_offset_in_which_the_start_is_given_does_not_matter() -> None:
    utc = datetime(2019, 3, 4, 11, tzinfo=UTC)
    elsewhere = utc.astimezone(timezone(timedelta(hours=-8)))
    assert WORKING_DAYS.due_at("NG", utc, 3) == WORKING_DAYS.due_at("NG", elsewhere, 3)


def test_an_escalation_counts_from_the_due_time_before_it() -> None:
    first = WORKING_DAYS.due_at("NG", datetime(2019, 3, 4, 11, tzinfo=UTC), 5)
    assert WORKING_DAYS.due_at("NG", first, 2) == datetime(2019, 3, 13, 22, 59, 59, tzinfo=UTC)


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="give a time with offset"):
        WORKING_DAYS.due_at("NG", datetime(2019, 3, 4), 5)  # noqa: DTZ001 - the case


def test_a_period_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="give 1 or more"):
        WORKING_DAYS.due_at("NG", datetime(2019, 3, 4, tzinfo=UTC), 0)


@pytest.mark.parametrize("place", ["FR", "", "D", "DEU", "de", "DE_BY", "ZZ-AA"])
def test_an_unknown_country_is_refused_with_the_known_ones(place: str) -> None:
    with pytest.raises(UnknownCalendar, match="use one of AF, AL, DE, EG"):
        WorkingDays(TIME_ZONES).is_working_day(place, date(2019, 3, 4))
    with pytest.raises(UnknownCalendar):
        WORKING_DAYS.time_zone(place)


def row(place: str, day: str, status: str, name: str, certainty: str = "announced") -> CalendarDay:
    return CalendarDay(place, date.fromisoformat(day), status, name, "Gazette 7", certainty, None)  # type: ignore[arg-type]


def test_what_was_announced_lies_over_what_the_library_computes() -> None:
    days = WORKING_DAYS.over(
        [row("NG", "2026-03-03", "closed", "Day of mourning"), row("NG", "2026-10-01", "open", "")]
    )
    assert days.day("NG", date(2026, 3, 3)) == Day(False, "Day of mourning", False, "Gazette 7")
    assert days.is_working_day("NG", date(2026, 10, 1)), "Independence Day"
    assert days.add_working_days("NG", date(2026, 3, 2), 1) == date(2026, 3, 4)
    assert WORKING_DAYS.is_working_day("NG", date(2026, 3, 3)), "what it lies over stays as it was"


def test_what_is_said_of_a_region_goes_before_what_is_said_of_its_country() -> None:
    days = WORKING_DAYS.over([row("NG", "2026-03-03", "closed", "National"), row("NG-LA", "2026-03-03", "open", "")])
    assert [days.is_working_day(place, date(2026, 3, 3)) for place in ("NG", "NG-ED", "NG-LA")] == [False, False, True]


def test_regions_that_keep_the_days_of_another_have_its_rows_and_may_have_their_own() -> None:
    days = WORKING_DAYS.over(
        [row("IQ-KR", "2026-03-03", "closed", "Regional"), row("IQ-SU", "2026-03-03", "open", "Local")]
    )
    shut = {place: not days.is_working_day(place, date(2026, 3, 3)) for place in ("IQ", "IQ-BG", "IQ-AR", "IQ-SU")}
    assert shut == {"IQ": False, "IQ-BG": False, "IQ-AR": True, "IQ-SU": False}


@pytest.mark.parametrize(
    ("place", "day", "expected"),
    [
        ("NG", date(2026, 3, 3), Day(True, "working day")),
        ("NG", date(2026, 3, 7), Day(False, "weekend")),
        ("NG", date(2026, 10, 1), Day(False, "National Day")),
        ("NG", date(2027, 3, 10), Day(False, "Eid al-Fitr", True)),
        ("AL", date(2027, 5, 17), Day(False, "Eid al-Adha (observed)", True)),
        ("SN", date(2027, 5, 17), Day(False, "Eid al-Adha (observed); Pentecost Monday")),
    ],
)
def test_a_day_has_a_reason_and_says_whether_it_is_an_estimate(place: str, day: date, expected: Day) -> None:
    assert WORKING_DAYS.day(place, day) == expected


@pytest.mark.parametrize(
    ("start", "end", "rests"),
    [
        ("2027-03-01", "2027-03-08", False),
        ("2027-03-01", "2027-03-09", True),  # the Eid of Wednesday may come on Tuesday
        ("2027-03-01", "2027-03-12", True),
        ("2027-03-12", "2027-03-15", False),
        ("2027-03-10", "2027-03-11", True),
    ],
)
def test_a_period_rests_on_an_estimate_in_it_or_beside_it(start: str, end: str, rests: bool) -> None:
    begin = datetime.fromisoformat(f"{start}T12:00:00Z")
    assert WORKING_DAYS.rests_on_estimate("NG", begin, last_second_at("NG", date.fromisoformat(end))) == rests


def test_hours_rest_on_no_calendar_and_the_last_day_of_all_has_no_day_beside_it() -> None:
    noon = datetime(2027, 3, 9, 12, tzinfo=UTC)
    assert not WORKING_DAYS.rests_on_estimate("NG", noon, noon + timedelta(days=1))
    last = last_second_at("NG", date(2100, 12, 31))
    assert not WORKING_DAYS.rests_on_estimate("NG", last - timedelta(days=1), last)


def test_a_period_that_begins_at_local_midnight_leaves_the_day_before_out() -> None:
    end, midnight = last_second_at("NG", date(2027, 3, 15)), datetime(2027, 3, 11, 23, tzinfo=UTC)
    assert WORKING_DAYS.rests_on_estimate("NG", midnight - timedelta(seconds=1), end)
    assert not WORKING_DAYS.rests_on_estimate("NG", midnight, end)


def test_a_period_that_was_asked_about_rests_on_no_estimate_once_its_days_are_announced() -> None:
    begin, end = datetime(2027, 3, 1, 12, tzinfo=UTC), last_second_at("NG", date(2027, 3, 12))
    assert WORKING_DAYS.rests_on_estimate("NG", begin, end)
    announced = [
        CalendarDay("NG", date(2027, 3, day), "closed", "Eid al-Fitr", "gazette", "announced", date(2027, 3, 8))
        for day in (10, 11)
    ]
    assert not WORKING_DAYS.over(announced).rests_on_estimate("NG", begin, end)
    assert WORKING_DAYS.rests_on_estimate("NG", begin, end)


def test_a_row_about_a_place_without_a_calendar_is_refused() -> None:
    for place in ("FR", "DE-XX"):
        with pytest.raises(UnknownCalendar, match="use"):
            WORKING_DAYS.over([row(place, "2026-03-03", "closed", "")])


def test_nobody_waits_for_a_calendar_that_was_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    days = WorkingDays(TIME_ZONES)
    days.prepare(2026)
    monkeypatch.setattr(Library, "load", lambda *_: pytest.fail("a calendar is computed while somebody waits"))
    for place in PLACES:
        days.due_at(place, datetime(2025, 1, 2, tzinfo=UTC), 5)
        days.due_at(place, datetime(2028, 11, 30, tzinfo=UTC), 5)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_remembered_of_a_due_time_is_what_is_counted(place: str) -> None:
    clock, start = WORKING_DAYS.time_zone(place), datetime(2026, 3, 27, tzinfo=UTC)
    for quarter in range(400):
        at = start + timedelta(minutes=15 * quarter, seconds=quarter)
        day = WORKING_DAYS.add_working_days(place, at.astimezone(clock).date(), 2)
        assert WORKING_DAYS.due_at(place, at, 2) == WORKING_DAYS.last_second_at(place, day)


def test_an_unknown_land_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownCalendar, match="use DE or one of DE-BB"):
        WORKING_DAYS.is_working_day("DE-XX", date(2019, 3, 4))


@pytest.mark.parametrize("year", [1900, 2016, 2101])
def test_a_year_outside_the_programme_is_refused(year: int) -> None:
    with pytest.raises(UnknownCalendar, match="give a day from 2017 to 2100"):
        WORKING_DAYS.is_working_day("NG", date(year, 3, 4))


def test_a_count_that_leads_out_of_the_calendar_is_refused() -> None:
    with pytest.raises(UnknownCalendar):
        WORKING_DAYS.add_working_days("NG", date(2100, 12, 1), 100)


def test_two_calendars_agree() -> None:
    fresh = WorkingDays(TIME_ZONES)
    for place in PLACES:
        for number in range(0, 400, 7):
            day = date(2025, 12, 1) + timedelta(days=number)
            assert fresh.is_working_day(place, day) == WORKING_DAYS.is_working_day(place, day)
