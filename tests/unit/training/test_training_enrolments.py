"""How enrolments end: cancelled or completed, and every refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.pure.decision import Actor
from tests.support.training.world import (
    CLERK,
    COUNSELLOR,
    OTHER_CLERK,
    OTHER_SCOUT,
    PAINT,
    SCOUT,
    TODAY,
    World,
    done,
    id_of,
    in_days,
    refused,
)
from training.commands import CancelEnrolment, CompleteEnrolment
from training.events import CourseCompleted, EnrolmentCancelled

# --- cancel --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("actor", "reason"), [(SCOUT, "person"), (COUNSELLOR, "person"), (CLERK, "provider")])
@pytest.mark.parametrize("waiting", [False, True])
def test_who_cancels_gives_the_reason(actor: Actor, reason: str, waiting: bool) -> None:
    world = World()
    world.ready("amina", "bilal")
    session = world.scheduled()
    if waiting:
        world.enrolled("bilal", session)
    enrolment = world.enrolled("amina", session)
    outcome = done(world.cancel(enrolment, actor))
    assert (outcome.answer.status, outcome.answer.cancel_reason) == ("cancelled", reason)
    (event,) = outcome.events
    assert isinstance(event, EnrolmentCancelled)
    assert (event.key, event.enrolment_id, event.reason) == (id_of("amina"), enrolment, reason)


def test_a_cancelled_enrolment_bars_no_new_one() -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled()
    first = world.enrolled("amina", session)
    done(world.cancel(first))
    second = world.enrolled("amina", session)
    assert first != second
    assert world.standing(first) == ("cancelled", "person")
    assert world.standing(second) == ("confirmed", None)


@pytest.mark.parametrize("actor", [OTHER_SCOUT, OTHER_CLERK, Actor("scout", PAINT), Actor("training_clerk", SCOUT.org)])
def test_another_organisation_cannot_cancel(actor: Actor) -> None:
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled())
    refusal = refused(world.cancel(enrolment, actor))
    assert (refusal.code, refusal.status) == ("other_organisation", 403)
    assert world.standing(enrolment) == ("confirmed", None)


def _completed(world: World, enrolment: UUID) -> None:
    done(world.complete(enrolment))


def _already_cancelled(world: World, enrolment: UUID) -> None:
    done(world.cancel(enrolment))


@pytest.mark.parametrize(("happened", "is_"), [(_completed, "completed_attended"), (_already_cancelled, "cancelled")])
def test_what_is_over_can_neither_be_cancelled_nor_completed(happened: Callable[[World, UUID], None], is_: str) -> None:
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled(starts_on=TODAY))
    happened(world, enrolment)
    for outcome in (world.cancel(enrolment), world.complete(enrolment)):
        refusal = refused(outcome)
        assert refusal.code == "wrong_state"
        assert is_ in refusal.detail


def test_an_unknown_enrolment_can_neither_be_cancelled_nor_completed() -> None:
    world = World()
    session, nobody = world.scheduled(), uuid4()
    for session_id in (session, uuid4()):
        cancel = CancelEnrolment(session_id, nobody)
        complete = CompleteEnrolment(session_id, nobody, "passed", 1, TODAY, ())
        for command in (cancel, complete):
            refusal = refused(world.service.command(command, CLERK))
            assert (refusal.code, refusal.status) == ("enrolment_not_found", 404)


# --- complete ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("result", "status"), [("passed", "completed_passed"), ("attended", "completed_attended")])
def test_a_completed_course_is_told_with_what_the_person_takes_away(result: str, status: str) -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled(starts_on=TODAY)
    enrolment = world.enrolled("amina", session)
    outcome = done(world.complete(enrolment, result=result, units=12, skills=("7132", "7131", "7131")))
    assert outcome.answer.status == status
    (event,) = outcome.events
    assert isinstance(event, CourseCompleted)
    assert event.model_dump() == {
        "case_id": id_of("amina"),
        "enrolment_id": enrolment,
        "session_id": session,
        "provider": PAINT,
        "course_code": "PAINT-BASICS",
        "isco08": "7131",
        "category": "MARKET_ACCESS",
        "result": result,
        "units": 12,
        "finished_on": TODAY,
        "skills": ("7131", "7132"),
    }


def test_a_completed_course_keeps_its_seat() -> None:
    world = World()
    world.ready("amina", "bilal")
    session = world.scheduled(starts_on=TODAY)
    done(world.complete(world.enrolled("amina", session)))
    assert done(world.request("bilal", session)).answer.status == "waitlisted"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"finished_on": in_days(-1)}, "dates_reversed", "/finished_on"),
        ({"finished_on": in_days(1)}, "date_in_future", "/finished_on"),
        ({"units": 21}, "units_exceed_course", "/units"),
        ({"skills": ("7131", "7141")}, "unknown_code", "/skills/1"),
    ],
)
def test_what_cannot_be_recorded_as_a_result(changes: dict[str, Any], code: str, field: str) -> None:
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled(starts_on=TODAY))
    refusal = refused(world.complete(enrolment, **changes))
    assert (refusal.code, refusal.field, refusal.status) == (code, field, 422)
    assert world.standing(enrolment) == ("confirmed", None)


def test_only_the_provider_records_results_and_only_of_those_who_had_a_seat() -> None:
    world = World()
    world.ready("amina", "bilal")
    session = world.scheduled(starts_on=TODAY)
    seated, waiting = world.enrolled("amina", session), world.enrolled("bilal", session)
    refusal = refused(world.complete(seated, OTHER_CLERK))
    assert (refusal.code, refusal.status) == ("other_organisation", 403)
    assert refused(world.complete(waiting)).code == "wrong_state"


def test_a_result_can_be_recorded_after_the_last_day_and_after_the_departure() -> None:
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled())
    world.service.advance(timedelta(days=30))
    world.departed("amina", in_days(25))
    done(world.complete(enrolment, finished_on=in_days(18)))
