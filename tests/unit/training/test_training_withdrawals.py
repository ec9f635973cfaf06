"""Consents and referrals that are taken back, and what stays all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.training.world import ELEC, PAINT, TODAY, World, done, id_of, in_days
from training.domain.learner import Learner


@pytest.fixture
def world() -> World:
    world = World()
    world.ready("amina")
    return world


# --- consent -------------------------------------------------------------------------------------------------------


def test_a_withdrawn_consent_ends_what_no_other_one_covers() -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", "country:DE", consent="all")
    world.granted("amina", PAINT, consent="painter")
    painter = world.enrolled("amina", world.scheduled())
    online = world.enrolled("amina", world.scheduled(starts_on=in_days(30), ends_on=in_days(31), online=True))
    world.consent_withdrawn("amina", "all")
    assert world.standing(painter) == ("confirmed", None)
    world.consent_withdrawn("amina", "painter")
    assert world.standing(painter) == ("cancelled", "consent_withdrawn")
    assert world.standing(online) == ("cancelled", "consent_withdrawn")


def test_a_consent_for_another_provider_covers_nothing_here() -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", PAINT, ELEC, consent="both")
    world.granted("amina", ELEC, consent="electrician")
    enrolment = world.enrolled("amina", world.scheduled())
    world.consent_withdrawn("amina", "both")
    assert world.standing(enrolment) == ("cancelled", "consent_withdrawn")


def test_a_consent_that_ends_before_the_course_does_not_carry_it() -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", consent="long")
    world.granted("amina", consent="short", until=in_days(17))
    enrolment = world.enrolled("amina", world.scheduled())
    world.consent_withdrawn("amina", "long")
    assert world.standing(enrolment) == ("cancelled", "consent_withdrawn")


def test_the_withdrawal_of_an_unknown_consent_changes_nothing(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    world.consent_withdrawn("amina", "another")
    assert world.standing(enrolment) == ("confirmed", None)


def test_a_consent_is_withdrawn_even_after_the_last_day(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    world.service.advance(timedelta(days=30))
    world.consent_withdrawn("amina")
    assert world.standing(enrolment) == ("cancelled", "consent_withdrawn")


# --- referrals -----------------------------------------------------------------------------------------------------


def test_the_support_of_a_walk_in_frees_the_seats_of_those_alone_who_have_no_other_referral(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    world.referral_withdrawn("amina", "support", walk_in=True)
    assert world.standing(enrolment) == ("confirmed", None)
    world.opened("bola")
    world.granted("bola")
    seat = world.enrolled("bola", world.scheduled())
    world.referral_withdrawn("bola", "support", walk_in=True)
    assert world.standing(seat) == ("cancelled", "person")


def test_the_withdrawal_of_the_last_open_referral_frees_the_seats(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    online = world.enrolled("amina", world.scheduled(starts_on=in_days(30), ends_on=in_days(31), online=True))
    world.referral_withdrawn("amina")
    assert world.standing(enrolment) == ("cancelled", "person")
    assert world.standing(online) == ("cancelled", "person")
    assert world.learner("amina").status == "known"


def test_another_open_referral_keeps_the_seat(world: World) -> None:
    world.referred("amina", referral="second")
    enrolment = world.enrolled("amina", world.scheduled())
    world.referral_withdrawn("amina", "second")
    assert world.standing(enrolment) == ("confirmed", None)
    world.referral_withdrawn("amina")
    assert world.standing(enrolment) == ("cancelled", "person")


def test_a_redirected_referral_is_withdrawn_under_an_id_that_is_unknown_here(world: World) -> None:
    world.referred("amina", referral="second")
    enrolment = world.enrolled("amina", world.scheduled())
    world.referral_withdrawn("amina", "child at another centre")
    assert world.standing(enrolment) == ("confirmed", None)
    world.referral_withdrawn("amina", "second")
    assert world.standing(enrolment) == ("cancelled", "person")


def test_a_renewed_referral_takes_the_place_of_the_old_one(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    world.referred("amina", referral="renewed", root="referral of amina")
    world.referral_withdrawn("amina", "renewed")
    assert world.standing(enrolment) == ("cancelled", "person")


def test_a_withdrawal_that_comes_before_its_referral_frees_the_seat_as_it_would_after_it() -> None:
    world = World()
    world.opened("amina")
    world.granted("amina")
    enrolment = world.enrolled("amina", world.scheduled())
    world.referral_withdrawn("amina")
    assert world.standing(enrolment) == ("cancelled", "person")
    world.referred("amina")
    assert not world.service.state(Learner, id_of("amina")).referrals.open


def test_a_withdrawal_that_is_told_again_frees_no_seat(world: World) -> None:
    world.referral_withdrawn("amina", "nobody knows which")
    enrolment = world.enrolled("amina", world.scheduled())
    world.referral_withdrawn("amina", "nobody knows which")
    assert world.standing(enrolment) == ("confirmed", None)


def test_a_withdrawal_after_the_last_day_leaves_the_result_to_the_provider(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    world.service.advance(timedelta(days=19))
    world.referral_withdrawn("amina")
    assert world.standing(enrolment) == ("confirmed", None)
    done(world.complete(enrolment, finished_on=in_days(18)))


# --- what is completed stays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "later",
    [
        lambda world: world.consent_withdrawn("amina"),
        lambda world: world.referral_withdrawn("amina"),
        lambda world: world.planned("amina", in_days(1)),
        lambda world: world.departed("amina", TODAY),
    ],
)
def test_a_completed_course_stays_whatever_happens_later(world: World, later: Callable[[World], None]) -> None:
    enrolment = world.enrolled("amina", world.scheduled(starts_on=TODAY))
    done(world.complete(enrolment))
    count = len(world.service.events)
    later(world)
    assert world.standing(enrolment) == ("completed_attended", None)
    assert world.since(count) == []


def test_events_about_an_enrolment_carry_ids_and_codes_of_the_course_only(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled(starts_on=TODAY))
    done(world.complete(enrolment))
    subject = {"case_id", "enrolment_id", "session_id", "provider"}
    course = {"course_code", "isco08", "category", "result", "units", "finished_on", "skills"}
    requested, confirmed, completed = (set(event.model_dump()) for event in world.service.events[1:])
    assert (requested, confirmed, completed) == (subject, subject, subject | course)
