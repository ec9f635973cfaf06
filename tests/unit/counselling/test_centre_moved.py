"""The days that a deadline was counted in turn out to be others: what is owed moves, and the centre's topic says so."""

from __future__ import annotations

from datetime import UTC, date, datetime

from chassis.pure.calendar import WorkingDays
from chassis.pure.calendar_days import CalendarDay
from counselling.events import DeadlineMissed, DeadlineMoved
from counselling.handlers import MOVES
from tests.support.counselling.world import CASE, DAY, LAGOS, REFERRAL, Desk, done, last
from vocabulary.countries import WORKING_DAYS


def closed(*days: str) -> WorkingDays:
    return WORKING_DAYS.over(
        CalendarDay("NG", date.fromisoformat(day), "closed", "Election", "Gazette 7", "announced", None) for day in days
    )


TOLD, LATER = datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC), datetime(2026, 3, 10, 22, 59, 59, tzinfo=UTC)


def test_the_answer_is_owed_a_day_later_if_a_day_was_declared_a_holiday() -> None:
    desk = Desk.with_referral()
    desk.service.follow(MOVES, closed("2026-03-05"))
    assert (desk.referral().answer_due_at, desk.due("referral_answer", REFERRAL)) == (LATER, LATER)
    assert last(desk.events, DeadlineMoved) == DeadlineMoved(
        case_id=CASE,
        centre=LAGOS,
        country="NG",
        deadline_type="referral_answer",
        subject_id=REFERRAL,
        owner_role="centre_counsellor",
        owner_org=LAGOS,
        old_due_at=TOLD,
        due_at=LATER,
        level=1,
        reason="working_days_changed",
    )
    desk.service.follow(MOVES, closed())
    assert desk.referral().answer_due_at == TOLD


def test_the_first_contact_is_owed_a_day_later() -> None:
    desk = Desk.with_arrival()
    told = desk.file.arrival.contact_due_at if desk.file.arrival else None
    desk.service.follow(MOVES, closed("2026-03-05"))
    assert desk.file.arrival is not None
    assert desk.file.arrival.contact_due_at == desk.due("first_contact", CASE) == LATER
    event = last(desk.events, DeadlineMoved)
    assert (event.deadline_type, event.old_due_at, event.due_at) == ("first_contact", told, LATER)


def test_a_later_level_moves_and_what_was_first_owed_stays() -> None:
    desk = Desk.with_referral()
    desk.service.advance(8 * DAY)
    assert last(desk.events, DeadlineMissed).level == 1
    desk.service.follow(MOVES, closed("2026-03-11"))
    event = last(desk.events, DeadlineMoved)
    assert (event.level, event.owner_role) == (2, "centre_manager")
    assert event.due_at == datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC)
    assert desk.referral().answer_due_at == TOLD


def test_what_is_answered_is_owed_no_more_and_moves_nothing() -> None:
    desk = Desk.with_referral()
    done(desk.accept())
    before = desk.service.snapshot()
    assert desk.service.follow(MOVES, closed("2026-03-05")) == []
    assert desk.service.snapshot() == before
