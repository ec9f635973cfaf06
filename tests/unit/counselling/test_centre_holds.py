"""What holds the records of somebody whom a centre took in: who may, what is told, and what is refused."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from chassis.pure.decision import Actor
from chassis.pure.retention import Clock
from counselling.commands import HoldFile, ReleaseHold
from counselling.events import RetentionHeld, RetentionReleased
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import CASE, LAGOS, Desk, done, last, referred, refused
from tests.support.memory import NOW
from vocabulary.holding import MOST_HOLDS

OFFICER = Actor("data_protection_officer", "programme:desk")


def run(desk: Desk, command: Any) -> Any:
    return desk.service.command(command, OFFICER)


def clock(desk: Desk) -> Clock:
    found: Clock = desk.service.state(Clock, CASE)
    return found


def test_a_hold_is_told_until_it_is_released() -> None:
    desk = WalkInDesk.with_file()
    refused(run(desk, HoldFile(CASE, "no_code")), "unknown_code", 422, "/reason")
    answer = done(run(desk, HoldFile(CASE, "legal"))).answer
    [hold] = clock(desk).holds
    assert (
        (answer.hold_id, answer.reason, answer.since) == (hold.id, hold.reason, hold.since) == (hold.id, "legal", NOW)
    )
    told = last(desk.events, RetentionHeld)
    assert (told.case_id, told.centre, told.country, told.hold_id) == (CASE, LAGOS, "NG", hold.id)
    refused(run(desk, ReleaseHold(CASE, hold.id, "no_code")), "unknown_code", 422, "/reason")
    done(run(desk, ReleaseHold(CASE, hold.id, "entered_in_error")))
    assert (last(desk.events, RetentionReleased).hold_id, clock(desk).holds) == (hold.id, ())
    refused(run(desk, ReleaseHold(CASE, hold.id, "closed")), "hold_not_found", 404)


def test_a_case_has_a_bounded_number_of_holds() -> None:
    desk = WalkInDesk.with_file()
    for _ in range(MOST_HOLDS):
        done(run(desk, HoldFile(CASE, "audit")))
    refused(run(desk, HoldFile(CASE, "audit")), "too_many_holds")


@pytest.mark.parametrize("command", [HoldFile(CASE, "audit"), ReleaseHold(CASE, uuid4(), "closed")])
def test_whom_a_scout_has_referred_the_desk_in_germany_holds(command: Any) -> None:
    desk = Desk()
    refused(run(desk, command), "file_not_found", 404)
    desk.tell(referred())
    refused(run(desk, command), "kept_by_the_desk")
