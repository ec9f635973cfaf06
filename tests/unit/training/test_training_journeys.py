"""What the referral service tells of a person, and what follows for their courses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from tests.support.memory import NOW
from tests.support.training.world import World, done, id_of, in_days, refused
from training.contracts import DeparturePlanned, DepartureVoided, ExpectedDeparture, ReturneeReferred
from training.domain.learner import Learner


@pytest.fixture
def world() -> World:
    world = World()
    world.ready("amina")
    return world


# --- what is known of a person -------------------------------------------------------------------------------------


def test_a_person_is_known_from_the_first_event_on() -> None:
    world = World()
    world.opened("amina")
    learner = world.learner("amina")
    assert learner.status == "known"
    assert learner.profile is not None
    assert (learner.profile.language, learner.profile.country, learner.profile.age_band) == ("en", "NG", "unknown")


def test_a_referral_tells_more_than_the_intake() -> None:
    world = World()
    world.opened("amina")
    world.referred("amina", language="ha", country="GH", target_group="MIGRANT", age_band="18_24")
    learner = world.learner("amina")
    assert learner.status == "referred"
    assert learner.profile is not None
    assert (learner.profile.language, learner.profile.country) == ("ha", "GH")
    assert (learner.profile.target_group, learner.profile.age_band) == ("MIGRANT", "18_24")


def age_of(world: World) -> str | None:
    profile = world.learner("amina").profile
    return None if profile is None else profile.age_band


def test_the_age_band_is_the_last_that_was_told_in_whatever_order_it_is_heard_of() -> None:
    world = World()
    world.occurred_at = NOW + timedelta(hours=2)
    world.aged("amina", "18_24")
    assert (world.learner("amina").status, age_of(world)) == ("unknown", None)
    world.opened("amina")
    assert age_of(world) == "18_24"
    world.occurred_at = NOW + timedelta(hours=1)
    world.referred("amina", age_band="under_18")
    assert age_of(world) == "18_24"
    world.aged("amina", "under_18")
    assert age_of(world) == "18_24"
    world.occurred_at = NOW + timedelta(hours=3)
    world.referred("amina", referral="another", age_band="25_34")
    assert age_of(world) == "25_34"


@pytest.mark.parametrize(
    "first",
    [
        lambda world: world.aged("amina", "unknown"),
        lambda world: world.granted("amina"),
        lambda world: world.planned("amina", in_days(50)),
        lambda world: world.departure_cancelled("amina"),
        lambda world: world.consent_withdrawn("amina"),
        lambda world: world.referral_withdrawn("amina"),
    ],
)
def test_an_event_from_the_middle_of_the_topic_makes_a_stub_that_the_intake_completes(
    first: Callable[[World], None],
) -> None:
    world = World()
    first(world)
    assert world.learner("amina").status == "unknown"
    world.opened("amina")
    assert world.learner("amina").status == "known"


@pytest.mark.parametrize("purpose", ["referral", "matching", "presentation"])
def test_other_consents_are_not_kept(purpose: str) -> None:
    world = World()
    world.granted("amina", purpose=purpose)
    world.consent_withdrawn("amina", purpose=purpose)
    assert world.service.all(Learner) == []


# --- departure -----------------------------------------------------------------------------------------------------


def earliest(world: World) -> date | None:
    departure = world.learner("amina").departure
    return None if departure is None else departure.earliest


def test_the_date_of_a_referral_counts_until_the_journey_has_its_own() -> None:
    world = World()
    world.opened("amina")
    world.referred("amina", expected=in_days(60))
    assert earliest(world) == in_days(60)
    world.referred("amina", referral="second", expected=in_days(70))
    assert earliest(world) == in_days(70)
    world.planned("amina", in_days(40))
    world.referred("amina", referral="third", expected=in_days(80))
    assert earliest(world) == in_days(40)
    world.departure_cancelled("amina")
    world.referred("amina", referral="fourth", expected=in_days(90))
    assert earliest(world) == in_days(90)


@pytest.mark.parametrize(
    "moved",
    [
        lambda world, day: world.planned("amina", day),
        lambda world, day: world.rescheduled("amina", day),
        lambda world, day: world.referred("amina", referral="again", expected=day),
    ],
)
@pytest.mark.parametrize(("day", "fits"), [(in_days(23), True), (in_days(22), False)])
def test_whatever_moves_the_departure_the_course_is_checked_again(
    world: World, moved: Callable[[World, date], None], day: date, fits: bool
) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    moved(world, day)
    assert world.standing(enrolment) == (("confirmed", None) if fits else ("cancelled", "departure_before_end"))


def test_a_departure_that_moves_back_revives_nothing_but_opens_the_way_for_a_new_request(world: World) -> None:
    session = world.scheduled()
    enrolment = world.enrolled("amina", session)
    world.planned("amina", in_days(20))
    assert refused(world.request("amina", session)).code == "course_ends_too_late"
    world.rescheduled("amina", in_days(60))
    assert world.standing(enrolment) == ("cancelled", "departure_before_end")
    done(world.request("amina", session))


def test_a_departure_that_is_called_off_lifts_the_limit(world: World) -> None:
    session = world.scheduled()
    world.planned("amina", in_days(20))
    world.departure_cancelled("amina")
    assert world.learner("amina").must_end_by("DE") is None
    done(world.request("amina", session))


def test_somebody_on_the_waiting_list_is_checked_too(world: World) -> None:
    world.ready("bilal")
    session = world.scheduled()
    world.enrolled("bilal", session)
    waiting = world.enrolled("amina", session)
    world.planned("amina", in_days(20))
    assert world.standing(waiting) == ("cancelled", "departure_before_end")


def test_an_online_course_is_kept(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled(online=True))
    world.planned("amina", in_days(10))
    world.departed("amina", in_days(10))
    assert world.standing(enrolment) == ("confirmed", None)


def test_a_course_that_is_over_is_not_undone_by_a_departure_that_is_planned_later(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    last_day, day_after = NOW + timedelta(days=18), NOW + timedelta(days=19)
    world.rescheduled("amina", in_days(21), at=day_after)
    assert world.standing(enrolment) == ("confirmed", None)
    world.rescheduled("amina", in_days(21), at=last_day)
    assert world.standing(enrolment) == ("cancelled", "departure_before_end")


def test_the_days_are_those_of_the_event_and_not_of_its_handling(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    world.service.now = NOW + timedelta(days=100)
    world.rescheduled("amina", in_days(21), at=NOW)
    assert world.standing(enrolment) == ("cancelled", "departure_before_end")


@pytest.mark.parametrize("earliest", [date.min, date(1900, 1, 1), date(2017, 1, 2), date(2101, 3, 1), date.max])
def test_a_departure_outside_of_any_calendar_is_a_fault_of_the_message(world: World, earliest: date) -> None:
    before = world.service.snapshot()
    planned = DeparturePlanned(case_id=id_of("amina"), status="planned", earliest=earliest)
    referred = ReturneeReferred(
        case_id=id_of("amina"),
        referral_id=id_of("again"),
        root_referral_id=id_of("again"),
        country="NG",
        language="en",
        target_group="RETURNEE_DE",
        age_band="unknown",
        departure=ExpectedDeparture(earliest=earliest),
    )
    for event in (planned, referred):
        assert refused(world.service.event(event)).code == "calendar_unknown"
    assert world.service.snapshot() == before


# --- departed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("departed_on", "standing"),
    [
        (in_days(18), ("cancelled", "departed")),
        (in_days(10), ("cancelled", "departed")),
        (in_days(19), ("confirmed", None)),  # it was over by then: the provider has yet to record the result
    ],
)
def test_who_has_left_cannot_complete_a_course_that_was_not_over(
    world: World, departed_on: date, standing: tuple[str, str | None]
) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    world.departed("amina", departed_on)
    assert world.standing(enrolment) == standing
    assert world.learner("amina").status == "departed"


def test_the_departure_that_took_place_replaces_the_one_that_was_planned(world: World) -> None:
    world.planned("amina", in_days(40))
    world.departed("amina", in_days(41))
    assert world.learner("amina").must_end_by("DE") is None


def test_days_turn_in_germany(world: World) -> None:
    enrolment = world.enrolled("amina", world.scheduled())
    late_on_the_last_day = datetime.fromisoformat("2026-03-20T22:30:00+00:00")  # 23:30 in Berlin
    world.rescheduled("amina", in_days(21), at=late_on_the_last_day + timedelta(hours=1))
    assert world.standing(enrolment) == ("confirmed", None)
    world.rescheduled("amina", in_days(21), at=late_on_the_last_day)
    assert world.standing(enrolment) == ("cancelled", "departure_before_end")


def test_what_a_later_referral_expects_is_known_again_once_a_departure_is_void(world: World) -> None:
    world.planned("amina", in_days(60))
    world.departure_cancelled("amina")
    cancelled_at = world.service.now
    world.service.advance(timedelta(hours=1))
    world.referred("amina", referral="second", expected=in_days(20))
    expected = world.learner("amina").departure
    assert expected is not None
    world.departed("amina", in_days(0))
    told_at = world.service.now
    world.service.advance(timedelta(hours=1))
    voided = DepartureVoided(case_id=id_of("amina"), status="cancelled", told_at=cancelled_at, reported_at=told_at)
    done(world.service.event(voided))
    assert world.learner("amina").departure == expected
