"""The employer owes an answer on everybody who was presented: until when, what ends the waiting, who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.calendar import WorkingDays
from chassis.pure.calendar_days import CalendarDay
from placement import commands
from placement.events import DeadlineMissed, DeadlineMoved
from placement.handlers import MOVES
from tests.support.memory import NOW
from tests.support.placement.world import (
    CASE,
    DAY,
    LAGOS,
    OTHER_CASE,
    TODAY,
    World,
    consent,
    consent_gone,
    referred,
    withdrawn,
)
from vocabulary.countries import WORKING_DAYS

TEN = datetime(2026, 3, 16, 22, 59, 59, tzinfo=UTC)
"""The end of the tenth working day in Lagos after the 2nd of March."""


def due(world: World, candidacy_id: UUID) -> datetime | None:
    """Until when an answer is owed; the deadline and the candidacy must say the same."""
    at = world.due("employer_feedback", candidacy_id)
    assert world.candidacy(candidacy_id).answer_due_at == at
    return at


def test_an_answer_is_owed_ten_working_days_after_the_person_was_presented() -> None:
    world = World()
    candidacy_id = world.shortlist()
    assert due(world, candidacy_id) is None
    world.tell(consent("presentation", f"employer:{world.employer}", number=2))
    world.do(commands.Present(*world.ids(candidacy_id)))
    assert due(world, candidacy_id) == TEN


def test_an_answer_is_owed_anew_from_an_interview_also_if_nobody_reports_on_it() -> None:
    world = World()
    candidacy_id = world.interview()  # on the 5th
    assert due(world, candidacy_id) == datetime(2026, 3, 23, 22, 59, 59, tzinfo=UTC)  # the 19th and 20th are Eid
    world.do(commands.ReportInterview(*world.ids(candidacy_id), TODAY, "employer_absent"))
    assert due(world, candidacy_id) == TEN


ENDS: dict[str, Callable[[World, UUID], Any]] = {
    "an offer": lambda world, id_: world.do(world.offer_command(id_)),
    "a no": lambda world, id_: world.do(commands.CloseCandidacy(*world.ids(id_), "employer_declined", "employer")),
    "the vacancy is withdrawn": lambda world, _: world.do(commands.CloseVacancy(world.vacancy_id)),
    "the vacancy expires": lambda world, _: world.service.advance(91 * DAY),
    "the consent is withdrawn": lambda world, _: world.tell(consent_gone("presentation", 2)),
    "the referral is withdrawn": lambda world, _: world.tell(withdrawn()),
    "somebody else takes the opening": lambda world, _: world.accept(OTHER_CASE, number=4),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("begin", [World.present, World.interview], ids=["presented", "interview"])
def test_nothing_is_owed_after(begin: Callable[[World], UUID], end: str) -> None:
    world = World()
    world.tell(referred(OTHER_CASE, OTHER_CASE), consent(case_id=OTHER_CASE, number=3))
    candidacy_id = begin(world)
    ENDS[end](world, candidacy_id)
    assert (due(world, candidacy_id), world.candidacy(candidacy_id).overdue_level) == (None, 0)
    assert not [name for name, _ in world.service.deadlines if name == "employer_feedback"]


def test_who_lets_it_pass_is_asked_on_three_levels_and_nothing_else_follows() -> None:
    world = World()
    candidacy_id = world.present()
    world.service.advance(40 * DAY)
    told = [each for each in world.service.events if isinstance(each, DeadlineMissed)]
    assert [(each.level, each.owner_role, each.owner_org) for each in told] == [
        (1, "placement_officer", LAGOS),
        (2, "centre_manager", LAGOS),
        (3, "programme_manager", "programme:desk"),
    ]
    assert {(each.case_id, each.subject_id, each.centre, each.country) for each in told} == {
        (CASE, candidacy_id, LAGOS, "NG")
    }
    assert told[0].due_at == TEN
    candidacy = world.candidacy(candidacy_id)
    assert (candidacy.status, candidacy.overdue_level, candidacy.answer_due_at) == ("presented", 3, TEN)
    assert world.due("employer_feedback", candidacy_id) is None
    world.do(commands.ArrangeInterview(*world.ids(candidacy_id), world.service.now + DAY, "phone"))
    assert world.candidacy(candidacy_id).overdue_level == 0


def closed(*days: str) -> WorkingDays:
    return WORKING_DAYS.over(
        CalendarDay("NG", date.fromisoformat(day), "closed", "Election", "Gazette 7", "announced", None) for day in days
    )


def test_it_moves_with_the_calendar() -> None:
    world = World()
    candidacy_id = world.present()
    world.service.follow(MOVES, closed("2026-03-05"))
    assert due(world, candidacy_id) == TEN + DAY
    event = world.last(DeadlineMoved)
    assert (event.old_due_at, event.due_at, event.level) == (TEN, TEN + DAY, 1)
    assert (event.subject_id, event.reason) == (candidacy_id, "working_days_changed")


def test_a_later_level_moves_and_what_was_missed_stays() -> None:
    world = World()
    candidacy_id = world.present()
    world.service.advance(15 * DAY)
    assert world.candidacy(candidacy_id).overdue_level == 1
    world.service.follow(MOVES, closed("2026-03-18"))
    assert world.last(DeadlineMoved).level == 2
    assert world.candidacy(candidacy_id).answer_due_at == TEN


def test_what_is_owed_no_longer_does_not_move_and_is_not_missed() -> None:
    world = World()
    late = world.present()
    running = {key: each for key, each in world.service.deadlines.items() if key[0] == "employer_feedback"}
    world.do(world.offer_command(late, expires_at=NOW + 60 * DAY))
    before = world.told()
    world.service.deadlines.update(running)
    world.service.follow(MOVES, closed("2026-03-05"))
    world.service.advance(40 * DAY)
    assert world.told() == before
