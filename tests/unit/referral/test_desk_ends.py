"""When a case has ended: what is told of it, whatever ended it, and what takes the end back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chassis.pure.decision import Deadline
from referral.commands import HoldCase, ReleaseHold, SetProfile
from referral.domain.case import Case
from referral.events import RetentionHeld, RetentionReleased, RetentionStarted, RetentionStopped
from referral.handlers.deadlines import CASE_END
from tests.support.memory import NOW
from tests.support.referral.news import CASE, DAY, TODAY, arrived
from tests.support.referral.ways import desk_in
from tests.support.referral.world import Desk, done, refused, sealed
from vocabulary.holding import MOST_HOLDS

OPEN = ("submitted", "received", "accepted", "in_progress")
BEFORE, AFTER = "case_ended_before_departure", "case_ended"


@pytest.mark.parametrize("status", OPEN)
def test_while_anything_is_owed_there_is_no_end(status: str) -> None:
    desk = desk_in(status)
    assert desk.case.ended is None
    assert not [each for each in desk.service.events if isinstance(each, RetentionStarted)]


@pytest.mark.parametrize(
    ("status", "reference"), [("rejected", BEFORE), ("withdrawn", BEFORE), ("completed", AFTER), ("failed", AFTER)]
)
def test_with_the_last_open_referral_the_case_ends_on_its_day(status: str, reference: str) -> None:
    desk = desk_in(status)
    assert desk.last(RetentionStarted) == RetentionStarted(case_id=CASE, reference=reference, ended_on=TODAY)


def test_who_has_left_all_the_same_has_not_ended_before_the_departure() -> None:
    desk = desk_in("withdrawn")
    desk.tell(arrived(), at=NOW + DAY)
    assert desk.last(RetentionStarted) == RetentionStarted(case_id=CASE, reference=AFTER, ended_on=TODAY)


def test_a_new_referral_takes_the_end_back() -> None:
    desk = desk_in("rejected")
    done(desk.refer())
    assert desk.case.ended is None
    assert desk.last(RetentionStopped) == RetentionStopped(case_id=CASE)


def test_the_end_is_told_once() -> None:
    desk = desk_in("rejected")
    told = len(desk.service.events)
    done(desk.grant())
    assert not [each for each in desk.service.events[told:] if isinstance(each, RetentionStarted | RetentionStopped)]


def test_a_case_that_had_ended_before_ends_were_told_is_told_of_at_once() -> None:
    desk = desk_in("rejected")
    codec = desk.service._codecs[Case]
    desk.service.rows[Case][CASE] = codec.dump(replace(desk.case, ended=None))
    desk.service.deadlines[CASE_END, CASE] = Deadline(CASE_END, CASE, CASE, NOW)
    told = len(desk.service.events)
    desk.service.advance(DAY)
    assert [type(each) for each in desk.service.events[told:]] == [RetentionStarted]
    assert desk.case.ended is not None


def test_a_hold_is_told_until_it_is_released() -> None:
    desk = desk_in("rejected")
    refused(desk.run(HoldCase(CASE, "no_code")), "unknown_code", 422, "/reason")
    done(desk.run(HoldCase(CASE, "legal")))
    [hold] = desk.case.holds
    assert desk.last(RetentionHeld) == RetentionHeld(case_id=CASE, hold_id=hold.id, reason="legal")
    refused(desk.run(ReleaseHold(CASE, hold.id, "no_code")), "unknown_code", 422, "/reason")
    done(desk.run(ReleaseHold(CASE, hold.id, "entered_in_error")))
    assert desk.last(RetentionReleased).reason == "entered_in_error"
    assert desk.case.holds == ()
    refused(desk.run(ReleaseHold(CASE, hold.id, "closed")), "hold_not_found", 404)


def test_a_case_has_a_bounded_number_of_holds() -> None:
    desk = Desk.opened()
    for _ in range(MOST_HOLDS):
        done(desk.run(HoldCase(CASE, "audit")))
    refused(desk.run(HoldCase(CASE, "audit")), "too_many_holds")


def test_nothing_is_held_of_a_case_that_is_not_here() -> None:
    desk = Desk()
    refused(desk.run(HoldCase(CASE, "audit")), "case_not_found", 404)
    refused(desk.run(ReleaseHold(CASE, CASE, "closed")), "case_not_found", 404)


def ended_on(desk: Desk) -> date:
    ended = desk.case.ended
    assert ended is not None
    assert desk.last(RetentionStarted).ended_on == ended.on
    return ended.on


def test_while_a_departure_lies_ahead_there_is_no_end_and_it_counts_from_the_day_it_is_called_off() -> None:
    desk = desk_in("rejected")
    desk.service.advance(150 * DAY)
    done(desk.plan(earliest=160, latest=170))
    assert (desk.case.ended, desk.last(RetentionStopped).case_id) == (None, CASE)
    done(desk.book(on=165))
    desk.service.advance(16 * DAY)
    done(desk.miss(on=165))
    assert desk.case.ended is None
    done(desk.cancel())
    assert ended_on(desk) == TODAY + 166 * DAY


def test_what_the_desk_does_after_the_end_moves_it() -> None:
    desk = desk_in("rejected")
    assert ended_on(desk) == TODAY
    desk.service.advance(100 * DAY)
    done(desk.grant())
    assert ended_on(desk) == TODAY + 100 * DAY
    desk.service.advance(50 * DAY)
    done(desk.run(SetProfile(CASE, sealed(desk.service.vault, {"given_name": "Amina"}))))
    assert ended_on(desk) == TODAY + 150 * DAY


def test_a_consent_that_is_taken_back_keeps_nothing_longer() -> None:
    desk = desk_in("rejected")
    desk.service.advance(100 * DAY)
    done(desk.grant())
    done(desk.withdraw_consent())
    assert ended_on(desk) == TODAY


def test_a_death_ends_the_case_on_its_day_whatever_is_planned() -> None:
    desk = desk_in("accepted")
    done(desk.plan())
    desk.tell(desk.failed(reason="person_deceased"))
    assert ended_on(desk) == TODAY
    desk.service.advance(DAY)
    done(desk.cancel())
    assert ended_on(desk) == TODAY


def test_an_end_that_was_told_although_a_departure_is_planned_is_taken_back() -> None:
    """As the migration finds it: of a case that an earlier version has ended."""
    desk = desk_in("rejected")
    before = desk.case.ended
    done(desk.plan())
    desk.put(replace(desk.stored, ended=before))
    desk.service.deadlines[CASE_END, CASE] = Deadline(CASE_END, CASE, CASE, NOW)
    desk.service.advance(DAY)
    assert (desk.case.ended, desk.told()[-1]) == (None, "RetentionStopped")
