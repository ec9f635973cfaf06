"""However topics interleave and records repeat, the way into work ends in the same state, and in the right one.

A history has three parts. First other services tell what they know; then the desk acts (what it may do follows from
what it knows); then the others tell more. Both tellings are delivered in two random interleavings that keep the
order inside a topic and key, with repeats that positions filter. Compared are both runs with each other, and each
with a model that reads topic by topic (`tests/support/placement/model.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from chassis.pure.decision import Refused
from placement import commands
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from tests.support.memory import NOW
from tests.support.placement.histories import (
    TOPICS,
    Facts,
    History,
    Told,
    contract,
    deliver,
    employers,
    histories,
    likely,
    merges,
    named,
    recipients,
    telling,
)
from tests.support.placement.model import MONTH, Model
from tests.support.placement.world import DAKAR, IN_DAKAR, LAGOS, OFFICER, World


def fresh() -> tuple[World, dict[str, UUID]]:
    """Nobody is in it. In Nigeria one opening for painters and two for welders, in The Gambia one for bakers."""
    world = World(openings=1)
    world.service.rows[Candidate].clear()
    vacancies = {"painter": world.vacancy_id, "welder": world.publish(openings=2, isco08="7212")}
    vacancies["baker"] = world.publish_in_gambia(isco08="7512")
    return world, vacancies


def command(world: World, act: str, ids: tuple[UUID, UUID, UUID]) -> Any:
    if act == "present":
        return commands.Present(*ids)
    if act == "offer":
        return world.offer_command(ids[2])
    if act == "accept":
        return commands.AcceptOffer(*ids)
    if act == "decline":
        return commands.DeclineOffer(*ids, "wage")
    if act == "meet":
        return commands.ArrangeInterview(*ids, NOW, "phone")
    if act == "met":
        return commands.ReportInterview(*ids, NOW.date(), "held")
    if act == "back":
        return commands.CloseCandidacy(*ids, "person_declined", "person")
    return commands.StartEmployment(*ids, NOW.date(), "contract")


def perform(world: World, vacancies: dict[str, UUID], acts: list[tuple[str, str, str]]) -> list[str | None]:
    """What the desk tries, and the code of each refusal."""
    answers: list[str | None] = []
    latest: dict[tuple[str, str], UUID] = {}
    for act, case, vacancy in acts:
        actor = IN_DAKAR if vacancy == "baker" else OFFICER
        if act == "shortlist":
            outcome = world.run(commands.Shortlist(vacancies[vacancy], named(case)), actor)
            if not isinstance(outcome, Refused):
                latest[case, vacancy] = outcome.answer.candidacy_id
        elif (case, vacancy) not in latest:
            continue
        else:
            ids = (vacancies[vacancy], named(case), latest[case, vacancy])
            outcome = world.run(command(world, act, ids), actor)
        answers.append(outcome.code if isinstance(outcome, Refused) else None)
    return answers


def expect(history: History, hiring: dict[str, str]) -> tuple[Model, list[str | None]]:
    """The model after the same history, read topic by topic."""
    lagos, dakar = (LAGOS, "NG", {"NG"}), (DAKAR, "SN", {"SN", "GM"})
    model = Model(
        {"painter": 1, "welder": 2, "baker": 1},
        hiring,
        {"painter": "NG", "welder": "NG", "baker": "GM"},
        {"painter": lagos, "welder": lagos, "baker": dakar},
    )

    def read(records: list[Told]) -> None:
        for topic in TOPICS:
            for told in records:
                if told.topic == topic:
                    names = recipients(hiring, told.fact.get("recipients", ()))
                    model.tell(told.case, told.kind, {**told.fact, "recipients": names})

    read(history.before)
    answers: list[str | None] = []
    latest: dict[tuple[str, str], str] = {}
    for act, case, vacancy in history.acts:
        if act == "shortlist":
            name = str(len(answers))
            answers.append(model.shortlist(name, case, vacancy, NOW))
            if answers[-1] is None:
                latest[case, vacancy] = name
        elif (case, vacancy) in latest:
            answers.append(model.move(latest[case, vacancy], act, NOW))
    read(history.after)
    return model, answers


def run(history: History, random: Random) -> tuple[World, dict[str, UUID], list[str | None]]:
    world, vacancies = fresh()
    positions: Counter[tuple[str, str]] = Counter()
    deliver(world, employers(world, vacancies), history.before, random, positions)
    answers = perform(world, vacancies, history.acts)
    deliver(world, employers(world, vacancies), history.after, random, positions)
    return world, vacancies, answers


WHICH_END = {"closed_reason", "closed_by", "consent_end", "referral_end"}
"""What a candidacy says of its end. Of somebody who died everything closes at once, and so does what the scout takes
back: the one that is heard first says why."""


def emitted(world: World, buried: set[UUID]) -> Counter[str]:
    def told(each: Any) -> str:
        over = type(each).__name__ == "CandidacyClosed" and each.case_id in buried
        return str(each.model_dump_json(exclude={"reason", "by", *WHICH_END} if over else None))

    return Counter(f"{type(each).__name__} {told(each)}" for each in world.service.events)


def stored(world: World, buried: set[UUID]) -> dict[str, Any]:
    """All that the service keeps, without what depends on which of two ends was heard first."""
    found = world.service.snapshot()
    vacancies = {id_: json.loads(document) for id_, document in found["states"]["vacancy"].items()}
    for vacancy in vacancies.values():
        for candidacy in vacancy["candidacies"]:
            if UUID(candidacy["case_id"]) in buried:
                candidacy.update(dict.fromkeys(WHICH_END))
    return {**found, "states": {**found["states"], "vacancy": vacancies}}


def agrees(world: World, vacancies: dict[str, UUID], model: Model) -> None:
    """The service's states say what the model says."""
    known = {candidate.id: candidate for candidate in world.service.all(Candidate)}
    for case, person in model.people.items():
        candidate = known.pop(named(case), None) or Candidate(named(case))
        assert candidate.status == model.status(case)
        assert (candidate.place and candidate.place.centre) == model.centre(case)
        assert candidate.country == (person["profile"] and person["profile"]["country"])
        assert (candidate.profile and candidate.profile.age_band) == (person["profile"] and person["age_band"])
        assert set(candidate.skills) == person["skills"]
        assert set(candidate.verified_skills) == person["verified"]
        assert (candidate.arrival and candidate.arrival.on) == person["arrived"]
        assert (candidate.readiness, candidate.offers) == (person["readiness"], person["offers"])
        assert {each.id: each.withdrawn for each in candidate.consents} == {
            named(id_): consent["gone"] for id_, consent in person["consents"].items()
        }
    assert not known
    buried = {named(case) for case in model.buried}
    found = Counter(
        (name, each.case_id, each.status, each.case_id not in buried and each.shown_reason)
        for name, id_ in vacancies.items()
        for each in world.service.state(Vacancy, id_).candidacies
    )
    assert found == Counter(
        (each["vacancy"], named(each["case"]), each["status"], each["case"] not in model.buried and each["reason"])
        for each in model.candidacies.values()
    )
    for name, id_ in vacancies.items():
        vacancy = world.service.state(Vacancy, id_)
        assert vacancy.free == model.free(name) >= 0
        assert (vacancy.status == "filled") == (name in model.filled)


