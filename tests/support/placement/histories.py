"""Histories of people on the way into work, and ways to deliver them: material of the convergence test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from placement import contracts
from placement.domain.vacancy import Vacancy
from tests.support.memory import NOW
from tests.support.placement.world import ACCRA, DAKAR, EDO, LAGOS, World, aged

CASES = ("ann", "ben", "cyd")
TOPICS = ("referral", "training", "counselling")
NAMES = UUID("6f1c7d1e-0b0a-4a52-9a4e-0d2a4d1b7c55")
STEPS = ("present", "offer", "accept", "decline", "start")
ACTS = ("shortlist", *STEPS, "meet", "met", "back")
PLACES = (
    *((LAGOS, "NG"), (LAGOS, "NG"), (EDO, "NG"), (ACCRA, "GH")),
    *((DAKAR, "GM"), (DAKAR, "GM"), (DAKAR, "SN")),
)
"""Where people are sent, and to which country they return: The Gambia has no centre."""
RECIPIENTS = (
    *(("country:NG",), (LAGOS, "painter"), (EDO, "country:GH")),
    *((DAKAR, "baker"), ("country:SN", "baker"), ("country:GM",)),
)
VACANCIES = ("painter", "welder", "baker")
"""As recipients, painter and baker stand for the employers of these vacancies; painter and welder have the same."""
HOUR = timedelta(hours=1)
SIGNED_UNTIL = datetime(2028, 1, 1, 23, tzinfo=UTC)
MOMENTS = (NOW - 12 * HOUR + timedelta(minutes=9), NOW, NOW + timedelta(seconds=1))
"""When a consent ends: among the records of a topic, at the very moment at which the desk acts, right after it."""


@dataclass(frozen=True)
class Told:
    """One record: `number` counts within (topic, case) as a stream's sequence does."""

    topic: str
    case: str
    number: int
    kind: str
    fact: dict[str, Any]


@dataclass(frozen=True)
class History:
    before: list[Told]
    acts: list[tuple[str, str, str]]
    after: list[Told]


def named(name: str) -> UUID:
    return uuid5(NAMES, name)


Facts = list[tuple[str, dict[str, Any]]]


def likely(case: str) -> Facts:
    """The beginning of most histories, for desks to have something to do: Ann is of Nigeria, Ben of The Gambia."""
    centre, country, desks, employer = {
        "ann": (LAGOS, "NG", "country:NG", "painter"),
        "ben": (DAKAR, "GM", DAKAR, "baker"),
    }[case]
    person = {"skills": ("7131",), "age_band": "25_34", "country": country}
    consent = {"until": date(2028, 1, 1), "expires_at": None}
    return [
        ("refer", {"id": f"{case}-r0", "root": f"{case}-r0", "centre": centre, **person}),
        ("grant", {"id": f"{case}-c0", "purpose": "matching", "recipients": (desks,), **consent}),
        ("grant", {"id": f"{case}-c1", "purpose": "presentation", "recipients": (employer,), **consent}),
    ]


@st.composite
def of_walk_in(draw: st.DrawFn, case: str, _beginning: Facts) -> Facts:
    """What the centres alone tell of somebody who has walked in: the file, consents and their end, how it goes on."""
    person = {"skills": ("7131",), "age_band": "25_34", "country": "NG", "centre": LAGOS}
    consent = {"until": date(2028, 1, 1), "expires_at": draw(st.sampled_from((None, None, *MOMENTS)))}
    grants = [
        {"id": f"{case}-c0", "purpose": "matching", "recipients": (LAGOS,), **consent},
        {"id": f"{case}-c1", "purpose": "presentation", "recipients": ("painter",), **consent},
    ]
    facts: Facts = [("open", {"id": f"{case}-r0", **person}), *(("sign", fact) for fact in grants)]
    kinds = ("complete", "fail", "reopen", "reopen", "arrive", "assess", "sign", "take_back", "die")
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=6)):
        if kind == "sign":
            grants.append({**draw(st.sampled_from(grants)), "id": f"{case}-c{len(grants)}"})
            facts.append((kind, grants[-1]))
        elif kind == "take_back":
            facts.append((kind, draw(st.sampled_from(grants))))
        elif kind == "arrive":
            facts.append((kind, {"on": date(2026, 3, draw(st.integers(1, 2)))}))
        elif kind == "assess":
            facts.append((kind, {"readiness": draw(st.sampled_from(("now", "after_support", "not_now")))}))
        else:
            facts.append((kind, {"id": f"{case}-r0"}))
    return facts


WALKS_IN = "cyd"
"""Of whom no desk in Germany tells anything."""


