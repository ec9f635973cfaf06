"""Scheduling and cancelling course sessions, and their two deadlines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.pure.decision import Actor
from tests.support.training.world import (
    CLERK,
    OTHER_CLERK,
    PAINT,
    World,
    done,
    id_of,
    in_days,
    painting,
    reference,
    refused,
)
from training.events import CourseSessionCancelled, CourseSessionScheduled


def test_a_scheduled_session_is_open_and_told_to_the_chain() -> None:
    world = World()
    outcome = done(world.service.command(painting(seats=8), CLERK))
    session = world.session(world.scheduled(seats=8))
    assert outcome.answer.model_dump(mode="json") == {
        "session_id": str(outcome.answer.session_id),
        "provider": PAINT,
        "status": "open",
        "seats": 8,
        "free_seats": 8,
        "starts_on": "2026-03-16",
        "ends_on": "2026-03-20",
    }
    assert (session.status, session.free, session.waiting) == ("open", 8, ())
    (event,) = outcome.events
    assert isinstance(event, CourseSessionScheduled)
    assert (event.key, event.provider, event.seats) == (event.session_id, PAINT, 8)


def test_its_deadlines_fire_at_the_end_of_the_first_and_of_the_last_day_in_germany() -> None:
    world = World()
    world.scheduled(starts_on=in_days(26), ends_on=in_days(28))  # the clocks change in the night between
    due = {deadline.name: deadline.due_at for deadline in world.service.deadlines.values()}
    assert due == {
        "enrolment_closes": datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC),
        "session_ends": datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"course_code": "ADAEZE-OKAFOR-1990-05-17"}, "unknown_code", "/course_code"),
        ({"isco08": "7141"}, "unknown_code", "/isco08"),
        ({"admin1": "DE-XX"}, "unknown_code", "/admin1"),
        ({"isco08": "7421"}, "occupation_not_taught", "/isco08"),
        ({"starts_on": in_days(-1)}, "date_in_past", "/starts_on"),
        ({"ends_on": in_days(13)}, "dates_reversed", "/ends_on"),
    ],
)
def test_what_cannot_be_scheduled(changes: dict[str, Any], code: str, field: str) -> None:
    world = World()
    refusal = refused(world.service.command(painting(**changes), CLERK))
    assert (refusal.code, refusal.field, refusal.status) == (code, field, 422)
    assert world.service.events == []


@pytest.mark.parametrize("org", ["provider:UNKNOWN", "scouts:bavaria", "centre:NG-LOS"])
def test_only_a_listed_provider_schedules(org: str) -> None:
    refusal = refused(World().service.command(painting(), Actor("training_clerk", org)))
    assert (refusal.code, refusal.status) == ("not_a_provider", 403)


def test_a_course_may_start_today_and_last_one_day() -> None:
    world = World()
    assert world.session(world.scheduled(starts_on=in_days(0), ends_on=in_days(0))).status == "open"


def test_today_is_the_day_in_germany() -> None:
    world = World()
    world.service.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # 3 March in Berlin
    assert refused(world.service.command(painting(starts_on=in_days(0)), CLERK)).code == "date_in_past"


def test_every_listed_provider_teaches_something() -> None:
    lists = reference()
    assert all(lists.teaches(provider) for provider in lists.providers)


def test_a_cancelled_session_takes_its_enrolments_with_it() -> None:
    world = World()
    world.ready("amina", "bilal", "chidi")
    session = world.scheduled(seats=2, starts_on=in_days(0))
    kept = world.enrolled("amina", session)
    done(world.complete(kept))
    seated, waiting = world.enrolled("bilal", session), world.enrolled("chidi", session)
    count = len(world.service.events)

    outcome = done(world.cancel_session(session))

    assert world.since(count) == [
        ("CourseSessionCancelled", session),
        ("EnrolmentCancelled", id_of("bilal")),
        ("EnrolmentCancelled", id_of("chidi")),
    ]
    assert isinstance(outcome.events[0], CourseSessionCancelled)
    assert outcome.events[0].reason == "too_few_participants"
    assert world.standing(seated) == ("cancelled", "course_cancelled")
    assert world.standing(waiting) == ("cancelled", "course_cancelled")
    assert world.standing(kept) == ("completed_attended", None)
    assert outcome.answer.status == world.session(session).status == "cancelled"
    assert world.service.deadlines == {}


@pytest.mark.parametrize(
    ("actor", "reason", "code", "status"),
    [
        (OTHER_CLERK, "too_few_participants", "other_organisation", 403),
        (CLERK, "no_such_reason", "unknown_code", 422),
    ],
)
def test_what_cannot_cancel_a_session(actor: Actor, reason: str, code: str, status: int) -> None:
    world = World()
    session = world.scheduled()
    refusal = refused(world.cancel_session(session, reason, actor))
    assert (refusal.code, refusal.status) == (code, status)
    assert world.session(session).status == "open"


def test_a_session_that_nobody_knows_cannot_be_cancelled() -> None:
    refusal = refused(World().cancel_session(uuid4()))
    assert (refusal.code, refusal.status) == ("session_not_found", 404)


def test_a_session_is_cancelled_once() -> None:
    world = World()
    session = world.scheduled()
    done(world.cancel_session(session))
    assert refused(world.cancel_session(session)).code == "session_cancelled"


def test_a_running_session_can_be_cancelled_and_one_that_is_over_cannot() -> None:
    world = World()
    running, over = world.scheduled(), world.scheduled()
    world.service.now += timedelta(days=18)  # the last day
    done(world.cancel_session(running))
    world.service.now += timedelta(days=1)
    assert refused(world.cancel_session(over)).code == "session_over"


def test_after_its_last_day_a_session_is_finished() -> None:
    world = World()
    session = world.scheduled()
    world.service.advance(timedelta(days=18))
    assert world.session(session).status == "open"
    world.service.advance(timedelta(days=1))
    assert world.session(session).status == "finished"
    assert world.service.deadlines == {}


def test_a_session_that_ends_before_anybody_noticed_its_first_day_dissolves_its_waiting_list_too() -> None:
    world = World()
    world.ready("amina", "bilal")
    session = world.scheduled(starts_on=in_days(1), ends_on=in_days(1))
    world.enrolled("amina", session)
    waiting = world.enrolled("bilal", session)
    # Both deadlines are due at the same second: whichever fires first, the outcome is the same.
    closes = world.service.deadlines.pop(("enrolment_closes", session))
    world.service.advance(timedelta(days=2))
    assert world.standing(waiting) == ("cancelled", "waiting_list_closed")
    world.service.deadlines["enrolment_closes", session] = closes
    count = len(world.service.events)
    world.service.advance(timedelta(days=1))
    assert world.since(count) == []
    assert world.session(session).status == "finished"


@pytest.mark.parametrize("name", ["enrolment_closes", "session_ends"])
def test_a_deadline_of_a_cancelled_or_unknown_session_does_nothing(name: str) -> None:
    world = World()
    session = world.scheduled()
    deadline = world.service.deadlines[name, session]
    done(world.cancel_session(session))
    before = world.service.snapshot()["states"]
    unknown = uuid4()
    world.service.deadlines[name, session] = deadline
    world.service.deadlines[name, unknown] = type(deadline)(name, unknown, unknown, deadline.due_at)
    world.service.advance(timedelta(days=30))
    assert world.service.snapshot()["states"] == before
