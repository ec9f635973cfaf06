"""What was taken down of somebody who walked in, corrected at any place of any interleaving, ends as if it had been
taken down rightly at once; of a file that is void nobody knows any more, as if nobody had come.

For the centre, deadlines included, and for each service that has heard what was wrong: also where the record of it was
missing and comes after its correction.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counselling import commands
from journey.contracts import counselling as at_journey
from journey.domain import counts
from journey.domain.duties import open_deadlines
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome, Part
from journey.handlers.hearing import HEARD
from placement import contracts as at_placement
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from referral import contracts as at_referral
from referral.domain.elsewhere import Elsewhere
from tests.property.test_arrival_corrections import Told, mixed
from tests.support.counselling.walking_in import WalkInDesk
from tests.support.counselling.world import CASE, COUNSELLOR, LAGOS, MANAGER, TODAY, done
from tests.support.memory import NOW
from tests.support.placement import world as placement
from tests.support.referral.world import Desk as Scouts
from vocabulary.case_ref import case_ref

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA, BOB = ("a" * 64,), ("b" * 64,)
SUPPORT, PERSON = UUID(int=7), UUID(int=9)
INTAKE = st.fixed_dictionaries(
    {
        "target_group": st.sampled_from(("RETURNEE_DE", "RETURNEE_THIRD_COUNTRY", "LOCAL", "MIGRANT")),
        "admin1": st.sampled_from((None, "NG-LA", "NG-ED")),
        "language": st.sampled_from(("en", "yo")),
        "return_type": st.sampled_from(("unknown", "forced")),
        "age_band": st.sampled_from(("25_34", "35_49")),
        "sex": st.sampled_from((None, "female", "male")),
        "skills": st.sampled_from(((), ("7131",), ("7212", "7531"))),
    }
)
MORE = st.fixed_dictionaries(
    {
        "household_size": st.integers(1, 3),
        "vulnerability_present": st.booleans(),
        "priority": st.sampled_from(("normal", "urgent")),
        "needs": st.sampled_from(((), ("employment",))),
    }
)
SAID = st.lists(INTAKE, min_size=1, max_size=4)
"""What is taken down, and what it is corrected to."""
CHANCE = st.randoms(use_true_random=False)


# --- at the centre ----------------------------------------------------------------------------------------------------


def put_right(desk: WalkInDesk, said: dict[str, Any] | None) -> None:
    """Two people of the centre put this in place of what was taken down; None: the file is void."""
    fixed = {"country": None, "wishes": (), "reason": "misunderstood"}
    command: Any = (
        commands.VoidFile(CASE, "wrong_person", ADA)
        if said is None
        else commands.CorrectIntake(case_id=CASE, by=ADA, **fixed, **said)
    )
    done(desk.service.command(command, COUNSELLOR))
    done(desk.service.command(commands.ConfirmCorrection(CASE, BOB), MANAGER))


def act(desk: WalkInDesk, what: str) -> None:
    """Something that the centre does beside. Whether it may, what was taken down does not say."""
    match what:
        case "contact":
            desk.contact(desk.service.now.date())
        case "assess":
            desk.assess()
        case "agree":
            desk.agree()
        case "sign":
            desk.sign()
        case "complete":
            desk.complete(referral_id=desk.intake.id)
        case "reopen":
            desk.reopen(referral_id=desk.intake.id)
        case _:
            desk.service.advance(20 * DAY)


ACTS = st.lists(st.sampled_from(("contact", "assess", "agree", "sign", "complete", "reopen", "wait")), max_size=6)


def what_lasts(desk: WalkInDesk) -> Any:
    file = replace(desk.file, corrections=())
    return file, desk.walk_in, desk.signed, dict(desk.service.deadlines)


@settings(max_examples=60)
@given(st.lists(st.tuples(INTAKE, MORE), min_size=1, max_size=4), ACTS, CHANCE)
def test_the_file_and_what_is_owed_are_as_if_it_had_been_taken_down_rightly(
    words: list[tuple[dict[str, Any], dict[str, Any]]], acts: list[str], chance: random.Random
) -> None:
    said = [{**one, **other} for one, other in words]
    assume(all(one != other for one, other in pairwise(said)))
    wrong, right = WalkInDesk.with_file(**said[0]), WalkInDesk.with_file(**said[-1])
    steps: list[Any] = [*said[1:]]
    for what in acts:
        steps.insert(chance.randint(0, len(steps)), what)
    for step in steps:
        for desk in (wrong, right):
            desk.service.advance(HOUR)
            if isinstance(step, str):
                act(desk, step)
        if not isinstance(step, str):
            put_right(wrong, step)
    assert what_lasts(wrong) == what_lasts(right)
    assert len(wrong.file.corrections) == len(said) - 1


@settings(max_examples=60)
@given(ACTS, st.integers(0, 6))
def test_a_void_file_owes_nobody_anything_whatever_was_done_in_it(acts: list[str], place: int) -> None:
    desk = WalkInDesk.with_file()
    for number, what in enumerate([*acts, "wait"]):
        if number == min(place, len(acts)):
            put_right(desk, None)
        desk.service.advance(HOUR)
        act(desk, what)
    assert (desk.file.status, desk.file.centres, desk.file.taken_on) == ("void", (LAGOS,), {})
    assert desk.service.deadlines == {}
    assert all(each.withdrawn_at is not None for each in desk.signed)
    assert desk.file.ended is not None


# --- elsewhere --------------------------------------------------------------------------------------------------------


CORRECTED: Mapping[Any, Any] = {
    at_placement: at_placement.IntakeCorrected,
    at_journey: at_journey.CaseCorrected,
    at_referral: at_referral.CaseCorrected,
}


def words_of(module: Any, said: Sequence[dict[str, Any]], *, voided: bool) -> list[Told]:
    """What the centre tells, in its order: the opening, its corrections, and perhaps that there was none."""
    told: list[Told] = [(module.CaseOpened.model_validate({**opened(said[0]), "opened_at": NOW}), NOW)]
    for number, each in enumerate(said[1:], 1):
        content = {**opened(each), "opened_at": NOW, "reason": "misunderstood"}
        told.append((CORRECTED[module].model_validate(content), NOW + number * HOUR))
    if voided:
        void = {"case_id": PERSON, "centre": LAGOS, "country": "NG", "referral_id": SUPPORT, "opened_at": NOW}
        told.append((module.CaseVoided.model_validate({**void, "reason": "other"}), NOW + len(said) * HOUR))
    return told


def right_of(module: Any, said: Sequence[dict[str, Any]], *, voided: bool) -> list[Told]:
    """What it would have told, had it been right from the start."""
    return [] if voided else words_of(module, said[-1:], voided=False)


def opened(said: dict[str, Any]) -> dict[str, Any]:
    who = {"case_id": PERSON, "centre": LAGOS, "country": "NG", "case_ref": case_ref(PERSON), "referral_id": SUPPORT}
    return {**who, **said}


OTHERS = st.lists(st.integers(0, 5), max_size=6)
LATE = st.booleans()


@settings(max_examples=80)
@given(SAID, st.booleans(), OTHERS, CHANCE, LATE)
def test_a_candidate_is_as_if_it_had_been_told_rightly(
    said: list[dict[str, Any]], voided: bool, others: list[int], chance: random.Random, late: bool
) -> None:
    signed = {
        "case_id": PERSON,
        "recipients": (LAGOS,),
        "valid_until": TODAY + 300 * DAY,
        "expires_at": NOW + 300 * DAY,
    }
    news = [
        at_placement.SignedAtCentre.model_validate({**signed, "consent_id": UUID(int=8), "purpose": "matching"}),
        at_placement.TakenBackAtCentre(case_id=PERSON, consent_id=UUID(int=8), purpose="matching"),
        at_placement.ArrivedInCountry(case_id=PERSON, arrived_on=TODAY),
        at_placement.ReferralCompleted(case_id=PERSON, referral_id=SUPPORT),
        at_placement.ReferralReopened(case_id=PERSON, referral_id=SUPPORT),
        at_placement.AgedAtCentre.model_validate({"case_id": PERSON, "age_band": "50_plus"}),
    ]
    beside: list[Told] = [(news[number], NOW + 9 * DAY + place * HOUR) for place, number in enumerate(others)]

    def outcome(told: list[Told]) -> Any:
        world = placement.World()
        for event, at in told:
            world.service.event(event, at)
        deadlines = world.service.snapshot()["deadlines"]
        person = next((each for each in world.service.all(Candidate) if each.id == PERSON), Candidate(PERSON))
        if voided:
            owed = {key: each for key, each in deadlines.items() if key[0] != "pool_exit"}
            return person.status, person.profile, person.place, person.skills, owed
        return replace(person, intake=person.intake and replace(person.intake, said_at=NOW)), deadlines

    wrong, right = words_of(at_placement, said, voided=voided), right_of(at_placement, said, voided=voided)
    assert outcome(mixed(wrong, beside, chance, late=late)) == outcome(mixed(right, beside, chance, late=False))


def test_what_is_under_way_of_somebody_who_never_came_ends_at_once() -> None:
    world = placement.World()
    candidacy_id = world.offer()
    before = world.service.state(Vacancy, world.vacancy_id).candidacy(candidacy_id)
    assert before is not None
    assert before.status == "offered"
    void = {"case_id": CASE, "centre": LAGOS, "country": "NG", "referral_id": SUPPORT}
    world.tell(at_placement.CaseVoided.model_validate(void))
    after = world.service.state(Vacancy, world.vacancy_id).candidacy(candidacy_id)
    assert after is not None
    assert after.status == "closed"
    assert world.service.state(Candidate, CASE).status == "unknown"


@settings(max_examples=80)
@given(SAID, st.booleans(), CHANCE, LATE)
def test_a_desk_may_ask_for_the_case_as_if_it_had_been_told_rightly(
    said: list[dict[str, Any]], voided: bool, chance: random.Random, late: bool
) -> None:
    def outcome(told: list[Told]) -> Any:
        desk = Scouts()
        for event, at in told:
            done(desk.service.event(event, at))
        [found] = desk.service.all(Elsewhere) or [Elsewhere(PERSON, LAGOS)]
        return replace(found, said_at=None), desk.service.snapshot()["deadlines"]

    wrong, right = words_of(at_referral, said, voided=voided), right_of(at_referral, said, voided=voided)
    assert outcome(mixed(wrong, [], chance, late=late)) == outcome(right)


@settings(max_examples=80)
@given(SAID, st.booleans(), OTHERS, CHANCE, LATE)
def test_a_journey_and_its_part_in_the_figures_are_as_if_it_had_been_told_rightly(
    said: list[dict[str, Any]], voided: bool, others: list[int], chance: random.Random, late: bool
) -> None:
    who = {"case_id": PERSON, "centre": LAGOS, "country": "NG"}
    news = [
        at_journey.FirstContactMade.model_validate({**who, "contacted_on": TODAY}),
        at_journey.ArrivedInCountry.model_validate({**who, "arrived_on": TODAY}),
        at_journey.ReferralCompleted.model_validate({**who, "referral_id": SUPPORT, "outcome_code": "need_met"}),
        at_journey.ReferralReopened.model_validate({**who, "referral_id": SUPPORT, "reason": "other"}),
        at_journey.AgeBandChanged.model_validate({**who, "age_band": "50_plus"}),
        at_journey.NeedsAssessed.model_validate(who),
    ]
    beside: list[Told] = [(news[number], NOW + 9 * DAY + place * HOUR) for place, number in enumerate(others)]

    def outcome(told: list[Told]) -> Any:
        journey, counted = Journey(PERSON), Outcome(PERSON)
        for event, at in told:
            if type(event) in HEARD:
                journey = HEARD[type(event)](journey, event, at)
            if type(event) in counts.HEARD:
                counted = counts.HEARD[type(event)](counted, event, at)
        if voided:
            return journey.opened, counted.part if counted.void_at else Part()
        age = journey.centres.owner.age
        opened_so = journey.opened and replace(journey.opened, said_at=None)
        lasting = (opened_so, age and age.band, journey.minor, journey.status, journey.referrals, journey.waits)
        return lasting, counted.part

    wrong, right = words_of(at_journey, said, voided=voided), right_of(at_journey, said, voided=voided)
    assert outcome(mixed(wrong, beside, chance, late=late)) == outcome(mixed(right, beside, chance, late=False))
    if voided:
        journey = Journey(PERSON)
        for event, at in [*wrong, *beside]:
            journey = HEARD[type(event)](journey, event, at)
        assert (journey.void, journey.status, journey.waits, journey.referrals) == (True, "void", (), ())


def test_of_a_void_case_nothing_is_owed_though_nobody_says_so() -> None:
    told = [*words_of(at_journey, [SAID_SO], voided=False), (owed(), NOW + HOUR)]
    journey = Journey(PERSON)
    for event, at in told:
        journey = HEARD[type(event)](journey, event, at)
    assert [each.type for each in open_deadlines(journey)] == ["reintegration_plan"]
    [*_, (void, at)] = words_of(at_journey, [SAID_SO], voided=True)
    assert open_deadlines(HEARD[type(void)](journey, void, at)) == ()


SAID_SO = {
    "target_group": "LOCAL",
    "language": "en",
    "return_type": "unknown",
    "age_band": "25_34",
}


def owed() -> Any:
    """That the plan is owed soon."""
    return at_journey.DeadlineApproaching.model_validate(
        {
            "case_id": PERSON,
            "centre": LAGOS,
            "country": "NG",
            "deadline_type": "reintegration_plan",
            "subject_id": PERSON,
            "owner_role": "centre_counsellor",
            "owner_org": LAGOS,
            "due_at": NOW + 9 * DAY,
            "level": 1,
        }
    )