def deadlines_agree(world: World, model: Model) -> None:
    running = {
        subject: deadline.due_at for (name, subject), deadline in world.service.deadlines.items() if name == "pool_exit"
    }
    waiting = {named(case): model.waits_for_a_new_referral(case) for case in model.people}
    assert running == {case_id: due for case_id, due in waiting.items() if due is not None}
    offers = [name for name, _ in world.service.deadlines if name == "offer_expiry"]
    assert len(offers) == sum(each["status"] == "offered" for each in model.candidacies.values())
    answers = [name for name, _ in world.service.deadlines if name == "employer_feedback"]
    assert len(answers) == sum(each["status"] in ("presented", "interview") for each in model.candidacies.values())


def announced(world: World, vacancies: dict[str, UUID]) -> None:
    """Every candidacy was announced once, every end once, and never an end without a beginning."""
    names = Counter(type(each).__name__ for each in world.service.events)
    candidacies = [each for id_ in vacancies.values() for each in world.service.state(Vacancy, id_).candidacies]
    assert names["CandidateShortlisted"] == len(candidacies)
    closed = [each for each in world.service.events if type(each).__name__ == "CandidacyClosed"]
    assert Counter(each.candidacy_id for each in closed) == Counter(  # type: ignore[attr-defined]
        each.id for each in candidacies if each.status == "closed"
    )
    assert names["JobOffered"] == sum(each.offer is not None for each in candidacies)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(history=histories(), one=st.integers(0, 2**32), other=st.integers(0, 2**32))
