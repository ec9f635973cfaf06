"""What ends a time in classrooms in Germany beside a departure: a death, an arrival; and how it begins anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from chassis.pure.retention import TermOver
from tests.support.memory import NOW, SYSTEM
from tests.support.training.world import CLERK, World, done, id_of, in_days, refused
from training.commands import CorrectCompletion
from training.domain.enrolment import Completion
from training.events import EnrolmentConfirmed
from training.retention import KEEPS

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    world = World()
    world.ready("amina", "bilal")
    return world


def seats(world: World) -> tuple[UUID, UUID]:
    """Amina has the one seat of a course, and Bilal waits for it."""
    session = world.scheduled()
    return world.enrolled("amina", session), world.enrolled("bilal", session)


def test_a_death_frees_the_seat_for_whoever_waits(world: World) -> None:
    hers, his = seats(world)
    world.failed("amina")
    assert (world.standing(hers), world.standing(his)) == (("cancelled", "person"), ("confirmed", None))
    assert isinstance(world.last(), EnrolmentConfirmed)


def test_that_nothing_came_of_a_referral_is_no_concern_of_a_course(world: World) -> None:
    hers, _ = seats(world)
    before = world.service.snapshot()
    world.failed("amina", ends_case=False)
    assert world.standing(hers) == ("confirmed", None)
    assert world.service.snapshot() == before


def test_a_course_that_is_over_is_not_undone_by_a_death(world: World) -> None:
    hers, _ = seats(world)
    world.service.advance(timedelta(days=30))
    world.failed("amina")
    assert world.standing(hers) == ("confirmed", None)


def test_a_death_of_somebody_unknown_leaves_nothing() -> None:
    world = World()
    world.failed("amina")
    assert world.service.snapshot()["states"]["learner"] == {}


def test_who_is_seen_in_the_country_sits_in_no_classroom(world: World) -> None:
    hers, his = seats(world)
    online = world.enrolled("amina", world.scheduled(online=True, starts_on=in_days(40), ends_on=in_days(44)))
    world.arrived("amina", in_days(2))
    assert world.learner("amina").status == "departed"
    assert (world.standing(hers), world.standing(his)) == (("cancelled", "departed"), ("confirmed", None))
    assert world.standing(online) == ("confirmed", None)
    later = world.scheduled(starts_on=in_days(50), ends_on=in_days(54))
    assert refused(world.request("amina", later)).code == "person_departed"


def test_a_missed_departure_lifts_the_limit(world: World) -> None:
    world.planned("amina", in_days(20))
    session = world.scheduled()
    assert refused(world.request("amina", session)).code == "course_ends_too_late"
    world.missed("amina")
    done(world.request("amina", session))


@pytest.mark.parametrize("gone", ["departed", "arrived"])
def test_whoever_is_to_leave_again_is_in_germany_again(world: World, gone: str) -> None:
    getattr(world, gone)("amina", in_days(-3))
    session = world.scheduled()
    assert refused(world.request("amina", session)).code == "person_departed"
    world.occurred_at = NOW + HOUR
    world.planned("amina", in_days(60))
    done(world.request("amina", session))


def test_a_plan_from_before_the_arrival_does_not_bring_anybody_back(world: World) -> None:
    world.planned("amina", in_days(60))
    world.occurred_at = NOW + HOUR
    world.arrived("amina", in_days(0))
    assert refused(world.request("amina", world.scheduled())).code == "person_departed"


def test_plan_departure_and_arrival_come_to_the_same_in_whatever_order_they_are_heard_of() -> None:
    """Two journeys: left and arrived, then planned, left and arrived again."""
    told = [
        ("departed", in_days(2), NOW + HOUR),
        ("arrived", in_days(3), NOW + 2 * HOUR),
        ("planned", in_days(30), NOW + 3 * HOUR),
        ("departed", in_days(31), NOW + 4 * HOUR),
    ]
    ends = set()
    for order in permutations(told):
        if [each for each in order if each[0] != "arrived"] != [each for each in told if each[0] != "arrived"]:
            continue  # the referral topic has them in order; the arrival comes from another one, at any moment
        world = World()
        world.ready("amina")
        for name, day, at in order:
            world.occurred_at = at
            getattr(world, name)("amina", day)
        ends.add(world.service.snapshot()["states"]["learner"][id_of("amina")])
        assert world.learner("amina").gone_on == in_days(31)
    assert len(ends) == 1


def term_over(world: World, kind: str, name: str) -> None:
    [kept] = [each for each in KEEPS if each.kind == kind]
    done(world.service._run(kept.handler, TermOver(kind, id_of(name)), SYSTEM, world.service.now))


def test_a_seat_without_a_result_is_nobodys_once_the_term_is_over(world: World) -> None:
    session = world.scheduled()
    hers = world.enrolled("amina", session)
    world.service.advance(timedelta(days=365 * 7))
    term_over(world, "enrolment", "amina")
    [left] = world.session(session).enrolments
    assert (left.status, left.case_id == id_of("amina"), left.live) == ("confirmed", False, False)
    told = list(world.service.events)
    assert refused(world.complete(hers)).code == "enrolment_not_found"
    assert refused(world.cancel(hers)).code == "enrolment_not_found"
    assert world.service.events == told, "nothing is told of nobody"


def test_of_who_is_nobody_any_more_neither_a_moment_nor_a_day_is_left(world: World) -> None:
    session = world.scheduled()
    hers = world.enrolled("amina", session)
    world.service.advance(timedelta(days=20, minutes=7))
    done(world.complete(hers, skills=("7131",)))
    world.service.advance(HOUR)
    right = CorrectCompletion(session, hers, "passed", 12, in_days(19), ("7131",), "misunderstood")
    done(world.service.command(right, CLERK))
    term_over(world, "enrolment", "amina")
    [left] = world.session(session).enrolments
    assert left.completion == Completion("passed", 12, in_days(19).replace(day=1), ("7131",))
    assert left.requested_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert left.corrections == ()


def test_while_the_course_goes_on_a_seat_stays_somebodys(world: World) -> None:
    session = world.scheduled()
    world.enrolled("amina", session)
    term_over(world, "enrolment", "amina")
    assert [each.case_id for each in world.session(session).enrolments] == [id_of("amina")]
