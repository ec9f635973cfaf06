"""A correction of how a course ended, at any place of any history, ends as if it had been recorded rightly at once.

For the provider, and for each service that has heard what was wrong: also where the record of it was missing and comes
after its correction. When a seat ended that a void result had kept is said when the result is void: times stay apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counselling import contracts as at_counselling
from journey.contracts import training as at_journey
from journey.domain.counts import HEARD as COUNTED
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.handlers.hearing import HEARD
from placement import contracts as at_placement
from placement.domain.candidate import Candidate
from referral import contracts as at_referral
from tests.support.counselling.world import Desk as Centre
from tests.support.placement import world as placement
from tests.support.referral.news import CASE
from tests.support.referral.world import Desk
from tests.support.training.world import CLERK, TODAY, World, done, id_of
from training.commands import CorrectCompletion, VoidCompletion
from training.domain.session import CourseSession

HOUR = timedelta(hours=1)
Told = tuple[Any, datetime]
RESULT = st.tuples(
    st.sampled_from(["passed", "attended"]), st.integers(1, 20), st.sampled_from([(), ("7131",), ("7132", "7231")])
)
WORDS = st.tuples(st.lists(RESULT, min_size=1, max_size=4), st.booleans())
"""What is recorded of the end of a course, what it is corrected to, and whether it is void in the end."""
MEANWHILE: Sequence[Callable[[World], Any]] = (
    lambda world: None,
    lambda world: world.consent_withdrawn("amina"),
    lambda world: world.departed("amina", TODAY),
    lambda world: world.referral_withdrawn("amina"),
    lambda world: world.failed("amina"),
)


def fields(result: tuple[Any, ...]) -> tuple[Any, ...]:
    return result[0], result[1], TODAY, result[2]


def history(
    words: tuple[list[Any], bool], meanwhile: Callable[[World], Any], place: int, *, right: bool
) -> tuple[World, list[Told]]:
    """What a provider does and tells; `right`: as if it had known all at once."""
    results, voided = words
    world, told = World(), list[Told]()

    def act(do: Callable[[], Any]) -> None:
        before = len(world.service.events)
        do()
        told.extend((event, world.service.now) for event in world.service.events[before:])
        world.service.advance(HOUR)

    world.ready("amina")
    session = world.scheduled(starts_on=TODAY)
    enrolments = list[Any]()
    act(lambda: enrolments.append(world.enrolled("amina", session)))
    [enrolment] = enrolments

    def complete(result: Any) -> None:
        kind, units, on, skills = fields(result)
        done(world.complete(enrolment, result=kind, units=units, finished_on=on, skills=skills))

    if not right:
        act(lambda: complete(results[0]))
    elif not voided:
        act(lambda: complete(results[-1]))
    else:
        world.service.advance(HOUR)
    wanted: list[Any] = [CorrectCompletion(session, enrolment, *fields(each), "wrong_terms") for each in results[1:]]
    wanted += [VoidCompletion(session, enrolment, id_of("amina"), "wrong_person")] if voided else []
    for number in range(len(wanted) + 1):
        if number == min(place, len(wanted)):
            act(lambda: meanwhile(world))
        if number < len(wanted):
            command = wanted[number]
            act(lambda command=command: None if right else done(world.service.command(command, CLERK)))  # type: ignore[misc]
    return world, told


@st.composite
def stories(draw: st.DrawFn) -> tuple[Any, ...]:
    words = draw(WORDS)
    assume(all(one != other for one, other in pairwise(words[0])))
    return words, draw(st.sampled_from(MEANWHILE)), draw(st.integers(0, 5))


def sessions_of(world: World) -> list[CourseSession]:
    found: list[CourseSession] = world.service.all(CourseSession)
    return found


def enrolments_of(world: World) -> Any:
    found = [(session.status, each) for session in sessions_of(world) for each in session.enrolments]
    return [(status, replace(each, corrections=())) for status, each in found]


@settings(max_examples=25)
@given(stories())
def test_the_enrolment_is_as_if_it_had_been_recorded_rightly(story: tuple[Any, ...]) -> None:
    (wrong, _), (right, _) = history(*story, right=False), history(*story, right=True)
    assert enrolments_of(wrong) == enrolments_of(right)
    words = story[0]
    [[enrolment]] = [session.enrolments for session in sessions_of(wrong)]
    assert len(enrolment.corrections) == len(words[0]) - 1 + words[1]


def read(module: Any, told: list[Told], *, late: bool) -> list[Told]:
    """What a service hears of it. `late`: the record of the result was missing, and fills its gap in the end."""
    if late:
        results = [each for each in told if type(each[0]).__name__ == "CourseCompleted"]
        told = [*(each for each in told if each not in results), *results]
    heard = [(getattr(module, type(event).__name__, None), event, at) for event, at in told]
    return [
        (contract.model_validate({**event.model_dump(), "case_id": CASE}), at)
        for contract, event, at in heard
        if contract is not None and "case_id" in type(event).model_fields
    ]


def at_the_centre(told: list[Told]) -> Any:
    centre = Centre.with_acceptance()
    for event, at in told:
        done(centre.service.event(event, at))
    return [replace(each, told_at=None) for each in centre.file.courses], centre.file.early


def at_the_placement_desk(told: list[Told]) -> Any:
    world = placement.World()
    world.service.event(placement.referred())
    for event, at in told:
        done(world.service.event(event, at))
    [candidate] = world.service.all(Candidate)
    return candidate.skills, candidate.verified_skills


def at_the_desk(told: list[Told]) -> Any:
    desk = Desk.referred()
    for event, at in told:
        done(desk.service.event(event, at))
    return [(each.id, each.by, each.over) for each in desk.case.engagements], desk.case.receivers


def in_the_figures(told: list[Told]) -> Any:
    outcome = Outcome(CASE)
    for event, at in told:
        if type(event) in COUNTED:
            outcome = COUNTED[type(event)](outcome, event, at)
    return outcome.part


def in_the_journey(told: list[Told]) -> Any:
    journey = Journey(CASE)
    for event, at in told:
        journey = HEARD[type(event)](journey, event, at)
    return {id_: each.status for id_, each in journey.places.items()}, [each.what for each in journey.waits]


READERS: Sequence[tuple[str, Any, Callable[[list[Told]], Any]]] = (
    ("counselling", at_counselling, at_the_centre),
    ("placement", at_placement, at_the_placement_desk),
    ("referral", at_referral, at_the_desk),
    ("figures", at_journey, in_the_figures),
    ("journey", at_journey, in_the_journey),
)


@pytest.mark.parametrize(("name", "module", "outcome"), READERS)
@settings(max_examples=25)
@given(story=stories(), late=st.booleans())
def test_every_reader_is_as_if_it_had_been_told_rightly(
    name: str, module: Any, outcome: Callable[[list[Told]], Any], story: tuple[Any, ...], late: bool
) -> None:
    (_, wrong), (_, right) = history(*story, right=False), history(*story, right=True)
    words = story[0]
    late = late and len(words[0]) + words[1] > 1
    assert outcome(read(module, wrong, late=late)) == outcome(read(module, right, late=False)), name
