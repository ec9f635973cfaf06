"""Whose case a course is asked for, and what a provider may know of the person, and until when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor, Decision, Refused
from tests.support.training.world import CLERK, OTHER_SCOUT, PAINT, SCOUT, World, done, id_of, in_days, refused
from training.resources import ENROLMENT, SESSION

MANAGER = Actor("programme_manager", "programme:desk")


def test_only_the_desk_that_opened_the_case_asks_for_a_course() -> None:
    world = World()
    world.ready("amina")
    session = world.scheduled()
    assert_not_theirs(world.request("amina", session, OTHER_SCOUT))
    assert world.session(session).enrolments == ()
    enrolment = world.enrolled("amina", session, SCOUT)
    assert shown(world, ENROLMENT, enrolment, SCOUT).person.country == "NG"
    assert isinstance(shown(world, ENROLMENT, enrolment, OTHER_SCOUT), Refused)


def test_a_case_whose_desk_nobody_has_told_is_no_desks_to_enrol() -> None:
    world = World()
    world.opened("amina", desk=None)
    world.granted("amina")
    assert_not_theirs(world.request("amina", world.scheduled(), SCOUT))


def test_a_referral_that_is_told_first_does_not_hide_whose_case_it_is() -> None:
    world = World()
    world.referred("amina")
    world.granted("amina")
    world.opened("amina")
    done(world.request("amina", world.scheduled(), SCOUT))


def test_a_provider_knows_the_person_as_long_as_a_consent_lets_it() -> None:
    world = World()
    world.ready("amina")
    world.planned("amina", in_days(60))
    session = world.scheduled()
    enrolment = world.enrolled("amina", session)
    before = shown(world, ENROLMENT, enrolment, CLERK)
    assert before.person is not None
    assert before.must_end_by is not None
    world.consent_withdrawn("amina")
    world.rescheduled("amina", in_days(90))
    for after in (shown(world, ENROLMENT, enrolment, CLERK), shown(world, SESSION, session, CLERK).enrolments[0]):
        assert (after.person, after.must_end_by) == (None, None)
        assert (after.status, after.cancel_reason, after.case_id) == ("cancelled", "consent_withdrawn", id_of("amina"))
    for actor in (SCOUT, MANAGER):
        assert shown(world, ENROLMENT, enrolment, actor).must_end_by is not None


def test_a_consent_for_another_provider_shows_this_one_nothing() -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", PAINT)
    enrolment = world.enrolled("amina", world.scheduled())
    assert shown(world, ENROLMENT, enrolment, CLERK).person is not None
    world.consent_withdrawn("amina")
    world.granted("amina", "provider:TRADE-ELEC", consent="another")
    assert shown(world, ENROLMENT, enrolment, CLERK).person is None


def test_after_the_course_a_provider_learns_no_later_departure() -> None:
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled(starts_on=in_days(0), ends_on=in_days(4)))
    done(world.complete(enrolment))
    world.planned("amina", in_days(60))
    after = shown(world, ENROLMENT, enrolment, CLERK)
    assert after.person is not None
    assert after.must_end_by is None
    assert shown(world, ENROLMENT, enrolment, SCOUT).must_end_by is not None


def assert_not_theirs(outcome: Decision | Refused) -> None:
    refusal = refused(outcome)
    assert (refusal.code, refusal.status, refusal.field) == ("other_organisation", 403, "/case_id")


def shown(world: World, resource: Any, id_: UUID, actor: Actor) -> Any:
    """What the caller is shown of it now."""
    service = world.service
    states = service.loaded(resource.needs(id_))
    states = service.loaded(resource.beside(states, id_), states)
    return resource.show(states, id_, service.context(actor, service.now))
