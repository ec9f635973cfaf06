"""What is owed to the desk moves with the days of the place where it is owed."""

from __future__ import annotations

from datetime import UTC, date, datetime

from chassis.pure.calendar_days import CalendarDay
from referral.contracts import DeadlineMoved
from referral.handlers import MOVES
from tests.support.referral.news import CASE, LAGOS
from tests.support.referral.world import Desk
from vocabulary.countries import WORKING_DAYS

TUESDAY = CalendarDay("NG", date(2026, 3, 3), "closed", "Election", "Gazette 7", "announced", None)
WEDNESDAY = datetime(2026, 3, 4, 22, 59, 59, tzinfo=UTC)


def moved(desk: Desk, **changes: object) -> DeadlineMoved:
    fields = {
        "case_id": CASE,
        "centre": LAGOS,
        "deadline_type": "referral_answer",
        "subject_id": desk.referrals[0],
        "due_at": WEDNESDAY,
        "level": 1,
    }
    return DeadlineMoved.model_validate({**fields, **changes})


def moves(desk: Desk) -> list[str]:
    """What of the timeline tells that a deadline has moved."""
    return [each.code for each in desk.case.timeline if each.type == "DeadlineMoved"]


def test_a_confirmation_is_owed_a_day_later_and_the_timeline_says_so() -> None:
    desk = Desk.consented()
    desk.refer()
    desk.service.follow(MOVES, WORKING_DAYS.over([TUESDAY]))
    assert desk.referral().receipt_due_at == WEDNESDAY
    assert moves(desk) == ["referral_receipt_level_1"]


def test_the_answer_is_awaited_by_the_time_to_which_the_centre_has_moved_it() -> None:
    desk = Desk.referred()
    desk.tell(moved(desk))
    assert desk.referral().answer_due_at == WEDNESDAY
    assert moves(desk) == ["referral_answer_level_1"]


def test_later_levels_and_other_deadlines_stand_in_the_timeline_only() -> None:
    desk = Desk.referred()
    before = desk.referral()
    desk.tell(moved(desk, level=2), moved(desk, deadline_type="first_contact", subject_id=CASE))
    assert desk.referral() == before
    assert sorted(moves(desk)) == ["first_contact_level_1", "referral_answer_level_2"]