def test_every_interleaving_leads_to_the_state_of_the_model(history: History, one: int, other: int) -> None:
    first, vacancies, answers = run(history, Random(one))
    second, _, again = run(history, Random(other))
    model, expected = expect(history, employers(first, vacancies))
    assert answers == again == expected
    buried = {named(case) for case in model.buried}
    assert stored(first, buried) == stored(second, buried)
    assert emitted(first, buried) == emitted(second, buried)
    agrees(first, vacancies, model)
    deadlines_agree(first, model)
    announced(first, vacancies)
    for each in model.candidacies.values():
        event(f"{each['status']} {each['reason']}")

    for world in (first, second):
        world.service.advance(MONTH)
    model.a_month_passes()
    assert stored(first, buried) == stored(second, buried)
    agrees(first, vacancies, model)
    announced(first, vacancies)


CROSSINGS: dict[str, tuple[Facts, Facts]] = {
    "rejected, referred anew, withdrawn": (
        [("refer", {**likely("ann")[0][1], "id": "ann-r1", "root": "ann-r0"}), ("withdraw", {"id": "ann-r1"})],
        [("reject", {"id": "ann-r0"})],
    ),
    "redirected, withdrawn there": ([("withdraw", {"id": "ann-r0-child"})], [("redirect", {"id": "ann-r0"})]),
    "redirected, rejected there, withdrawn here": (
        [("withdraw", {"id": "ann-r0"})],
        [("redirect", {"id": "ann-r0"}), ("reject", {"id": "ann-r0-child"})],
    ),
    "withdrawn there, completed, reopened": (
        [("withdraw", {"id": "ann-r0"})],
        [("complete", {"id": "ann-r0"}), ("reopen", {"id": "ann-r0"})],
    ),
    "failed and reopened, withdrawn": (
        [("withdraw", {"id": "ann-r0"})],
        [("fail", {"id": "ann-r0"}), ("reopen", {"id": "ann-r0"}), ("complete", {"id": "ann-r0"})],
    ),
    "redirected, completed there and reopened, referred anew": (
        [("refer", {**likely("ann")[0][1], "id": "ann-r1", "root": "ann-r0"}), ("withdraw", {"id": "ann-r1"})],
        [("redirect", {"id": "ann-r0"}), ("complete", {"id": "ann-r0-child"}), ("reopen", {"id": "ann-r0-child"})],
    ),
    "of two, one is rejected and one withdrawn": (
        [("refer", {**likely("ann")[0][1], "id": "ann-r1", "root": "ann-r1"}), ("withdraw", {"id": "ann-r1"})],
        [("reject", {"id": "ann-r0"})],
    ),
    "of two, one is redirected and withdrawn there": (
        [("refer", {**likely("ann")[0][1], "id": "ann-r1", "root": "ann-r1"}), ("withdraw", {"id": "ann-r0-child"})],
        [("redirect", {"id": "ann-r0"}), ("reject", {"id": "ann-r1"})],
    ),
}


@pytest.mark.parametrize("crossing", CROSSINGS)
def test_what_crosses_between_scout_and_centre_ends_the_same(crossing: str) -> None:
    scout, centre = CROSSINGS[crossing]
    scout = [*scout, ("revoke", {"id": "ann-c0", "purpose": "matching"})]
    beginning = telling("referral", likely("ann"), 1)
    acts = [("shortlist", "ann", "painter")]
    snapshots = []
    for after in merges(telling("referral", scout, 4), telling("counselling", centre, 1)):
        world, vacancies = fresh()
        for told in beginning:
            world.tell(contract(employers(world, vacancies), told), at=told.fact["at"])
        assert perform(world, vacancies, acts) == [None]
        for told in after:
            world.tell(contract(employers(world, vacancies), told), at=told.fact["at"])
        model, _ = expect(History(beginning, acts, after), employers(world, vacancies))
        agrees(world, vacancies, model)
        deadlines_agree(world, model)
        snapshots.append((world.service.snapshot(), emitted(world, set())))
    assert all(snapshot == snapshots[0] for snapshot in snapshots)


@settings(max_examples=30)
@given(history=histories(), seed=st.integers(0, 2**32))
def test_a_replay_of_everything_changes_nothing(history: History, seed: int) -> None:
    world, vacancies = fresh()
    positions: Counter[tuple[str, str]] = Counter()
    deliver(world, employers(world, vacancies), history.before + history.after, Random(seed), positions)
    before = world.service.snapshot()
    deliver(world, employers(world, vacancies), history.before + history.after, Random(seed + 1), positions)
    assert world.service.snapshot() == before
