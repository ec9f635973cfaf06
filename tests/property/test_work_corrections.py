"""A correction of an offer or of a start of work, at any place of any interleaving, ends as if it had been right.

For the desk that corrects the work, and for each service that has heard what was wrong: also where the record of it
was missing and comes after its correction.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counselling import contracts as at_counselling
from counselling.domain.centre_file import CentreFile
from journey.contracts import placement as at_journey
from journey.domain.counting import counted
from journey.domain.counts import HEARD as COUNTED
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.handlers.hearing import HEARD
from placement import commands
from placement.events import EmploymentCorrected, JobOfferCorrected
from referral import contracts as at_referral
from referral.domain.case import Case
from tests.support.counselling.world import CASE, Desk, done
from tests.support.memory import NOW
from tests.support.placement.world import DAY, TODAY, World
from tests.support.referral.world import Desk as Scouts

ADA, BOB = "a" * 64, "b" * 64
OFFER, CANDIDACY, WORK = UUID(int=2), UUID(int=3), UUID(int=4)
COMMON = {"case_id": CASE, "candidacy_id": CANDIDACY, "offer_id": OFFER, "isco08": "7131", "reason": "wrong_day"}
AGO = st.integers(0, 12)
DAYS = st.lists(AGO, min_size=1, max_size=4)
KINDS = st.sampled_from(["full_time", "internship"])
FACTS = st.lists(st.tuples(AGO, KINDS), min_size=1, max_size=4)
"""So many days ago, and of what kind: as it was told first, and as it was corrected each time."""
USUAL = (1, "full_time")
USUAL_OFFER = (0, "full_time")
"""As the desk has recorded it."""
HOUR = timedelta(hours=1)
CHANCE = st.randoms(use_true_random=False)


def offered(module: Any, told: tuple[int, str], name: str = "JobOffered") -> Any:
    ago, kind = told
    days = {"offered_on": TODAY - ago * DAY, "starts_on": TODAY, "expires_at": NOW}
    return getattr(module, name).model_validate({**COMMON, **days, "employment_type": kind, "formal": True})


def employed(module: Any, told: tuple[int, str], name: str = "EmploymentStarted") -> Any:
    ago, kind = told
    work = {"employment_id": WORK, "started_on": TODAY - ago * DAY, "employment_type": kind}
    return getattr(module, name).model_validate({**COMMON, **work, "formal": True, "subsidised": False})


def voided(module: Any, record: str, id_: UUID) -> Any:
    return module.PlacementRecordVoided.model_validate({"case_id": CASE, "record": record, "record_id": id_})


def wrong_and_right(
    module: Any, facts: Sequence[tuple[int, str]], *, work: bool, void: bool
) -> tuple[list[Any], list[Any]]:
    """What is told of an offer, or of work, with all corrections; and what would have been told at once."""
    first, more, corrected = (
        (employed, "EmploymentStarted", "EmploymentCorrected") if work else (offered, "JobOffered", "JobOfferCorrected")
    )
    told = [first(module, facts[0], more), *(first(module, each, corrected) for each in facts[1:])]
    if void:
        told.append(voided(module, "employment" if work else "job_offer", WORK if work else OFFER))
    return told, [] if void else [first(module, facts[-1], more)]


def mixed(words: list[Any], others: list[Any], chance: random.Random, *, late: bool) -> list[Any]:
    """Both in one order. `late`: the record of the beginning was missing, and fills its gap in the end."""
    if late and words:
        words = [*words[1:], words[0]]
    lanes, found = [list(words), list(others)], list[Any]()
    while any(lanes):
        found.append(chance.choice([lane for lane in lanes if lane]).pop(0))
    return found


@settings(max_examples=60)
@given(FACTS, st.booleans(), st.booleans(), CHANCE, st.booleans())
def test_a_centres_file_has_the_offer_and_the_work_as_if_they_had_been_told_rightly(
    facts: list[tuple[int, str]], work: bool, void: bool, chance: random.Random, late: bool
) -> None:
    wrong, right = wrong_and_right(at_counselling, facts, work=work, void=void)
    beside = [employed(at_counselling, USUAL)] if not work else [offered(at_counselling, USUAL)]

    def outcome(told: list[Any], others: list[Any], *, late: bool) -> Any:
        desk = Desk.with_arrival()
        desk.tell(*mixed(told, others, chance, late=late))
        file: CentreFile = desk.file
        return replace(file, early=replace(file.early, voided=())), desk.service.deadlines

    assert outcome(wrong, beside, late=late) == outcome(right, beside, late=False)


@settings(max_examples=60)
@given(FACTS, st.booleans(), st.booleans(), CHANCE, st.booleans())
def test_the_scouts_case_counts_offers_and_work_as_if_they_had_been_told_rightly(
    facts: list[tuple[int, str]], work: bool, void: bool, chance: random.Random, late: bool
) -> None:
    wrong, right = wrong_and_right(at_referral, facts, work=work, void=void)
    beside = [employed(at_referral, USUAL)] if not work else [offered(at_referral, USUAL)]

    def outcome(told: list[Any], *, late: bool) -> Any:
        desk = Scouts.referred()
        for event in mixed(told, beside, chance, late=late):
            done(desk.service.event(event))
        case: Case = desk.service.state(Case, CASE)
        # What the placement desk may know ends with the work, also if that turns out not to have begun (ADR 17).
        return replace(case, timeline=(), voided=(), engagements=()), case.status, case.job_offers

    assert outcome(wrong, late=late) == outcome(right, late=False)


@settings(max_examples=60)
@given(FACTS, st.booleans(), st.booleans(), CHANCE, st.booleans())
def test_journey_counts_the_promise_and_the_work_as_if_they_had_been_told_rightly(
    facts: list[tuple[int, str]], work: bool, void: bool, chance: random.Random, late: bool
) -> None:
    wrong, right = wrong_and_right(at_journey, facts, work=work, void=void)
    beside = [employed(at_journey, USUAL)] if not work else [offered(at_journey, USUAL)]

    def outcome(told: list[Any], *, late: bool) -> Any:
        times = {id(event): NOW + number * HOUR for number, event in enumerate([*beside, *told])}
        known, journey = Outcome(CASE), Journey(CASE)
        for event in mixed(told, beside, chance, late=late):
            known = COUNTED[type(event)](known, event, times[id(event)])
            journey = HEARD[type(event)](journey, event, times[id(event)])
        ways = {id_: (each.candidacy_id, each.starts_on) for id_, each in journey.work.offers.items()}
        jobs = {id_: each.started_on for id_, each in journey.work.jobs.items()}
        lasting = [{id_: each for id_, each in of.items() if id_ not in journey.work.voided} for of in (ways, jobs)]
        return counted(known).part, lasting, journey.work.answer_by if not void else None, journey.employed

    assert outcome(wrong, late=late) == outcome(right, late=False)


@settings(max_examples=40)
@given(DAYS, st.booleans())
def test_the_desk_that_corrects_the_work_has_all_as_if_it_had_recorded_it_rightly(days: list[int], void: bool) -> None:
    assume(all(one != other for one, other in pairwise(days)))
    wrong, right = World(), World()
    ids = [world.ids(world.accept()) for world in (wrong, right)]
    wrong.do(commands.StartEmployment(*ids[0], TODAY - days[0] * DAY, "contract"))
    if not void:
        right.do(commands.StartEmployment(*ids[1], TODAY - days[-1] * DAY, "contract"))
    steps: list[Any] = [
        commands.CorrectEmployment(*ids[0], TODAY - ago * DAY, "contract", "wrong_day", (ADA,)) for ago in days[1:]
    ]
    for step in [*steps, *([commands.VoidEmployment(*ids[0], "wrong_person", (ADA,))] if void else [])]:
        wrong.do(step)
        wrong.do(commands.ConfirmCorrection(*ids[0], (BOB,)))
    [one], [other] = (world.vacancy.candidacies for world in (wrong, right))
    assert replace(one, corrections=()) == replace(other, employment=other.employment and _same(other, one))
    assert wrong.candidate == right.candidate
    assert wrong.service.deadlines.keys() == right.service.deadlines.keys()


def _same(other: Any, one: Any) -> Any:
    """The work of the other world under the id of this one."""
    return replace(other.employment, id=one.employment.id)


@settings(max_examples=40)
@given(FACTS, st.booleans())
def test_the_desk_that_corrects_the_offer_has_all_as_if_it_had_recorded_it_rightly(
    facts: list[tuple[int, str]], work: bool
) -> None:
    assume(all(one != other for one, other in pairwise([USUAL_OFFER, *facts])))
    wrong, right = World(), World()
    ids = [
        world.ids(world.offer(employment_type=kind)) for world, kind in ((wrong, "full_time"), (right, facts[-1][1]))
    ]
    for world, whose in ((wrong, ids[0]), (right, ids[1])):
        if work:
            world.do(commands.AcceptOffer(*whose))
            world.do(commands.StartEmployment(*whose, TODAY, "contract"))
    for ago, kind in facts:
        wrong.do(commands.CorrectOffer(*ids[0], TODAY - ago * DAY, kind, "wrong_terms", (ADA,)))
        wrong.do(commands.ConfirmCorrection(*ids[0], (BOB,)))
    [one], [other] = (world.vacancy.candidacies for world in (wrong, right))
    assert one.offer is not None
    assert other.offer is not None
    on = TODAY - facts[-1][0] * DAY
    assert one.offer == replace(other.offer, id=one.offer.id, offered_on=on)
    assert replace(one, offer=None, corrections=()) == replace(
        other, offer=None, employment=other.employment and _same(other, one)
    )
    assert wrong.candidate == replace(right.candidate, first_offer_on=on)
    assert wrong.service.deadlines.keys() == right.service.deadlines.keys()
    told = wrong.last(JobOfferCorrected)
    assert (told.employment_type, told.offered_on) == (facts[-1][1], on)
    if work and len({kind for _, kind in [USUAL_OFFER, *facts]}) > 1:
        assert wrong.last(EmploymentCorrected).employment_type == facts[-1][1]
