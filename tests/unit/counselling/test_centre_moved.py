"""The days that a deadline was counted in turn out to be others: what is owed moves, and the centre's topic says so."""

from __future__ import annotations

from datetime import UTC, date, datetime

from chassis.pure.calendar import WorkingDays
from chassis.pure.calendar_days import CalendarDay
from counselling.events import DeadlineMissed, DeadlineMoved
from counselling.handlers import MOVES
from tests.support.counselling.world import (
    CASE,
    DAY,
    EDO,
    IN_EDO,
    LAGOS,
    REFERRAL,
    SECOND,
    Desk,
    consent,
    done,
    last,
    referred,
)
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


def test_the_first_contact_is_counted_where_it_is_owed_whichever_centre_has_seen_the_person() -> None:
    """Edo confirms the arrival; Lagos, which took the person on first, owes the contact and keeps a day of its own."""
    desk = Desk()
    mourning = CalendarDay("NG-LA", date(2026, 3, 5), "closed", "Mourning", "Gazette 7", "announced", None)
    desk.service.working_days = WORKING_DAYS.over([mourning])
    desk.tell(consent(), referred(), referred(referral_id=SECOND, to_centre=EDO, needs=("housing",)))
    done(desk.accept())
    done(desk.accept(IN_EDO, SECOND))
    answer = done(desk.arrive(actor=IN_EDO)).answer
    assert desk.file.arrival is not None
    assert desk.file.centre == LAGOS
    assert desk.due("first_contact", CASE) == desk.file.arrival.contact_due_at == answer.first_contact_due_at == LATER
    desk.service.follow(MOVES, closed())
    assert desk.due("first_contact", CASE) == TOLD


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
