"""The call before a departure is counted back in the working days of the centre, and keeps its time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from chassis.pure.calendar import WorkingDays
from chassis.pure.calendar_days import CalendarDay
from chassis.pure.decision import Actor
from counselling.contracts import DepartureCancelled
from counselling.events import DeadlineMet, DeadlineMissed, DeadlineMoved
from counselling.handlers import MOVES
from tests.support.counselling.world import (
    CASE,
    COUNSELLOR,
    DAY,
    LAGOS,
    SECOND,
    Desk,
    booked,
    consent,
    consent_gone,
    done,
    last,
    referred,
)
from vocabulary.countries import WORKING_DAYS

NAME = "pre_departure_call"
LEAVES = date(2026, 5, 15)
"""A Friday."""
DUE = datetime(2026, 5, 8, 22, 59, 59, tzinfo=UTC)
"""In Lagos: the 14th, 13th, 12th, 11th, and then the Friday before."""


def closed(*days: str) -> WorkingDays:
    return WORKING_DAYS.over(
        CalendarDay("NG", date.fromisoformat(day), "closed", "Election", "Gazette 7", "announced", None) for day in days
    )


def expecting() -> Desk:
    desk = Desk.with_acceptance()
    desk.tell(booked(LEAVES))
    return desk


def at(desk: Desk, day: int, hour: int = 11) -> None:
    desk.service.advance(datetime(2026, 5, day, hour, tzinfo=UTC) - desk.service.now)


def moved(desk: Desk) -> list[tuple[datetime, datetime, str]]:
    events = [each for each in desk.events if isinstance(each, DeadlineMoved) and each.deadline_type == NAME]
    return [(each.old_due_at, each.due_at, each.reason) for each in events]


@pytest.mark.parametrize(
    ("country", "centre", "due"),
    [
        ("NG", LAGOS, DUE),
        # Friday and Saturday are no working days there: Thursday the 14th back to Sunday the 10th.
        ("IQ", "centre:IQ-EBL", datetime(2026, 5, 10, 20, 59, 59, tzinfo=UTC)),
        # The Monday of the 11th is no day of rest in Accra; its days are those of Lagos, by London's clock.
        ("GH", "centre:GH-ACC", datetime(2026, 5, 8, 23, 59, 59, tzinfo=UTC)),
        # Sunday and Saturday are none in Belgrade, which is two hours ahead in May.
        ("RS", "centre:RS-BEG", datetime(2026, 5, 8, 21, 59, 59, tzinfo=UTC)),
    ],
)
def test_it_is_counted_in_the_working_days_and_the_time_of_the_country(
    country: str, centre: str, due: datetime
) -> None:
    desk = Desk()
    desk.tell(consent(f"country:{country}"), referred(to_centre=centre, country=country, admin1=None))
    done(desk.accept(Actor("centre_counsellor", centre, country)))
    desk.tell(booked(LEAVES))
    assert desk.due(NAME, CASE) == due


def test_a_new_closed_day_brings_it_forward_and_that_is_told() -> None:
    desk = expecting()
    desk.service.follow(MOVES, closed("2026-05-12"))
    sooner = DUE - DAY
    assert desk.due(NAME, CASE) == sooner
    assert moved(desk) == [(DUE, sooner, "working_days_changed")]
    desk.service.follow(MOVES, closed())
    assert moved(desk)[1:] == [(sooner, DUE, "working_days_changed")]


def test_it_is_never_brought_forward_to_before_the_end_of_the_next_working_day() -> None:
    desk = expecting()
    at(desk, 6)
    desk.service.follow(MOVES, closed("2026-05-11", "2026-05-12", "2026-05-13"))
    next_day = datetime(2026, 5, 7, 22, 59, 59, tzinfo=UTC)
    assert desk.due(NAME, CASE) == next_day
    at(desk, 7)
    done(desk.call(date(2026, 5, 7)))
    met = last(desk.events, DeadlineMet)
    assert (met.level, met.due_at) == (0, next_day), "in time, by the time that was told"


def test_what_has_moved_stays_so_while_it_was_not_owed() -> None:
    desk = expecting()
    at(desk, 6)
    desk.service.follow(MOVES, closed("2026-05-11", "2026-05-12", "2026-05-13"))
    next_day = datetime(2026, 5, 7, 22, 59, 59, tzinfo=UTC)
    at(desk, 8)
    assert [each.due_at for each in desk.events if isinstance(each, DeadlineMissed)] == [next_day]
    done(desk.call(date(2026, 5, 8)))
    met = last(desk.events, DeadlineMet)
    assert (met.level, met.due_at) == (1, next_day)


def test_a_departure_that_moves_takes_it_along_and_that_is_told_once() -> None:
    desk = expecting()
    desk.service.advance(DAY)
    desk.tell(booked(LEAVES + 7 * DAY))
    later = datetime(2026, 5, 15, 22, 59, 59, tzinfo=UTC)
    assert desk.due(NAME, CASE) == later
    assert moved(desk) == [(DUE, later, "counted_anew")]
    event = last(desk.events, DeadlineMoved)
    assert (event.level, event.owner_role, event.owner_org) == (1, "centre_counsellor", LAGOS)
    desk.service.advance(DAY)
    desk.tell(booked(LEAVES + 7 * DAY))
    assert len(moved(desk)) == 1, "the same day once more"


def test_a_departure_that_comes_nearer_than_the_term_leaves_the_next_working_day() -> None:
    desk = expecting()
    at(desk, 7)
    desk.tell(booked(date(2026, 5, 11)))
    friday = datetime(2026, 5, 8, 22, 59, 59, tzinfo=UTC)
    assert desk.due(NAME, CASE) == friday
    at(desk, 8)
    desk.tell(booked(date(2026, 5, 9)))
    monday = datetime(2026, 5, 11, 22, 59, 59, tzinfo=UTC)
    assert desk.due(NAME, CASE) == monday, "whoever hears of it on a Friday"
    assert not [each for each in desk.events if isinstance(each, DeadlineMissed)]


def test_a_departure_that_is_called_off_tells_of_no_other_time() -> None:
    desk = expecting()
    desk.tell(DepartureCancelled(case_id=CASE))
    desk.tell(booked(LEAVES + 7 * DAY))
    assert moved(desk) == []


def test_who_may_call_again_after_a_consent_was_lost_has_a_working_day_for_it() -> None:
    desk = expecting()
    at(desk, 4)
    desk.tell(consent_gone(desk.service.now))
    at(desk, 12)
    assert not [each for each in desk.events if isinstance(each, DeadlineMissed) and each.deadline_type == NAME]
    desk.tell(consent(consent_id=SECOND))
    assert desk.due(NAME, CASE) == datetime(2026, 5, 13, 22, 59, 59, tzinfo=UTC)
    done(desk.call(date(2026, 5, 12), COUNSELLOR))
    assert last(desk.events, DeadlineMet).level == 0


def test_a_time_that_closed_days_would_only_bring_forward_to_itself_stays_and_is_met_by_it() -> None:
    """Nothing moves, since the next working day is the day on which it is owed: so nothing tells the file."""
    desk = expecting()
    at(desk, 7)
    desk.service.follow(MOVES, closed("2026-05-11", "2026-05-12", "2026-05-13"))
    assert (desk.due(NAME, CASE), moved(desk)) == (DUE, [])
    at(desk, 8)
    done(desk.call(date(2026, 5, 8)))
    met = last(desk.events, DeadlineMet)
    assert (met.level, met.due_at) == (0, DUE)
