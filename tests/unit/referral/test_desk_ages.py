"""A minor comes of age: the band follows the birth date, by the first of a month, and tells nobody the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.pure.decision import Decision, Refused
from referral import commands
from referral.events import AgeBandChanged
from referral.handlers.deadlines import AGE_BAND
from tests.support.memory import NOW
from tests.support.referral.news import CASE, LAGOS
from tests.support.referral.world import SEALED, Desk, done, refused
from vocabulary.ages import LAST, TOO_OLD_AT, Span, after, ages_of, band_on, end_of

TODAY = NOW.date()
IN_LAGOS_IT_IS_APRIL = datetime(2026, 3, 31, 23, tzinfo=UTC)
A_MINOR, AN_ADULT = date(2008, 3, 17), date(2008, 3, 2)
"""Both turn 18 this month; the second of them today."""


def told_of(desk: Desk, born_on: date | None) -> Decision | Refused:
    """A profile is set, as the API does it."""
    return desk.run(commands.SetProfile(CASE, SEALED, None if born_on is None else ages_of(born_on, TODAY)))


def due(desk: Desk) -> datetime | None:
    deadline = desk.service.deadlines.get((AGE_BAND, CASE))
    return None if deadline is None else deadline.due_at


def changes(desk: Desk) -> list[str]:
    return [event.age_band for event in desk.service.events if isinstance(event, AgeBandChanged)]


def minor_and_referred(born_on: date = A_MINOR) -> Desk:
    desk = Desk.opened(age_band="under_18")
    done(desk.grant(guardian=True))
    done(desk.refer())
    done(told_of(desk, born_on))
    return desk


# --- the bands ---


@pytest.mark.parametrize(
    ("day", "band"),
    [
        ("2026-03-16", "under_18"),
        ("2026-03-17", "18_24"),
        ("2033-03-16", "18_24"),
        ("2033-03-17", "25_34"),
        ("2043-03-17", "35_49"),
        ("2058-03-16", "35_49"),
        ("2058-03-17", "50_plus"),
    ],
)
def test_a_band_begins_with_the_birthday(day: str, band: str) -> None:
    assert band_on(date.fromisoformat(day), A_MINOR) == band


@pytest.mark.parametrize(
    ("born_on", "end"),
    [
        ("2008-03-17", "2026-04-01"),
        ("2008-03-01", "2026-03-01"),
        ("2008-12-31", "2027-01-01"),
        ("2008-12-01", "2026-12-01"),
        ("2008-02-29", "2026-03-01"),
    ],
)
def test_a_band_ends_with_the_first_of_a_month(born_on: str, end: str) -> None:
    assert end_of("under_18", date.fromisoformat(born_on)) == date.fromisoformat(end)


@pytest.mark.parametrize("band", ["50_plus", "unknown"])
def test_nobody_is_too_old_for_the_last_band_nor_for_none(band: Any) -> None:
    assert end_of(band, A_MINOR) is None


DAYS = st.dates(date(1906, 1, 1), date(2100, 12, 31))


@given(DAYS, st.sampled_from([*TOO_OLD_AT]))
def test_who_is_born_in_the_same_month_changes_on_the_same_day_and_on_none_too_early(born_on: date, band: Any) -> None:
    end = end_of(band, born_on)
    assert end is not None
    second = born_on.replace(day=2)
    assert end_of(band, second if born_on.day > 1 else born_on) == end
    years = TOO_OLD_AT[band]
    assert band_on(end, born_on) not in (band, "unknown")
    assert band_on(end.replace(year=end.year - years) - timedelta(days=31), born_on) == "under_18"
    following = after(band, end)
    assert following == Span(band_on(end, born_on), end_of(following.band, born_on))
    assert (following.ends_on is None) == (following.band == LAST)


# --- a profile says what the band is ---


def test_a_profile_sets_the_day_of_the_next_change_to_the_first_of_a_month_where_the_person_lives() -> None:
    desk = minor_and_referred()
    assert desk.case.age_band == "under_18"
    assert due(desk) == IN_LAGOS_IT_IS_APRIL
    assert changes(desk) == []


@pytest.mark.parametrize("band", ["25_34", "unknown"])
def test_a_profile_that_contradicts_the_band_corrects_it(band: str) -> None:
    desk = Desk.referred(age_band=band)
    done(told_of(desk, A_MINOR))
    assert desk.case.age_band == "under_18"
    assert changes(desk) == ["under_18"]
    assert due(desk) == IN_LAGOS_IT_IS_APRIL
    [noted] = [each for each in desk.case.timeline if each.type == "AgeBandChanged"]
    assert (noted.at, noted.subject, noted.source, noted.code) == (NOW, CASE, "referral", "under_18")


def test_nobody_hears_of_a_band_who_was_not_told_of_the_one_before() -> None:
    desk = Desk.consented()
    done(told_of(desk, A_MINOR))
    assert desk.case.age_band == "under_18"
    desk.service.advance(timedelta(days=40))
    assert desk.case.age_band == "18_24"
    assert changes(desk) == []
    done(desk.refer())
    assert desk.service.events[-1].age_band == "18_24"  # type: ignore[attr-defined]


def test_a_case_that_is_opened_with_its_profile_has_the_band_of_the_birth_date() -> None:
    desk = Desk()
    done(desk.open(age_band="25_34", profile=SEALED, ages=ages_of(A_MINOR, TODAY)))
    assert desk.case.age_band == "under_18"
    assert due(desk) == IN_LAGOS_IT_IS_APRIL
    assert desk.told() == ["CaseOpened"]


@pytest.mark.parametrize("band", ["under_18", "18_24"])
def test_between_the_birthday_and_the_first_of_a_month_both_bands_are_right(band: str) -> None:
    desk = Desk.referred(age_band=band) if band != "under_18" else minor_and_referred(AN_ADULT)
    done(told_of(desk, AN_ADULT))
    assert (desk.case.age_band, changes(desk)) == (band, [])
    assert due(desk) == (IN_LAGOS_IT_IS_APRIL if band == "under_18" else datetime(2033, 3, 31, 23, tzinfo=UTC))


@pytest.mark.parametrize("born_on", [date(1976, 3, 1), date(1930, 1, 1)])
def test_the_last_band_never_ends(born_on: date) -> None:
    desk = Desk.referred(age_band="50_plus")
    done(told_of(desk, born_on))
    assert (desk.case.age_band, due(desk)) == ("50_plus", None)


def test_whatever_takes_the_birth_date_away_takes_the_day_of_the_change_away() -> None:
    desk = minor_and_referred()
    done(told_of(desk, None))
    assert (due(desk), desk.case.age_band) == (None, "under_18")
    done(told_of(desk, A_MINOR))
    assert due(desk) is not None
    desk.destroy()
    assert (due(desk), desk.case.age_band) == (None, "under_18")


# --- the first of a month ---


def test_a_minor_comes_of_age_with_the_first_of_a_month() -> None:
    desk = minor_and_referred()
    refused(desk.grant(LAGOS), "guardian_consent_required", 422, "/guardian")
    desk.service.advance(IN_LAGOS_IT_IS_APRIL - NOW - timedelta(seconds=1))
    assert desk.case.age_band == "under_18"
    desk.service.advance(timedelta(seconds=1))
    assert desk.case.age_band == "18_24"
    assert changes(desk) == ["18_24"]
    [noted] = [each for each in desk.case.timeline if each.type == "AgeBandChanged"]
    assert (noted.at, noted.code) == (IN_LAGOS_IT_IS_APRIL, "18_24")
    done(desk.grant(LAGOS))
    done(desk.refer(needs=("housing",)))
    assert desk.service.events[-1].age_band == "18_24"  # type: ignore[attr-defined]


def test_band_follows_on_band_to_the_last() -> None:
    desk = minor_and_referred()
    desk.service.advance(timedelta(days=366 * 60))
    assert changes(desk) == [
        "18_24",
        "25_34",
        "35_49",
        "50_plus",
    ]
    assert due(desk) is None


def test_a_change_that_was_put_off_tells_the_same_month() -> None:
    desk = minor_and_referred()
    late = desk.service.deadlines[AGE_BAND, CASE]
    desk.service.deadlines[AGE_BAND, CASE] = late._replace(due_at=late.due_at + timedelta(hours=30))
    desk.service.advance(timedelta(days=40))
    assert changes(desk) == ["18_24"]
    assert due(desk) == datetime(2033, 3, 31, 23, tzinfo=UTC)


def test_a_birth_date_that_was_wrong_is_corrected_by_the_next_profile() -> None:
    desk = minor_and_referred()
    done(told_of(desk, date(1990, 5, 17)))
    assert changes(desk) == ["35_49"]
    desk.service.advance(timedelta(days=40))
    assert desk.case.age_band == "35_49"


@pytest.mark.parametrize("born_on", [AN_ADULT, A_MINOR, date(2008, 3, 30), date(2008, 4, 1)])
def test_no_row_and_no_event_differs_by_the_day_of_birth(born_on: date) -> None:
    """All who are born within one month leave the same behind in clear, from the profile to the change and after."""
    desk, other = minor_and_referred(date(2008, 3, 31)), minor_and_referred(born_on)
    for _ in range(2):
        assert clear(desk) == clear(other)
        for each in (desk, other):
            each.service.advance(timedelta(days=50))


def clear(desk: Desk) -> Any:
    """All that lasts and all that is told, but for what is sealed."""
    snapshot = desk.service.snapshot()
    assert snapshot["states"].pop("profile")
    return snapshot, desk.service.events
