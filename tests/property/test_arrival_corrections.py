"""A correction of an arrival, at any place of any interleaving, ends as if it had been right from the start.

For the centre that corrects, deadlines included, and for each service that has heard what was wrong: also where the
record of it was missing and comes after its correction.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counselling import commands
from placement import contracts as at_placement
from placement.domain.candidate import Candidate
from referral import contracts as at_referral
from referral.domain.case import Case
from tests.support.counselling.world import CASE, COUNSELLOR, Desk, done
from tests.support.memory import NOW
from tests.support.placement import world as placement
from tests.support.referral.news import arrived
from tests.support.referral.world import Desk as Scouts
from tests.support.training import world as training
from training import contracts as at_training
from training.domain.learner import Learner

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA, BOB = "a" * 64, "b" * 64
AGO = st.integers(0, 12)
VOID = None
WORDS = st.tuples(st.lists(AGO, min_size=1, max_size=4), st.booleans())
"""The day that is reported, those that it is corrected to, and whether it is voided in the end."""


def day(ago: int) -> date:
    return NOW.date() - ago * DAY


# --- at the centre ----------------------------------------------------------------------------------------------------


def corrected(desk: Desk, ago: int | None) -> None:
    """Two people of the centre put this in place of what is recorded; None: there was no arrival."""
    wanted: Any = (
        commands.VoidArrival(CASE, "wrong_person", (ADA,))
        if ago is None
        else commands.CorrectArrival(CASE, day(ago), "phone", None, "wrong_day", (ADA,))
    )
    done(desk.service.command(wanted, COUNSELLOR))
    done(desk.service.command(commands.ConfirmCorrection(CASE, (BOB,)), COUNSELLOR))


def recorded(desk: Desk, ago: int) -> None:
    done(desk.service.command(commands.ConfirmArrival(CASE, day(ago), "phone", None), COUNSELLOR))


def what_lasts(desk: Desk, *, contacted: bool) -> Any:
    """The file and its deadlines, but for what tells that something was corrected. What was once said to be overdue was
    said: it is compared while the contact is owed."""
    file = replace(desk.file, corrections=())
    if contacted and file.arrival is not None:
        file = replace(file, arrival=replace(file.arrival, contact_overdue_level=0))
    return file, dict(desk.service.deadlines)


@settings(max_examples=60)
@given(WORDS, st.booleans(), st.booleans(), st.lists(st.integers(1, 200), min_size=6, max_size=6))
def test_the_file_and_what_is_owed_are_as_if_it_had_been_recorded_rightly(
    words: tuple[list[int], bool], vulnerable: bool, contacted: bool, hours: list[int]
) -> None:
    days, voided = words
    assume(all(one != other for one, other in pairwise(days)))
    wrong, right = (
        Desk.with_acceptance(vulnerability_present=vulnerable),
        Desk.with_acceptance(vulnerability_present=vulnerable),
    )
    waits = iter(hours)
    for desk in (wrong, right):
        desk.service.advance(HOUR)
    recorded(wrong, days[0])
    if not voided:
        recorded(right, days[-1])
    contacted = contacted and not voided
    for number, ago in enumerate([*days[1:], *([VOID] if voided else [])]):
        wait = next(waits) * HOUR
        wrong.service.advance(wait)
        right.service.advance(wait)
        if number == 0 and contacted:
            for desk in (wrong, right):
                done(desk.contact(desk.service.now.date()))
        corrected(wrong, ago)
    for desk in (wrong, right):
        desk.service.advance(HOUR)
    assert what_lasts(wrong, contacted=contacted) == what_lasts(right, contacted=contacted)
    assert len(wrong.file.corrections) == len(days) - 1 + voided


# --- elsewhere --------------------------------------------------------------------------------------------------------

Told = tuple[Any, datetime]
Tell = Callable[[Any, datetime], None]


def words_of(module: Any, days: Sequence[int], *, voided: bool, **more: Any) -> list[Told]:
    """What the centre tells, in its order: the report, its corrections, and perhaps that there was no arrival."""
    told: list[Told] = [(module.ArrivedInCountry(case_id=CASE, arrived_on=day(days[0]), **more), NOW)]
    tail = {"case_id": CASE, "reported_at": NOW, "reason": "wrong_day", **more}
    for number, ago in enumerate(days[1:], 1):
        told.append((module.ArrivalCorrected.model_validate({**tail, "arrived_on": day(ago)}), NOW + number * HOUR))
    if voided:
        told.append((module.RecordVoided.model_validate({**tail, "record": "arrival"}), NOW + len(days) * HOUR))
    return told


def right_of(module: Any, days: Sequence[int], *, voided: bool, **more: Any) -> list[Told]:
    """What it would have told, had it been right from the start."""
    return [] if voided else [(module.ArrivedInCountry(case_id=CASE, arrived_on=day(days[-1]), **more), NOW)]


def mixed(words: list[Told], others: list[Told], chance: random.Random, *, late: bool) -> list[Told]:
    """Both in one order. `late`: the record of the report was missing, and fills its gap in the end."""
    if late:
        words = [*words[1:], words[0]]
    lanes, found = [list(words), list(others)], list[Told]()
    while any(lanes):
        found.append(chance.choice([lane for lane in lanes if lane]).pop(0))
    return found


LATE = st.booleans()
CHANCE = st.randoms(use_true_random=False)
SOME = st.lists(st.integers(0, 5), max_size=6)


@settings(max_examples=60)
@given(WORDS, SOME, CHANCE, LATE)
def test_the_clock_to_a_job_offer_runs_as_if_it_had_been_told_rightly(
    words: tuple[list[int], bool], others: list[int], chance: random.Random, late: bool
) -> None:
    days, voided = words
    news = [
        placement.referred(),
        placement.consent(),
        placement.withdrawn(),
        placement.aged("35_49"),
        placement.closed_by_centre(),
        placement.reopened(),
    ]
    beside: list[Told] = [(news[number], NOW + place * HOUR) for place, number in enumerate(others)]

    def outcome(told: list[Told]) -> Any:
        world = placement.World()
        for event, at in told:
            world.service.event(event, at)
        found = world.service.snapshot()
        people = [replace(each, arrival_told=None) for each in world.service.all(Candidate)]
        return people or [Candidate(CASE)], found["deadlines"]

    wrong = words_of(at_placement, days, voided=voided)
    right = right_of(at_placement, days, voided=voided)
    assert outcome(mixed(wrong, beside, chance, late=late)) == outcome(mixed(right, beside, chance, late=False))


@settings(max_examples=60)
@given(WORDS, SOME, CHANCE, LATE)
def test_a_learner_is_gone_as_if_it_had_been_told_rightly(
    words: tuple[list[int], bool], others: list[int], chance: random.Random, late: bool
) -> None:
    days, voided = words
    plan = {"case_id": CASE, "status": "planned", "earliest": day(-3), "latest": day(-9)}
    news = [
        at_training.DeparturePlanned.model_validate(plan),
        at_training.DepartureCancelled(case_id=CASE),
        at_training.ReturneeDeparted(case_id=CASE, departed_on=day(2)),
    ]
    beside: list[Told] = [(news[number % 3], NOW - 9 * HOUR + place * HOUR) for place, number in enumerate(others)]

    def outcome(told: list[Told]) -> Any:
        world = training.World()
        for event, at in told:
            world.service.event(event, at)
        people: list[Learner] = world.service.all(Learner) or [Learner(CASE)]
        return [(replace(each, arrival_told=None, arrived_at=None), each.status, each.gone_on) for each in people]

    wrong = words_of(at_training, days, voided=voided)
    right = right_of(at_training, days, voided=voided)
    assert outcome(mixed(wrong, beside, chance, late=late)) == outcome(mixed(right, beside, chance, late=False))


WAYS: Sequence[Callable[[Scouts], Any]] = (
    lambda desk: None,
    lambda desk: desk.plan(),
    lambda desk: (desk.plan(), desk.book()),
    lambda desk: desk.depart(),
    lambda desk: (desk.depart(), desk.divert()),
    lambda desk: (desk.plan(), desk.miss()),
)
"""How far the journey was before the arrival was told."""


@settings(max_examples=60)
@given(WORDS, st.sampled_from(WAYS), SOME, CHANCE, LATE)
def test_the_scouts_case_is_as_if_it_had_been_told_rightly(
    words: tuple[list[int], bool],
    way: Callable[[Scouts], Any],
    others: list[int],
    chance: random.Random,
    late: bool,
) -> None:
    days, voided = words
    centre = arrived().centre

    def outcome(module: list[Told]) -> Any:
        desk = Scouts.referred()
        way(desk)
        beside: list[Told] = [(desk.received(), NOW), (desk.accepted(), NOW), (desk.completed(), NOW + 9 * HOUR)]
        beside = beside[: len(others) % 4]
        for event, at in [*beside[:2], *mixed(module, beside[2:], chance, late=late and len(module) > 1)]:
            done(desk.service.event(event, at))
        case: Case = desk.service.state(Case, CASE)
        journey = replace(case.journey, arrival_told=None, heard_at=None)
        return replace(case, timeline=(), journey=journey), desk.service.snapshot()["deadlines"]

    wrong = words_of(at_referral, days, voided=voided, centre=centre)
    right = right_of(at_referral, days, voided=voided, centre=centre)
    assert outcome(wrong) == outcome(right)
