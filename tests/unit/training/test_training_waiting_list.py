"""Who gets a seat that becomes free."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from chassis.pure.decision import Actor
from tests.support.training.world import CLERK, TODAY, World, done, id_of, in_days


@pytest.fixture
def world() -> World:
    world = World()
    world.ready("amina", "bilal", "chidi", "dalia")
    return world


def queue(world: World, *names: str, seats: int = 1) -> tuple[UUID, dict[str, UUID]]:
    """A session that these people have asked for, in this order."""
    session = world.scheduled(seats=seats)
    return session, {who: world.enrolled(who, session) for who in names}


def standings(world: World, enrolments: dict[str, UUID]) -> dict[str, str]:
    return {who: world.enrolment(id_).status for who, id_ in enrolments.items()}


@pytest.mark.parametrize("actor", [None, CLERK])
def test_a_freed_seat_goes_to_the_head_of_the_list(world: World, actor: Actor | None) -> None:
    _, enrolments = queue(world, "amina", "bilal", "chidi")
    count = len(world.service.events)
    done(world.cancel(enrolments["amina"], actor) if actor else world.cancel(enrolments["amina"]))
    assert standings(world, enrolments) == {"amina": "cancelled", "bilal": "confirmed", "chidi": "waitlisted"}
    assert world.since(count) == [("EnrolmentCancelled", id_of("amina")), ("EnrolmentConfirmed", id_of("bilal"))]
    assert world.session(world.session_of(enrolments["bilal"]).id).position_of(enrolments["chidi"]) == 1


def test_who_leaves_the_list_frees_no_seat(world: World) -> None:
    _, enrolments = queue(world, "amina", "bilal", "chidi")
    done(world.cancel(enrolments["bilal"]))
    assert standings(world, enrolments) == {"amina": "confirmed", "bilal": "cancelled", "chidi": "waitlisted"}
    done(world.cancel(enrolments["amina"]))
    assert standings(world, enrolments)["chidi"] == "confirmed"


def test_the_order_is_that_of_the_requests_and_who_asks_again_is_last(world: World) -> None:
    session, enrolments = queue(world, "amina", "bilal", "chidi")
    done(world.cancel(enrolments["bilal"]))
    enrolments["bilal"] = world.enrolled("bilal", session)
    done(world.cancel(enrolments["amina"]))
    assert standings(world, enrolments) == {"amina": "cancelled", "bilal": "waitlisted", "chidi": "confirmed"}


def test_who_no_longer_fits_is_skipped(world: World) -> None:
    _, enrolments = queue(world, "amina", "bilal", "chidi", "dalia")
    world.planned("bilal", in_days(16))
    world.consent_withdrawn("chidi")
    done(world.cancel(enrolments["amina"]))
    assert {who: world.standing(id_) for who, id_ in enrolments.items()} == {
        "amina": ("cancelled", "person"),
        "bilal": ("cancelled", "departure_before_end"),
        "chidi": ("cancelled", "consent_withdrawn"),
        "dalia": ("confirmed", None),
    }


def test_a_departure_that_moves_passes_the_seat_on(world: World) -> None:
    _, enrolments = queue(world, "amina", "bilal")
    world.planned("amina", in_days(40))
    count = len(world.service.events)
    world.rescheduled("amina", in_days(20))
    assert world.since(count) == [("EnrolmentCancelled", id_of("amina")), ("EnrolmentConfirmed", id_of("bilal"))]
    assert standings(world, enrolments) == {"amina": "cancelled", "bilal": "confirmed"}


def test_one_event_can_free_seats_in_several_sessions(world: World) -> None:
    first, _ = queue(world, "amina", "bilal")
    second = world.scheduled(starts_on=in_days(30), ends_on=in_days(31))
    for who in ("amina", "chidi"):
        world.enrolled(who, second)
    world.consent_withdrawn("amina")
    heads = [world.session(id_).enrolments[1] for id_ in (first, second)]
    assert [(head.case_id, head.status) for head in heads] == [
        (id_of("bilal"), "confirmed"),
        (id_of("chidi"), "confirmed"),
    ]


def test_seats_are_passed_on_to_the_end_of_the_first_day_and_then_the_list_is_dissolved(world: World) -> None:
    session, enrolments = queue(world, "amina", "bilal", "chidi", "dalia")
    world.service.advance(timedelta(days=14, hours=8))
    done(world.cancel(enrolments["amina"], CLERK))
    assert standings(world, enrolments)["bilal"] == "confirmed"

    count = len(world.service.events)
    world.service.advance(timedelta(hours=8))
    assert world.since(count) == [("EnrolmentCancelled", id_of("chidi")), ("EnrolmentCancelled", id_of("dalia"))]
    assert world.standing(enrolments["chidi"]) == ("cancelled", "waiting_list_closed")

    done(world.cancel(enrolments["bilal"], CLERK))
    assert world.session(session).free == 1


def test_a_cancelled_session_confirms_nobody(world: World) -> None:
    session, enrolments = queue(world, "amina", "bilal", seats=1)
    done(world.cancel_session(session))
    assert set(standings(world, enrolments).values()) == {"cancelled"}


def test_a_seat_is_free_again_when_nobody_waits(world: World) -> None:
    session, enrolments = queue(world, "amina")
    assert world.session(session).status == "full"
    done(world.cancel(enrolments["amina"]))
    assert world.session(session).status == "open"
    assert done(world.request("bilal", session)).answer.status == "confirmed"


def test_several_seats_are_passed_on_one_by_one(world: World) -> None:
    _, enrolments = queue(world, "amina", "bilal", "chidi", "dalia", seats=2)
    world.departed("amina", TODAY)
    world.departed("bilal", TODAY)
    assert standings(world, enrolments) == {
        "amina": "cancelled",
        "bilal": "cancelled",
        "chidi": "confirmed",
        "dalia": "confirmed",
    }
