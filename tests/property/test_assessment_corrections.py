"""Assessments that are void, at any place of any interleaving, end as if they had never been made.

For the centre, deadlines included, and for each service that has heard of them: also where the record of one was
missing and comes after what voids it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from counselling import commands
from counselling.domain.centre_file import CentreFile
from counselling.outcomes import AssessmentOutcome
from journey.contracts import counselling as at_journey
from journey.domain.journey import Journey
from journey.handlers.hearing import HEARD
from placement import contracts as at_placement
from placement.domain.candidate import Candidate
from tests.property.test_arrival_corrections import Told, mixed
from tests.support.counselling.world import CASE, COUNSELLOR, LAGOS, TODAY, Desk, done
from tests.support.memory import NOW
from tests.support.placement import world as placement
from vocabulary.case_ref import case_ref
from vocabulary.terms import Readiness
from vocabulary.voiding import ASSESSMENT

HOUR = timedelta(hours=1)
MADE = st.tuples(st.sampled_from(("now", "after_support", "not_now")), st.booleans())
"""What an assessment says, and whether it turns out to be wrong."""
HISTORY = st.lists(MADE, min_size=1, max_size=5)
CHANCE = st.randoms(use_true_random=False)


# --- at the centre ----------------------------------------------------------------------------------------------------


class Counsellor:
    """One desk that assesses, and voids."""

    def __init__(self) -> None:
        self.desk = Desk.with_contact()

    def assess(self, readiness: Readiness, number: int) -> UUID:
        levels = {"economic": number % 4, "health": 1}
        command = commands.RecordAssessment(CASE, readiness, "normal", levels, TODAY)
        answer = done(self.desk.service.command(command, COUNSELLOR)).answer
        assert isinstance(answer, AssessmentOutcome)
        return answer.assessment_ref

    def void(self, ref: UUID) -> None:
        done(self.desk.service.command(commands.VoidAssessment(CASE, ref, "wrong_person"), COUNSELLOR))

    def what_lasts(self) -> Any:
        """The file and its deadlines, but for what tells that something was void; ids are drawn anew in each world."""
        file: CentreFile = self.desk.file
        summaries = (*file.assessments_before, *(() if file.assessment is None else (file.assessment,)))
        said = [replace(each, assessment_ref=CASE) for each in summaries]
        last = None if file.assessment is None else replace(file.assessment, assessment_ref=CASE)
        same = replace(file, assessment=last, assessments_before=(), assessments=0, care_keys={}, voided=())
        return same, said, dict(self.desk.service.deadlines)


@settings(max_examples=60)
@given(HISTORY, st.lists(st.sampled_from(("contact", "agree", "wait")), max_size=5), CHANCE)
def test_the_file_and_what_is_owed_are_as_if_a_void_assessment_had_never_been_made(
    history: list[tuple[Readiness, bool]], beside: list[str], chance: random.Random
) -> None:
    wrong, right = Counsellor(), Counsellor()
    to_void: list[UUID] = []

    def voids() -> None:
        while to_void and chance.random() < 0.5:
            wrong.void(to_void.pop(chance.randrange(len(to_void))))

    acts: list[Any] = chance.sample([*range(len(history)), *beside], len(history) + len(beside))
    for number, act in enumerate(acts):
        for one in (wrong, right):
            one.desk.service.advance(timedelta(days=20) if act == "wait" else HOUR)
            if act == "contact":
                done(one.desk.contact())
            elif act == "agree":
                done(one.desk.agree())
        if isinstance(act, int):
            readiness, is_void = history[act]
            ref = wrong.assess(readiness, number)
            if is_void:
                to_void.append(ref)
            else:
                right.assess(readiness, number)
        voids()
    for ref in to_void:
        wrong.void(ref)
    assert _but_ids(wrong.what_lasts()) == _but_ids(right.what_lasts())
    assert len(wrong.desk.file.voided) == sum(is_void for _, is_void in history)


def _but_ids(lasting: Any) -> Any:
    """Ids of contacts and plans are drawn after those of assessments."""
    file, said, deadlines = lasting
    contacts = tuple(replace(each, id=None) for each in file.contacts)
    plans = tuple(replace(each, id=CASE) for each in (*file.plans_before, *(() if file.plan is None else (file.plan,))))
    return replace(file, contacts=contacts, plan=None, plans_before=plans), said, deadlines


# --- elsewhere --------------------------------------------------------------------------------------------------------


def words_of(module: Any, history: list[tuple[Readiness, bool]], chance: random.Random, **more: Any) -> list[Told]:
    """What the centre tells, in its order: each assessment, and some time later that it is void."""
    told: list[Told] = []
    for number, (readiness, is_void) in enumerate(history):
        at = NOW + number * HOUR
        told.append((module.NeedsAssessed.model_validate({"case_id": CASE, "readiness": readiness, **more}), at))
        if is_void:
            void = {"case_id": CASE, "record": ASSESSMENT, "reported_at": at, "reason": "wrong_person", **more}
            later = at + chance.randint(0, 9) * HOUR + timedelta(minutes=1)
            told.append((module.RecordVoided.model_validate(void), later))
    return sorted(told, key=lambda each: each[1])


def right_of(module: Any, history: list[tuple[Readiness, bool]], **more: Any) -> list[Told]:
    """What it would have told, had it been right from the start."""
    return [
        (module.NeedsAssessed.model_validate({"case_id": CASE, "readiness": readiness, **more}), NOW + number * HOUR)
        for number, (readiness, is_void) in enumerate(history)
        if not is_void
    ]


@settings(max_examples=60)
@given(HISTORY, st.lists(st.integers(0, 5), max_size=6), CHANCE, st.booleans())
def test_a_candidate_is_as_ready_as_if_it_had_been_told_rightly(
    history: list[tuple[Readiness, bool]], others: list[int], chance: random.Random, late: bool
) -> None:
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
        people = [replace(each, assessments=()) for each in world.service.all(Candidate)]
        return people or [Candidate(CASE)], world.service.snapshot()["deadlines"]

    wrong, right = words_of(at_placement, history, chance), right_of(at_placement, history)
    assert outcome(mixed(wrong, beside, chance, late=late)) == outcome(mixed(right, beside, chance, late=False))


@settings(max_examples=60)
@given(HISTORY, CHANCE, st.booleans())
def test_a_journey_waits_as_if_it_had_been_told_rightly(
    history: list[tuple[Readiness, bool]], chance: random.Random, late: bool
) -> None:
    who: dict[str, Any] = {"centre": LAGOS, "country": "NG"}
    referral_id = UUID(int=1)
    opened = {"case_id": CASE, "case_ref": case_ref(CASE), "referral_id": referral_id, "target_group": "LOCAL"}
    said = {**opened, **who, "age_band": "25_34", "return_type": "unknown"}
    begun = at_journey.CaseOpened.model_validate(said)

    def outcome(told: list[Told]) -> Any:
        journey = Journey(CASE)
        for event, at in [(begun, NOW - HOUR), *told]:
            journey = HEARD[type(event)](journey, event, at)
        return journey.assessed, journey.status, journey.waits

    wrong, right = words_of(at_journey, history, chance, **who), right_of(at_journey, history, **who)
    assert outcome(mixed(wrong, [], chance, late=late)) == outcome(right)
