"""A correction of an offer or of a start of work, at any place of any interleaving, ends as if it had been right.

For the desk that corrects the work, and for each service that has heard what was wrong: also where the record of it
was missing and comes after its correction.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counselling import contracts as at_counselling
from counselling.domain.centre_file import CentreFile
from placement import commands
from referral import contracts as at_referral
from referral.domain.case import Case
from tests.support.counselling.world import CASE, Desk, done
from tests.support.placement.world import DAY, TODAY, World
from tests.support.referral.world import Desk as Scouts

ADA, BOB = "a" * 64, "b" * 64
OFFER, CANDIDACY, WORK = UUID(int=2), UUID(int=3), UUID(int=4)
COMMON = {"case_id": CASE, "candidacy_id": CANDIDACY, "offer_id": OFFER, "isco08": "7131", "reason": "wrong_day"}
AGO = st.integers(0, 12)
DAYS = st.lists(AGO, min_size=1, max_size=4)
CHANCE = st.randoms(use_true_random=False)


def offered(module: Any, ago: int, name: str = "JobOffered") -> Any:
    days = {"offered_on": TODAY - ago * DAY, "starts_on": TODAY}
    return getattr(module, name).model_validate({**COMMON, **days, "formal": True})


def employed(module: Any, ago: int, name: str = "EmploymentStarted") -> Any:
    work = {"employment_id": WORK, "started_on": TODAY - ago * DAY, "employment_type": "full_time"}
    return getattr(module, name).model_validate({**COMMON, **work, "formal": True, "subsidised": False})


def voided(module: Any, record: str, id_: UUID) -> Any:
    return module.PlacementRecordVoided.model_validate({"case_id": CASE, "record": record, "record_id": id_})


def wrong_and_right(module: Any, days: Sequence[int], *, work: bool, void: bool) -> tuple[list[Any], list[Any]]:
    """What is told of an offer, or of work, with all corrections; and what would have been told at once."""
    first, more, corrected = (
        (employed, "EmploymentStarted", "EmploymentCorrected") if work else (offered, "JobOffered", "JobOfferCorrected")
    )
    told = [first(module, days[0], more), *(first(module, ago, corrected) for ago in days[1:])]
    if void:
        told.append(voided(module, "employment" if work else "job_offer", WORK if work else OFFER))
    return told, [] if void else [first(module, days[-1], more)]


def mixed(words: list[Any], others: list[Any], chance: random.Random, *, late: bool) -> list[Any]:
    """Both in one order. `late`: the record of the beginning was missing, and fills its gap in the end."""
    if late and words:
        words = [*words[1:], words[0]]
    lanes, found = [list(words), list(others)], list[Any]()
    while any(lanes):
        found.append(chance.choice([lane for lane in lanes if lane]).pop(0))
    return found


@settings(max_examples=60, deadline=None)
@given(DAYS, st.booleans(), st.booleans(), CHANCE, st.booleans())
def test_a_centres_file_has_the_offer_and_the_work_as_if_they_had_been_told_rightly(
    days: list[int], work: bool, void: bool, chance: random.Random, late: bool
) -> None:
    wrong, right = wrong_and_right(at_counselling, days, work=work, void=void)
    beside = [employed(at_counselling, 1)] if not work else [offered(at_counselling, 1)]

    def outcome(told: list[Any], others: list[Any], *, late: bool) -> Any:
        desk = Desk.with_arrival()
        desk.tell(*mixed(told, others, chance, late=late))
        file: CentreFile = desk.file
        return replace(file, early=replace(file.early, voided=())), desk.service.deadlines

    assert outcome(wrong, beside, late=late) == outcome(right, beside, late=False)


@settings(max_examples=60, deadline=None)
@given(DAYS, st.booleans(), st.booleans(), CHANCE, st.booleans())
def test_the_scouts_case_counts_offers_and_work_as_if_they_had_been_told_rightly(
    days: list[int], work: bool, void: bool, chance: random.Random, late: bool
) -> None:
    wrong, right = wrong_and_right(at_referral, days, work=work, void=void)
    beside = [employed(at_referral, 1)] if not work else [offered(at_referral, 1)]

    def outcome(told: list[Any], *, late: bool) -> Any:
        desk = Scouts.referred()
        for event in mixed(told, beside, chance, late=late):
            done(desk.service.event(event))
        case: Case = desk.service.state(Case, CASE)
        # What the placement desk may know ends with the work, also if that turns out not to have begun (ADR 17).
        return replace(case, timeline=(), voided=(), engagements=()), case.status, case.job_offers

    assert outcome(wrong, late=late) == outcome(right, late=False)


@settings(max_examples=40, deadline=None)
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
