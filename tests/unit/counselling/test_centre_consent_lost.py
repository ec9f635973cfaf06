"""The consent is taken back after a centre has taken the person on: a task, which the clock never settles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from counselling.app import SERVICE
from counselling.events import DeadlineMissed, DeadlineMoved
from counselling.handlers import MOVES
from tests.support.counselling.world import (
    CASE,
    DAY,
    LAGOS,
    REFERRAL,
    SECOND,
    Desk,
    consent,
    consent_gone,
    done,
    last,
    referred,
    withdrawn,
)
from tests.support.memory import NOW
from tests.support.memory_api import MemoryApi
from tests.unit.counselling.test_centre_moved import closed

NAME = "consent_renewal"
DUE = datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC)
ANEW = UUID(int=77)


def lost(desk: Desk | None = None) -> Desk:
    """The person has taken the consent back after the acceptance."""
    desk = desk or Desk.with_contact()
    desk.tell(consent_gone())
    return desk


def shown(desk: Desk, path: str = f"/files/{CASE}") -> Any:
    answer = MemoryApi(SERVICE, desk.service).get(path, {"roles": ["centre_counsellor"], "org": LAGOS})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_new_consent_or_an_end_is_owed_within_five_working_days_and_the_file_says_so() -> None:
    desk = lost()
    assert desk.due(NAME, REFERRAL) == DUE
    [referral] = shown(desk)["referrals"]
    assert datetime.fromisoformat(referral["consent_lost_at"]) == NOW
    assert referral["renewal"] == {"due_at": "2026-03-09T22:59:59Z", "due_estimated": False, "overdue_level": 0}
    assert (referral["status"], referral["preview"]) == ("in_progress", None)


def test_nothing_is_ended_by_the_clock_and_it_is_said_on_three_levels() -> None:
    desk = lost()
    desk.service.advance(60 * DAY)
    told = [each for each in desk.events if isinstance(each, DeadlineMissed)]
    assert [(each.deadline_type, each.subject_id, each.level, each.owner_role) for each in told] == [
        (NAME, REFERRAL, 1, "centre_counsellor"),
        (NAME, REFERRAL, 2, "centre_manager"),
        (NAME, REFERRAL, 3, "programme_manager"),
    ]
    assert (desk.referral().status, shown(desk)["referrals"][0]["renewal"]["overdue_level"]) == ("in_progress", 3)


ENDS: dict[str, Any] = {
    "a new consent": lambda desk: desk.tell(consent(consent_id=ANEW)),
    "completed": lambda desk: done(desk.complete()),
    "failed": lambda desk: done(desk.fail("person_withdrew")),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_new_consent_or_an_end_settles_it(how: str) -> None:
    desk = lost()
    ENDS[how](desk)
    assert desk.due(NAME, REFERRAL) is None
    assert desk.referral().renewal is None
    assert shown(desk)["referrals"][0]["consent_lost_at"] is None


def test_a_withdrawal_of_the_referral_and_that_the_person_never_arrived_settle_it_too() -> None:
    for end in (lambda desk: desk.tell(withdrawn()), lambda desk: done(desk.never_arrived())):
        desk = lost(Desk.with_acceptance())
        assert desk.due(NAME, REFERRAL)
        end(desk)
        assert desk.service.deadlines == {}


def test_as_long_as_another_consent_covers_the_centre_nothing_is_owed() -> None:
    desk = Desk.with_contact()
    desk.tell(consent(LAGOS, consent_id=ANEW))
    lost(desk)
    assert desk.due(NAME, REFERRAL) is None
    desk.service.advance(DAY)
    desk.tell(consent_gone(NOW + DAY, consent_id=ANEW, recipients=(LAGOS,)))
    assert desk.due(NAME, REFERRAL) == DUE + DAY


def test_what_waits_for_an_answer_is_owed_an_answer_and_no_consent() -> None:
    desk = lost(Desk.with_referral())
    assert {name for name, _ in desk.service.deadlines} == {"referral_answer"}


def test_each_referral_that_the_centre_holds_is_a_task() -> None:
    desk = Desk.with_contact()
    desk.tell(referred(referral_id=SECOND, needs=("documents",)))
    done(desk.accept(referral_id=SECOND))
    lost(desk)
    assert {subject for name, subject in desk.service.deadlines if name == NAME} == {REFERRAL, SECOND}


def test_a_consent_that_runs_out_is_shown_and_its_renewal_is_owed_until_there_is_one() -> None:
    desk = Desk()
    desk.tell(consent(valid_until=NOW.date() + DAY), referred())
    done(desk.accept())
    desk.service.advance(3 * DAY)
    [referral] = shown(desk)["referrals"]
    assert referral["renewal"] is None
    assert datetime.fromisoformat(referral["consent_lost_at"]) < NOW + 3 * DAY
    [row] = desk.service.deadlines.values()
    assert (row.name, row.owed and row.owed.missed) == ("consent_expiry", True), "it stays listed"
    desk.tell(consent(consent_id=ANEW, valid_until=NOW.date() + 300 * DAY))
    [row] = desk.service.deadlines.values()
    assert (row.name, row.owed and row.owed.missed) == ("consent_expiry", False)


def test_it_moves_with_the_days_that_a_government_announces() -> None:
    desk = lost()
    desk.service.follow(MOVES, closed("2026-03-05"))
    assert desk.due(NAME, REFERRAL) == DUE + DAY
    moved = last(desk.events, DeadlineMoved)
    assert (moved.deadline_type, moved.old_due_at, moved.due_at) == (NAME, DUE, DUE + timedelta(days=1))
    assert desk.referral().renewal.due_at == DUE + DAY  # type: ignore[union-attr]
