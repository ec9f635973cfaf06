"""What was told wrongly of an interview is corrected or void, and the employer owes an answer as if it had not been."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from placement import commands
from placement.domain.correction import MOST_CORRECTIONS
from placement.events import (
    DeadlineMet,
    DeadlineMissed,
    InterviewArranged,
    InterviewCorrected,
    InterviewReported,
    InterviewVoided,
)
from placement.handlers.deadlines import EMPLOYER_FEEDBACK
from tests.support.memory import NOW
from tests.support.placement.world import DAY, TODAY, World, refused

HOUR = timedelta(hours=1)


def report(world: World, candidacy_id: Any, on: date, outcome: Any = "held") -> Any:
    return world.do(commands.ReportInterview(*world.ids(candidacy_id), on, outcome))


def correct(world: World, candidacy_id: Any, on: date, outcome: Any = "held", reason: str = "wrong_day") -> Any:
    return world.run(commands.CorrectInterview(*world.ids(candidacy_id), on, outcome, reason))


def void(world: World, candidacy_id: Any, reason: str = "wrong_person") -> Any:
    return world.run(commands.VoidInterview(*world.ids(candidacy_id), reason))


def arranged(days: int = 0) -> tuple[World, Any]:
    """They are to meet in an hour, and so many days are over since."""
    world = World()
    candidacy_id = world.present()
    world.do(commands.ArrangeInterview(*world.ids(candidacy_id), NOW + HOUR, "video"))
    world.service.advance(days * DAY)
    return world, candidacy_id


def due(world: World, candidacy_id: Any) -> datetime | None:
    return world.service.due(EMPLOYER_FEEDBACK, candidacy_id)


def met(world: World) -> int:
    return sum(isinstance(each, DeadlineMet) for each in world.service.events)


def missed(world: World) -> list[int]:
    events = world.service.events
    return [
        each.level for each in events if isinstance(each, DeadlineMissed) and each.deadline_type == EMPLOYER_FEEDBACK
    ]


def test_a_correction_moves_what_the_employer_owes_and_is_no_answer() -> None:
    world, candidacy_id = arranged(3)
    report(world, candidacy_id, TODAY + 3 * DAY)
    other, same = arranged(3)
    report(other, same, TODAY + DAY, "person_absent")
    count = met(world)
    world.service.advance(HOUR)
    correct(world, candidacy_id, TODAY + DAY, "person_absent")
    assert due(world, candidacy_id) == due(other, same)
    assert met(world) == count
    event = world.last(InterviewCorrected)
    assert (event.held_on, event.outcome, event.reason) == (TODAY + DAY, "person_absent", "wrong_day")
    assert event.interview_id == world.last(InterviewArranged).interview_id
    assert event.reported_at == NOW + 3 * DAY
    candidacy = world.candidacy(candidacy_id)
    assert candidacy.interview is not None
    assert (candidacy.interview.held_on, candidacy.interview.outcome) == (TODAY + DAY, "person_absent")
    [kept] = candidacy.interviews_corrected
    assert (kept.was.held_on, kept.was.outcome, kept.at) == (TODAY + 3 * DAY, "held", NOW + 3 * DAY + HOUR)


def test_an_interview_that_has_not_been_is_arranged_as_before_and_can_be_reported() -> None:
    world, candidacy_id = arranged(1)
    before = due(world, candidacy_id)
    report(world, candidacy_id, TODAY + DAY)
    assert due(world, candidacy_id) != before
    count = met(world)
    void(world, candidacy_id)
    assert (due(world, candidacy_id), met(world)) == (before, count)
    event = world.last(InterviewVoided)
    assert (event.reported_at, event.reason) == (NOW + DAY, "wrong_person")
    candidacy = world.candidacy(candidacy_id)
    assert candidacy.interview is not None
    assert (candidacy.interview.at, candidacy.interview.outcome) == (NOW + HOUR, None)
    [kept] = candidacy.interviews_corrected
    assert (kept.was.outcome, kept.now) == ("held", None)
    report(world, candidacy_id, TODAY + DAY, "employer_absent")
    told = [each for each in world.service.events if isinstance(each, InterviewReported)]
    assert {each.interview_id for each in told} == {event.interview_id}


def test_of_a_further_interview_it_is_told_and_corrected_by_its_own_id() -> None:
    world, candidacy_id = arranged()
    report(world, candidacy_id, TODAY)
    world.do(commands.ArrangeInterview(*world.ids(candidacy_id), NOW + 2 * HOUR, "phone"))
    further = world.last(InterviewArranged).interview_id
    refused(correct(world, candidacy_id, TODAY, "person_absent"), "nothing_recorded")
    report(world, candidacy_id, TODAY)
    correct(world, candidacy_id, TODAY, "person_absent")
    void(world, candidacy_id)
    assert world.last(InterviewCorrected).interview_id == world.last(InterviewVoided).interview_id == further
    refused(correct(world, candidacy_id, TODAY, "tired"), "nothing_recorded")


def test_what_was_overdue_before_it_was_reported_is_overdue_again_and_not_told_twice() -> None:
    world, candidacy_id = arranged(16)
    assert missed(world) == [1]
    report(world, candidacy_id, TODAY + 16 * DAY)
    void(world, candidacy_id)
    assert world.candidacy(candidacy_id).overdue_level == 1
    world.service.advance(HOUR)
    assert missed(world) == [1]
    world.service.advance(10 * DAY)
    assert missed(world) == [1, 2]


def test_what_has_come_since_stays() -> None:
    world, candidacy_id = arranged()
    report(world, candidacy_id, TODAY)
    world.do(world.offer_command(candidacy_id))
    correct(world, candidacy_id, TODAY, "person_absent")
    assert (world.candidacy(candidacy_id).status, due(world, candidacy_id)) == ("offered", None)
    void(world, candidacy_id)
    assert (world.candidacy(candidacy_id).status, due(world, candidacy_id)) == ("offered", None)


@pytest.mark.parametrize(
    ("on", "code"), [(TODAY + DAY, "date_in_future"), (TODAY - DAY, "date_out_of_bounds")], ids=["to come", "before"]
)
def test_an_interview_is_not_corrected_to_a_day_that_cannot_be(on: date, code: str) -> None:
    world, candidacy_id = arranged()
    report(world, candidacy_id, TODAY)
    refused(correct(world, candidacy_id, on), code, 422, "/held_on")


def test_only_what_is_recorded_is_put_right_for_a_listed_reason_and_not_without_end() -> None:
    world, candidacy_id = arranged()
    refused(correct(world, candidacy_id, TODAY), "nothing_recorded")
    refused(void(world, candidacy_id), "nothing_recorded")
    report(world, candidacy_id, TODAY)
    refused(correct(world, candidacy_id, TODAY), "nothing_corrected")
    refused(correct(world, candidacy_id, TODAY, "person_absent", "tired"), "unknown_code", 422, "/reason")
    refused(void(world, candidacy_id, "tired"), "unknown_code", 422, "/reason")
    for number in range(MOST_CORRECTIONS):
        correct(world, candidacy_id, TODAY, "held" if number % 2 else "person_absent")
    refused(correct(world, candidacy_id, TODAY, "employer_absent"), "limit_reached")