@st.composite
def referral_topic(draw: st.DrawFn, case: str, beginning: Facts) -> Facts:
    """What the scout may tell, in order: at most three referrals, withdrawals of them, consents and their end."""
    facts = list(beginning)
    opened = [fact["id"] for kind, fact in facts if kind == "refer"]
    consents = [fact for kind, fact in facts if kind == "grant"]
    kinds = ("age", "refer", "withdraw", "withdraw", "grant", "revoke")
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=8)):
        if kind == "refer" and len(opened) < 3:
            id_ = f"{case}-r{len(opened)}"
            root = draw(st.sampled_from((id_, id_, *opened)))
            centre, country = draw(st.sampled_from(PLACES))
            opened.append(id_)
            fact = {
                "id": id_,
                "root": root,
                "centre": centre,
                "country": country,
                "skills": draw(st.sampled_from(((), ("7131",), ("7212", "7531")))),
                "age_band": draw(st.sampled_from(("25_34", "25_34", "25_34", "unknown", "under_18"))),
            }
            facts.append(("refer", fact))
        elif kind == "age":
            facts.append((kind, {"band": draw(st.sampled_from(("under_18", "18_24")))}))
        elif kind == "withdraw" and opened:
            id_ = draw(st.sampled_from(opened))
            facts.append(("withdraw", {"id": draw(st.sampled_from((id_, f"{id_}-child")))}))
        elif kind == "grant" and len(consents) < 5:
            fact = {
                "id": f"{case}-c{len(consents)}",
                "purpose": draw(st.sampled_from(("matching", "matching", "presentation", "presentation", "training"))),
                "recipients": draw(st.sampled_from(RECIPIENTS)),
                "until": draw(st.sampled_from((date(2028, 1, 1), date(2028, 1, 1), date(2026, 3, 1)))),
                "expires_at": draw(st.sampled_from((None, None, None, *MOMENTS))),
            }
            consents.append(fact)
            facts.append(("grant", fact))
        elif kind == "revoke" and consents:
            facts.append(("revoke", draw(st.sampled_from(consents))))
    return facts


@st.composite
def counselling_topic(draw: st.DrawFn, case: str, _beginning: Facts) -> Facts:
    """What the centres may tell of the same referrals, each of which may have been redirected once."""
    facts: Facts = []
    ends = ("reject", "complete", "fail", "reopen", "reopen", *(["die"] if draw(st.integers(0, 3)) == 0 else []))
    for kind in draw(st.lists(st.sampled_from((*ends, "redirect", "arrive", "assess")), max_size=6)):
        id_ = f"{case}-r{draw(st.integers(0, 2))}"
        if kind in ends:
            facts.append((kind, {"id": draw(st.sampled_from((id_, f"{id_}-child")))}))
        elif kind == "redirect":
            facts.append((kind, {"id": id_, "child": f"{id_}-child", "centre": draw(st.sampled_from(PLACES))[0]}))
        elif kind == "arrive":
            facts.append((kind, {"on": date(2026, 3, draw(st.integers(1, 9)))}))
        else:
            facts.append((kind, {"readiness": draw(st.sampled_from(("now", "after_support", "not_now")))}))
    return facts


@st.composite
def training_topic(draw: st.DrawFn, case: str, _beginning: Facts) -> Facts:
    """Courses that were completed."""
    results = st.tuples(st.sampled_from(("7131", "7132", "7421")), st.sampled_from(("passed", "attended")))
    return [
        ("learn", {"isco08": isco08, "result": result, "case": case})
        for isco08, result in draw(st.lists(results, max_size=2))
    ]


@st.composite
def histories(draw: st.DrawFn) -> History:
    before: list[Told] = []
    after: list[Told] = []
    for case in CASES:
        beginning = likely(case) if case != WALKS_IN and draw(st.integers(0, 3)) else []
        if not draw(st.integers(0, 3)):
            ends = {"expires_at": draw(st.sampled_from(MOMENTS))}
            beginning = [(kind, {**fact, **ends} if kind == "grant" else fact) for kind, fact in beginning]
        topics = {"referral": referral_topic, "training": training_topic, "counselling": counselling_topic}
        if case == WALKS_IN:
            topics = {"training": training_topic, "counselling": of_walk_in}
        for topic, telling in topics.items():
            facts = draw(telling(case, beginning))
            cut = draw(st.integers(len(beginning) if topic == "referral" else 0, len(facts)))
            at = NOW - timedelta(hours=12)
            for number, (kind, fact) in enumerate(facts, start=1):
                at += timedelta(minutes=draw(st.integers(1, 3)))
                told = Told(topic, case, number, kind, {**fact, "at": at})
                (before if number <= cut else after).append(told)
    act = st.tuples(st.sampled_from(ACTS), st.sampled_from(CASES), st.sampled_from(VACANCIES))
    acts = draw(st.lists(act, max_size=10))
    if draw(st.integers(0, 3)):
        steps = {case: ("shortlist", *STEPS[: draw(st.integers(0, 4))]) for case in CASES}
        likely_ones = {"ann": "welder", "ben": "baker", WALKS_IN: "painter"}
        acts = [(step, case, likely_ones[case]) for case in CASES for step in steps[case]] + acts
    return History(before, acts, after)


def recipients(employers: dict[str, str], names: tuple[str, ...]) -> tuple[str, ...]:
    """The name of a vacancy stands for its employer."""
    return tuple(f"employer:{employers[name]}" if name in employers else name for name in names)


def employers(world: World, vacancies: dict[str, UUID]) -> dict[str, str]:
    """Whose the vacancies are."""
    return {name: str(world.service.state(Vacancy, id_).employer_id) for name, id_ in vacancies.items()}


