"""Requesting enrolments: every way, and every refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.pure.decision import Actor
from tests.support.training.world import (
    COUNSELLOR,
    PAINT,
    SCOUT,
    TODAY,
    World,
    done,
    id_of,
    in_days,
    refused,
)
from training.commands import RequestEnrolment
from training.contracts import CaseAdopted
from training.domain.learner import Learner
from training.events import EnrolmentWaitlisted

# --- request -------------------------------------------------------------------------------------------------------


def test_a_free_seat_is_given_at_once() -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled()
    outcome = done(world.request("amina", session))
    assert [type(event).__name__ for event in outcome.events] == ["EnrolmentRequested", "EnrolmentConfirmed"]
    assert outcome.answer.model_dump(mode="json") == {
        "enrolment_id": str(outcome.answer.enrolment_id),
        "case_id": str(id_of("amina")),
        "session_id": str(session),
        "provider": PAINT,
        "status": "confirmed",
        "position": None,
        "cancel_reason": None,
    }
    assert world.session(session).status == "full"
    enrolment = world.enrolment(outcome.answer.enrolment_id)
    assert (enrolment.requested_by, enrolment.requested_at) == (SCOUT.org, world.service.now)


def test_who_comes_later_waits_and_is_told_the_place() -> None:
    world = World()
    world.ready("amina", "bilal", "chidi")
    session = world.scheduled()
    world.enrolled("amina", session)
    places = []
    for who in ("bilal", "chidi"):
        outcome = done(world.request(who, session, COUNSELLOR))
        requested, waitlisted = outcome.events
        assert type(requested).__name__ == "EnrolmentRequested"
        assert isinstance(waitlisted, EnrolmentWaitlisted)
        places.append((outcome.answer.status, outcome.answer.position, waitlisted.position))
    assert places == [("waitlisted", 1, 1), ("waitlisted", 2, 2)]


def test_the_last_seat_goes_to_exactly_one_of_many() -> None:
    world = World()
    names = [f"person {number}" for number in range(30)]
    world.ready(*names)
    session = world.scheduled(seats=3)
    answers = [done(world.request(who, session)).answer.status for who in names]
    assert answers == ["confirmed"] * 3 + ["waitlisted"] * 27


def test_a_case_that_was_never_referred_can_be_enrolled_with_a_consent() -> None:
    # There are countries without a centre: nobody can be referred there, but anybody can learn before departure.
    world = World()
    world.opened("amina")
    world.granted("amina", PAINT)
    assert done(world.request("amina", world.scheduled())).answer.status == "confirmed"


@pytest.mark.parametrize(
    ("departure", "admissible"),
    [(in_days(23), True), (in_days(22), False)],  # Friday 20 March + 3 working days = Wednesday 25 March
)
def test_a_course_must_end_three_working_days_before_departure(departure: date, admissible: bool) -> None:
    world = World()
    world.ready("amina")
    world.planned("amina", departure)
    outcome = world.request("amina", world.scheduled())
    if admissible:
        done(outcome)
        return
    refusal = refused(outcome)
    assert (refusal.code, refusal.status, refusal.field) == ("course_ends_too_late", 409, "/session_id")
    assert "must end by 2026-03-19" in refusal.detail
    assert "2026-03-19" in refusal.remedy


def test_holidays_in_germany_are_no_working_days() -> None:
    world = World()
    world.ready("amina")
    world.planned("amina", date(2026, 4, 8))  # Wednesday after Easter: Tuesday 7, Thursday 2, Wednesday 1
    assert world.learner("amina").must_end_by("DE") == date(2026, 4, 1)


def test_holidays_of_a_land_are_no_working_days_of_its_providers() -> None:
    world = World()
    world.ready("amina")
    world.planned("amina", date(2026, 6, 9))  # Tuesday; Thursday 4 is Corpus Christi in Bavaria, and none in Berlin
    days = {land: world.learner("amina").must_end_by(land) for land in ("DE", "DE-BE", "DE-BY")}
    assert days == {"DE": date(2026, 6, 4), "DE-BE": date(2026, 6, 4), "DE-BY": date(2026, 6, 3)}
    late = refused(world.request("amina", world.scheduled(starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 4))))
    assert (late.code, "must end by 2026-06-03" in late.detail) == ("course_ends_too_late", True)
    done(world.request("amina", world.scheduled(starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 3))))


def test_an_online_course_may_go_on_after_the_departure() -> None:
    world = World()
    world.ready("amina")
    world.planned("amina", in_days(15))
    done(world.request("amina", world.scheduled(online=True)))


def test_who_has_departed_can_be_enrolled_online_only() -> None:
    world = World()
    world.ready("amina")
    world.departed("amina", TODAY)
    assert refused(world.request("amina", world.scheduled())).code == "person_departed"
    done(world.request("amina", world.scheduled(online=True)))


def _unknown_session(world: World, session: UUID) -> None:
    world.service.rows[type(world.session(session))].clear()


def _cancelled_session(world: World, session: UUID) -> None:
    done(world.cancel_session(session))


def _day_after_the_start(world: World, session: UUID) -> None:
    world.service.now += timedelta(days=15)


def _last_second_of_the_first_day(world: World, session: UUID) -> None:
    world.service.advance(timedelta(days=14, hours=13, minutes=59, seconds=59))


def _enrolled(world: World, session: UUID) -> None:
    world.enrolled("amina", session)


def _waiting(world: World, session: UUID) -> None:
    world.ready("bilal")
    world.enrolled("bilal", session)
    world.enrolled("amina", session)


def _overlapping(world: World, session: UUID) -> None:
    world.enrolled("amina", world.scheduled(starts_on=in_days(18), ends_on=in_days(25)))


def _waiting_for_an_overlapping_one(world: World, session: UUID) -> None:
    other = world.scheduled(starts_on=in_days(10), ends_on=in_days(14))
    world.ready("bilal")
    world.enrolled("bilal", other)
    world.enrolled("amina", other)


@pytest.mark.parametrize(
    ("happened", "code", "field", "status"),
    [
        (_unknown_session, "session_not_found", "/session_id", 404),
        (_cancelled_session, "session_cancelled", "/session_id", 409),
        (_day_after_the_start, "enrolment_closed", "/session_id", 409),
        (_last_second_of_the_first_day, "enrolment_closed", "/session_id", 409),
        (_enrolled, "already_enrolled", "/case_id", 409),
        (_waiting, "already_enrolled", "/case_id", 409),
        (_overlapping, "courses_overlap", "/session_id", 409),
        (_waiting_for_an_overlapping_one, "courses_overlap", "/session_id", 409),
    ],
)
def test_what_stands_in_the_way_of_an_enrolment(
    happened: Callable[[World, UUID], None], code: str, field: str, status: int
) -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled()
    happened(world, session)
    before = world.service.snapshot()
    refusal = refused(world.request("amina", session))
    assert (refusal.code, refusal.field, refusal.status) == (code, field, status)
    assert world.service.snapshot() == before


def test_an_unknown_case_must_be_referred_first() -> None:
    world = World()
    refusal = refused(world.request("nobody", world.scheduled()))
    assert (refusal.code, refusal.field, refusal.status) == ("case_not_found", "/case_id", 404)
    assert "refer the case first" in refusal.remedy


def test_a_waiting_list_is_bounded() -> None:
    world = World(waiting_list_limit=1)
    world.ready("amina", "bilal", "chidi")
    session = world.scheduled()
    world.enrolled("amina", session)
    world.enrolled("bilal", session)
    assert refused(world.request("chidi", session)).code == "waiting_list_full"


def test_enrolment_is_open_to_the_end_of_the_first_day() -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled()
    world.service.advance(timedelta(days=14))
    done(world.request("amina", session))


def test_courses_one_after_the_other_are_no_conflict_and_neither_are_ended_enrolments() -> None:
    world = World()
    world.ready("amina")
    first = world.scheduled()
    second = world.scheduled(starts_on=in_days(19), ends_on=in_days(20))
    overlapping = world.scheduled(starts_on=in_days(15), ends_on=in_days(15))
    enrolment = world.enrolled("amina", first)
    world.enrolled("amina", second)
    done(world.cancel(enrolment))
    done(world.request("amina", overlapping))


def test_the_command_of_a_request_needs_the_person_before_any_session() -> None:
    world = World()
    handler = world.service.handlers[RequestEnrolment]
    needs = list(handler.needs(RequestEnrolment(uuid4(), id_of("amina"))))
    assert [(need.state.__name__, need.linked) for need in needs] == [
        ("Learner", False),
        ("CourseSession", True),
        ("CourseSession", False),
    ]


def test_the_desk_that_has_adopted_a_case_of_a_centre_asks_for_a_seat() -> None:
    world = World()
    session = world.scheduled()
    assert refused(world.request("amina", session)).code == "case_not_found"
    adopted = CaseAdopted(
        case_id=id_of("amina"),
        desk=SCOUT.org,
        case_ref="PH-HN3KZ0A-6",
        target_group="RETURNEE_DE",
        country="NG",
        language="en",
        age_band="25_34",
    )
    done(world.service.event(adopted))
    assert refused(world.request("amina", session, Actor("scout", "scouts:berlin"))).code == "other_organisation"
    assert refused(world.request("amina", session)).code == "consent_missing"
    [learner] = world.service.all(Learner)
    assert (learner.desk, learner.profile.age_band, learner.case_ref) == (SCOUT.org, "25_34", "PH-HN3KZ0A-6")
