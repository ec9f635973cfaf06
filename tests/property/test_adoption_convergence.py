"""A desk adopts the case of a centre at any place of any story, in any interleaving: what comes of it is the same.

The centre's and the desk's acts make one sequence, since a command is answered by the state that it meets. Placement
comes in at any moment, in its own order: before the desk asks, while the centre has not answered, and after. And every
service that reads what the two and placement have told comes to the same state, whichever topic it is ahead on.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hypothesis import event, given, settings
from hypothesis import strategies as st

from chassis.pure.decision import Decision
from chassis.pure.messages import Contract, Event
from journey.consumers import EVENTS as OF_JOURNEY
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.handlers import KINDS as KINDS_OF_JOURNEY
from placement.domain.candidate import Candidate
from referral import contracts as told_to_desk
from referral.domain.case import Case
from referral.handlers.care import opened
from tests.support.adopting import Adopting, as_read
from tests.support.counselling.world import CASE, EDO, LAGOS, TODAY, done
from tests.support.memory import MemoryService
from tests.support.placement.world import World as Placement
from tests.support.referral.world import SCOUT
from tests.support.training.world import World as Training
from training.domain.learner import Learner

WAYS = tuple(UUID(int=number) for number in range(100, 103))
"""Candidacies, each with an offer and work of the same number."""
NEEDS = ("housing", "employment", "skills")
CENTRE = ("matching", "take_back", "arrive", "complete", "reopen", "advise")
DESK = ("grant", "revoke", "refer", "withdraw")
PLACEMENT = ("pick", "close", "offer", "work", "void")
ACTS = st.one_of(
    st.tuples(st.sampled_from(CENTRE), st.integers(0, 2)),
    st.tuples(st.sampled_from(DESK), st.integers(0, 2)),
    st.tuples(st.sampled_from(PLACEMENT), st.integers(0, 2)),
)
FEW = settings(max_examples=25)


def news(what: str, number: int) -> Contract:
    """What placement tells of the person."""
    way = WAYS[number]
    match what:
        case "pick":
            return told_to_desk.CandidateShortlisted(case_id=CASE, candidacy_id=way, centre=LAGOS)
        case "close":
            return told_to_desk.CandidacyClosed(case_id=CASE, candidacy_id=way, reason="not_suitable")
        case "offer":
            return told_to_desk.JobOffered(case_id=CASE, offer_id=way, isco08="7131")
        case "work":
            return told_to_desk.EmploymentStarted(case_id=CASE, candidacy_id=way, employment_id=way, isco08="7131")
        case _:
            return told_to_desk.PlacementRecordVoided(case_id=CASE, record_id=way, record="job_offer", reason="typo")


class Story:
    """One story. What placement tells waits in `lane` until the desk reads it."""

    def __init__(self, chance: random.Random | None) -> None:
        self.chain, self.chance = Adopting(), chance
        self.lane: list[tuple[Contract, datetime]] = []
        self.answers: list[str] = []

    def play(self, acts: Sequence[tuple[str, int]], asked: int, confirmed: int) -> Story:
        for place, (what, number) in enumerate(acts):
            if place == asked:
                self._note(self.chain.ask())
            if place == confirmed:
                self._note(self.chain.sign())
                self._note(self.chain.confirm())
            if what in PLACEMENT:
                self.lane.append((news(what, number), self.chain.desk.service.now))
            else:
                self._act(what, number)
            self._read(len(self.lane) if self.chance is None else self.chance.randint(0, len(self.lane)))
        self._read(len(self.lane))
        return self

    def _act(self, what: str, number: int) -> None:
        chain, centre, desk = self.chain, self.chain.centre, self.chain.desk
        match what:
            case "matching":
                self._note(chain.sign("matching", LAGOS))
            case "advise":
                self._note(chain.sign("counselling"))
            case "take_back" if number < len(chain.signed):
                self._note(chain.at_centre(centre.take_back, chain.signed[number].id))
            case "arrive":
                self._note(chain.at_centre(centre.arrive, TODAY))
            case "complete":
                self._note(chain.at_centre(centre.complete, referral_id=centre.intake.id))
            case "reopen":
                self._note(chain.at_centre(centre.reopen, referral_id=centre.intake.id))
            case "grant" if desk.known:
                self._note(chain.at_desk(desk.grant, LAGOS, purpose="matching"))
            case "revoke" if desk.known and number < len(desk.case.consents):
                self._note(chain.withdraw_at_desk(desk.case.consents[number].id))
            case "refer" if desk.known:
                self._note(chain.at_desk(desk.grant, EDO))
                self._note(chain.at_desk(desk.refer, EDO, needs=(NEEDS[number],)))
            case "withdraw" if desk.known and number < len(desk.case.referrals):
                self._note(chain.at_desk(desk.withdraw, desk.case.referrals[number].id))

    def _note(self, outcome: Any) -> None:
        self.answers.append("done" if isinstance(outcome, Decision) else outcome.code)

    def _read(self, records: int) -> None:
        for contract, at in self.lane[:records]:
            done(self.chain.desk.service.event(contract, at))
        del self.lane[:records]

    @property
    def case(self) -> Case | None:
        """With its codes in clear, since no two boxes are alike; and without what it has told of its end, which depends
        on when that which had happened before was read."""
        service = self.chain.desk.service
        found = service.all(Case)
        return replace(opened(found[0], service.vault), ended=None, care_key=None) if found else None


@FEW
@given(st.lists(ACTS, min_size=2, max_size=14), st.integers(0, 8), st.integers(1, 6), st.randoms(use_true_random=False))
def test_whenever_placement_is_read_the_adopted_case_is_the_same(
    acts: list[tuple[str, int]], asked: int, later: int, chance: random.Random
) -> None:
    at_once = Story(None).play(acts, asked, asked + later)
    late = Story(chance).play(acts, asked, asked + later)
    event("adopted" if at_once.case is not None else "not adopted")
    assert late.answers == at_once.answers
    assert late.case == at_once.case
    assert late.chain.centre.file == at_once.chain.centre.file


@FEW
@given(st.lists(ACTS, min_size=2, max_size=14), st.integers(0, 4), st.integers(1, 4), st.randoms(use_true_random=False))
def test_every_reader_comes_to_the_same_whichever_topic_it_is_ahead_on(
    acts: list[tuple[str, int]], asked: int, later: int, chance: random.Random
) -> None:
    chain = Story(None).play(acts, asked, asked + later).chain
    chain.names("desk")
    in_order = read([(told, at) for _, told, at in chain.told])
    assert read(mixed(chain.told, chance)) == in_order


def mixed(told: Sequence[tuple[str, Event, datetime]], chance: random.Random) -> list[tuple[Event, datetime]]:
    """Each topic in its order, all of them in any."""
    lanes = [[(each, at) for who, each, at in told if who == teller] for teller in ("centre", "desk")]
    found: list[tuple[Event, datetime]] = []
    while any(lanes):
        found.append(chance.choice([lane for lane in lanes if lane]).pop(0))
    return found


def read(told: Sequence[tuple[Event, datetime]]) -> Mapping[str, Any]:
    """What journey, training and placement make of it."""
    placement = Placement().service
    placement.rows[Candidate].clear()  # who was referred there already
    services: tuple[tuple[MemoryService, Mapping[type[Contract], Any], tuple[type[Any], ...]], ...] = (
        (MemoryService(KINDS_OF_JOURNEY, {}, OF_JOURNEY, {}, None), OF_JOURNEY, (Journey, Outcome)),
        _of(Training().service, Learner),
        _of(placement, Candidate),
    )
    states: dict[str, Any] = {}
    for service, known, kept in services:
        for each, at in told:
            contract = as_read(each, known)
            if contract is not None:
                done(service.event(contract, at))
        states |= {kind.__name__: service.all(kind) for kind in kept}
    return states


def _of(service: MemoryService, kept: type[Any]) -> tuple[MemoryService, Mapping[type[Contract], Any], tuple[Any, ...]]:
    known = {each: handler for each, handler in service.handlers.items() if issubclass(each, Contract)}
    return service, known, (kept,)


def test_a_story_is_adopted_and_read() -> None:
    """The stories above do reach an adoption, and a desk that keeps what placement has told since it asked."""
    acts = [("matching", 0), ("arrive", 0), ("pick", 0), ("offer", 1), ("grant", 0), ("revoke", 0)]
    story = Story(None).play(acts, 0, 4)
    case = story.case
    assert case is not None
    assert (case.opened_by, case.journey.status, case.offers) == (SCOUT.org, "arrived", (WAYS[1],))
    assert [each.by is not None for each in case.engagements] == [True]
    assert any(each.withdrawn_at is not None for each in case.consents)
    [journey] = read([(told, at) for _, told, at in story.chain.told])["Journey"]
    assert journey.desk_of_it == SCOUT.org


def test_whoever_took_the_support_back_is_still_with_the_centre_that_the_desk_has_referred_them_to() -> None:
    chain = Story(None).play([("grant", 0), ("refer", 0), ("withdraw", 0)], 0, 1).chain
    taken_back, referred = chain.desk.case.referrals
    assert [taken_back.walk_in, taken_back.withdrawal_asked_at is not None, referred.status] == [True, True, "received"]
    for turned in (False, True):
        told = sorted(chain.told, key=lambda each: (each[0] == "centre") if turned else each[2])
        known = read([(each, at) for _, each, at in told])
        [learner], [candidate], [journey] = known["Learner"], known["Candidate"], known["Journey"]
        assert learner.referrals.open
        assert candidate.referrals.open == (referred.id,)
        assert candidate.referrals.standing[0].referral_id == referred.id
        assert [each.status for each in journey.referrals] == ["withdrawal_noted", "received"]


def test_what_happened_before_the_desk_asked_is_never_heard_of_however_late_it_is_read() -> None:
    for late in (False, True):
        chain = Adopting()
        before = (news("offer", 0), chain.desk.service.now)
        if not late:
            done(chain.desk.service.event(*before))
        done(chain.ask())
        done(chain.sign())
        done(chain.confirm())
        if late:
            done(chain.desk.service.event(*before))
        assert chain.desk.case.offers == ()
        assert "JobOffered" not in {each.type for each in chain.desk.case.timeline}