def of_others(hiring: dict[str, str], told: Told) -> Any:
    """What training tells, and a centre of somebody who has walked in, and of what they sign there."""
    fact, case_id = told.fact, named(told.case)
    if told.kind == "learn":
        enrolment_id = named(f"{fact['isco08']}/{fact['result']}")
        return contracts.CourseCompleted(
            case_id=case_id, enrolment_id=enrolment_id, isco08=fact["isco08"], result=fact["result"]
        )
    if told.kind == "open":
        return contracts.CaseOpened(
            case_id=case_id,
            referral_id=named(fact["id"]),
            centre=fact["centre"],
            country=fact["country"],
            skills=fact["skills"],
            language="en",
            target_group="LOCAL",
            age_band=fact["age_band"],
        )
    if told.kind == "sign":
        return contracts.SignedAtCentre(
            case_id=case_id,
            consent_id=named(fact["id"]),
            purpose=fact["purpose"],
            recipients=recipients(hiring, fact["recipients"]),
            valid_until=fact["until"],
            expires_at=fact["expires_at"] or SIGNED_UNTIL,
        )
    return contracts.TakenBackAtCentre(case_id=case_id, consent_id=named(fact["id"]), purpose=fact["purpose"])


def contract(hiring: dict[str, str], told: Told) -> Any:
    """The record as another service would send it."""
    fact, case_id = told.fact, named(told.case)
    if told.kind == "refer":
        return contracts.ReturneeReferred(
            case_id=case_id,
            referral_id=named(fact["id"]),
            root_referral_id=named(fact["root"]),
            to_centre=fact["centre"],
            country=fact["country"],
            skills=fact["skills"],
            language="en",
            target_group="RETURNEE_DE",
            age_band=fact["age_band"],
        )
    if told.kind in ("learn", "open", "sign", "take_back"):
        return of_others(hiring, told)
    if told.kind == "age":
        return aged(fact["band"], case_id)
    if told.kind == "withdraw":
        return contracts.ReferralWithdrawn(case_id=case_id, referral_id=named(fact["id"]))
    if told.kind == "grant":
        return contracts.ConsentGranted(
            case_id=case_id,
            consent_id=named(fact["id"]),
            purpose=fact["purpose"],
            recipients=recipients(hiring, fact["recipients"]),
            valid_until=fact["until"],
            expires_at=fact["expires_at"],
        )
    if told.kind == "revoke":
        return contracts.ConsentWithdrawn(case_id=case_id, consent_id=named(fact["id"]), purpose=fact["purpose"])
    if told.kind == "reject":
        return contracts.ReferralRejected(case_id=case_id, referral_id=named(fact["id"]))
    if told.kind == "complete":
        return contracts.ReferralCompleted(case_id=case_id, referral_id=named(fact["id"]))
    if told.kind in ("fail", "die"):
        died = told.kind == "die"
        return contracts.ReferralFailed(case_id=case_id, referral_id=named(fact["id"]), ends_case=died)
    if told.kind == "reopen":
        return contracts.ReferralReopened(case_id=case_id, referral_id=named(fact["id"]))
    if told.kind == "redirect":
        return contracts.ReferralRedirected(
            case_id=case_id,
            referral_id=named(fact["id"]),
            child_referral_id=named(fact["child"]),
            to_centre=fact["centre"],
        )
    if told.kind == "arrive":
        return contracts.ArrivedInCountry(case_id=case_id, arrived_on=fact["on"])
    return contracts.NeedsAssessed(case_id=case_id, readiness=fact["readiness"])


def deliver(
    world: World, hiring: dict[str, str], records: list[Told], random: Random, positions: Counter[tuple[str, str]]
) -> None:
    """A random interleaving; now and then the consumer starts again at an earlier offset of a topic."""
    queues: dict[tuple[str, str], list[Told]] = {}
    for told in records:
        queues.setdefault((told.topic, told.case), []).append(told)
    sent: dict[tuple[str, str], int] = dict.fromkeys(queues, 0)
    while any(sent[key] < len(queue) for key, queue in queues.items()):
        key = random.choice([key for key, queue in queues.items() if sent[key] < len(queue)])
        if sent[key] and random.random() < 0.2:
            sent[key] -= random.randint(1, sent[key])
        told = queues[key][sent[key]]
        sent[key] += 1
        if told.number <= positions[key]:
            continue
        positions[key] = told.number
        world.tell(contract(hiring, told), at=told.fact["at"])


def merges(one: list[Told], other: list[Told]) -> Iterator[list[Told]]:
    """Every interleaving of two topics."""
    for places in combinations(range(len(one) + len(other)), len(one)):
        ones, others = iter(one), iter(other)
        yield [next(ones if place in places else others) for place in range(len(one) + len(other))]


def telling(topic: str, facts: Facts, first: int) -> list[Told]:
    """Facts as records, an hour apart."""
    return [
        Told(topic, "ann", number, kind, {"child": "ann-r0-child", "centre": EDO, **fact, "at": NOW + number * HOUR})
        for number, (kind, fact) in enumerate(facts, start=first)
    ]
