"""A result of a course that was recorded wrongly is corrected or void, and what was recorded stays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.pure.decision import Actor, Decision, Refused
from tests.support.memory import NOW
from tests.support.training.world import CLERK, OTHER_CLERK, TODAY, World, done, id_of, in_days, refused
from training.commands import CorrectCompletion, VoidCompletion
from training.domain.enrolment import MOST_CORRECTIONS
from training.events import CompletionCorrected, CompletionVoided, EnrolmentCancelled

HOUR = timedelta(hours=1)


def learned(online: bool = False) -> tuple[World, UUID]:
    """Amina has taken a course that began today, as is recorded."""
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled(starts_on=TODAY, online=online))
    done(world.complete(enrolment))
    world.service.advance(HOUR)
    return world, enrolment


def correct(world: World, enrolment: UUID, actor: Actor = CLERK, **changes: Any) -> Decision | Refused:
    fields: dict[str, Any] = {"result": "passed", "units": 20, "finished_on": TODAY, "skills": ("7131",)}
    fields |= {"reason": "misunderstood", **changes}
    return world.service.command(CorrectCompletion(world.session_of(enrolment).id, enrolment, **fields), actor)


def void(world: World, enrolment: UUID, actor: Actor = CLERK, reason: str = "wrong_person") -> Decision | Refused:
    command = VoidCompletion(world.session_of(enrolment).id, enrolment, id_of("amina"), reason)
    return world.service.command(command, actor)


def test_a_correction_tells_all_of_what_is_right_and_when_it_was_first_recorded() -> None:
    world, enrolment = learned()
    outcome = done(correct(world, enrolment))
    assert outcome.answer.status == "completed_passed"
    (event,) = outcome.events
    assert isinstance(event, CompletionCorrected)
    assert (event.result, event.skills, event.course_code) == ("passed", ("7131",), "PAINT-BASICS")
    assert (event.reported_at, event.reason) == (NOW, "misunderstood")
    known = world.session_of(enrolment).enrolment(enrolment)
    assert known is not None
    [kept] = known.corrections
    assert (kept.was.result, kept.reason, kept.at) == ("attended", "misunderstood", NOW + HOUR)
    done(correct(world, enrolment, units=12))
    assert world.standing(enrolment) == ("completed_passed", None)


def test_without_a_result_the_person_has_the_seat_and_the_course_can_end_for_them() -> None:
    world, enrolment = learned()
    (event,) = done(void(world, enrolment)).events
    assert isinstance(event, CompletionVoided)
    assert (event.reported_at, event.reason) == (NOW, "wrong_person")
    assert world.standing(enrolment) == ("confirmed", None)
    done(world.complete(enrolment, result="passed"))
    assert world.standing(enrolment) == ("completed_passed", None)


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (lambda world, _: world.consent_withdrawn("amina"), "consent_withdrawn"),
        (lambda world, _: world.departed("amina", TODAY), "departed"),
        (lambda world, _: world.referral_withdrawn("amina"), "person"),
        (lambda world, _: world.failed("amina"), "person"),
        (lambda world, session: done(world.cancel_session(session)), "course_cancelled"),
    ],
)
def test_what_has_come_meanwhile_ends_the_enrolment_once_the_result_is_void(meanwhile: Any, reason: str) -> None:
    world, enrolment = learned()
    meanwhile(world, world.session_of(enrolment).id)
    assert world.standing(enrolment) == ("completed_attended", None)
    voided, ended = done(void(world, enrolment)).events
    assert isinstance(voided, CompletionVoided)
    assert isinstance(ended, EnrolmentCancelled)
    assert world.standing(enrolment) == ("cancelled", reason)


@pytest.mark.parametrize("left", ["referral_withdrawn", "failed"])
def test_who_left_when_the_course_was_over_has_the_seat_once_the_result_is_void(left: str) -> None:
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled(starts_on=TODAY))
    done(world.complete(enrolment))
    world.service.advance(timedelta(days=30))
    getattr(world, left)("amina")
    done(void(world, enrolment))
    assert world.standing(enrolment) == ("confirmed", None)


def test_a_corrected_result_stays_the_ground_for_a_seat_of_who_has_left() -> None:
    world, enrolment = learned()
    world.failed("amina")
    done(correct(world, enrolment))
    assert world.standing(enrolment) == ("completed_passed", None)
    done(void(world, enrolment))
    assert world.standing(enrolment) == ("cancelled", "person")


@pytest.mark.parametrize("starts_on", [TODAY, in_days(1)])
def test_who_takes_another_course_on_the_same_days_has_the_seat_of_a_void_result_no_more(starts_on: date) -> None:
    world, enrolment = learned()
    other = world.enrolled("amina", world.scheduled(starts_on=starts_on, ends_on=in_days(2)))
    _, ended = done(void(world, enrolment)).events
    assert isinstance(ended, EnrolmentCancelled)
    assert (world.standing(enrolment), world.standing(other)) == (("cancelled", "person"), ("confirmed", None))


@pytest.mark.parametrize(("seats", "status"), [(1, "waitlisted"), (2, "confirmed")])
def test_who_has_asked_for_the_same_course_again_is_in_it_once(seats: int, status: str) -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled(starts_on=TODAY, seats=seats)
    first = world.enrolled("amina", session)
    done(world.complete(first))
    again = world.enrolled("amina", session)
    assert world.standing(again)[0] == status
    done(void(world, first))
    assert (world.standing(first), world.standing(again)) == (("cancelled", "person"), ("confirmed", None))


def test_a_course_on_other_days_leaves_the_seat_of_a_void_result() -> None:
    world, enrolment = learned()
    world.enrolled("amina", world.scheduled(starts_on=in_days(40), ends_on=in_days(44)))
    done(void(world, enrolment))
    assert world.standing(enrolment) == ("confirmed", None)


def test_a_seat_that_a_void_result_gives_up_goes_to_who_waits() -> None:
    world = World()
    world.ready("amina", "bilal")
    session = world.scheduled(starts_on=TODAY)
    hers, his = world.enrolled("amina", session), world.enrolled("bilal", session)
    done(world.complete(hers))
    world.consent_withdrawn("amina")
    assert world.standing(his)[0] == "waitlisted"
    done(void(world, hers))
    assert world.standing(his)[0] == "confirmed"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"finished_on": in_days(-1)}, "dates_reversed", "/finished_on"),
        ({"finished_on": in_days(1)}, "date_in_future", "/finished_on"),
        ({"units": 21}, "units_exceed_course", "/units"),
        ({"skills": ("7141",)}, "unknown_code", "/skills/0"),
        ({"reason": "tired"}, "unknown_code", "/reason"),
    ],
)
def test_a_result_is_not_corrected_to_what_cannot_be(changes: dict[str, Any], code: str, field: str) -> None:
    world, enrolment = learned()
    refusal = refused(correct(world, enrolment, **changes))
    assert (refusal.code, refusal.field, refusal.status) == (code, field, 422)


def test_only_the_provider_puts_right_what_it_has_recorded_and_not_without_end() -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled(starts_on=TODAY)
    enrolment = world.enrolled("amina", session)
    assert refused(correct(world, enrolment)).code == "nothing_recorded"
    assert refused(void(world, enrolment)).code == "nothing_recorded"
    done(world.complete(enrolment))
    for outcome in (correct(world, enrolment, OTHER_CLERK), void(world, enrolment, OTHER_CLERK)):
        assert refused(outcome).code == "other_organisation"
    assert refused(void(world, enrolment, reason="tired")).field == "/reason"
    same = correct(world, enrolment, result="attended", skills=())
    assert refused(same).code == "nothing_corrected"
    for command in (
        CorrectCompletion(session, uuid4(), "passed", 1, TODAY, (), "misunderstood"),
        VoidCompletion(session, uuid4(), id_of("amina"), "wrong_person"),
        VoidCompletion(session, enrolment, uuid4(), "wrong_person"),
    ):
        assert refused(world.service.command(command, CLERK)).code == "enrolment_not_found"
    for number in range(MOST_CORRECTIONS):
        done(correct(world, enrolment, units=1 + number % 2))
    assert refused(correct(world, enrolment, units=3)).code == "limit_reached"


def test_an_online_course_goes_on_for_whom_has_left_once_its_result_is_void() -> None:
    world, enrolment = learned(online=True)
    world.departed("amina", TODAY)
    done(void(world, enrolment))
    assert world.standing(enrolment) == ("confirmed", None)
