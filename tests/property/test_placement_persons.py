"""Whose cases are one person's is the same in whatever order links, their ends and all else of the cases are heard."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.pure.messages import Contract
from placement import contracts
from placement.domain.candidate import Candidate
from placement.domain.persons import person_of
from tests.support.memory import NOW
from tests.support.placement.world import World, consent, referred

CASES = [UUID(int=each) for each in range(1, 5)]
LEAD, *FOLLOWERS = CASES
Told = tuple[Contract, datetime]

WORDS = st.lists(
    st.tuples(st.sampled_from(FOLLOWERS), st.integers(1, 60), st.booleans()),
    max_size=10,
    unique_by=lambda each: each[:2],
)
"""What centres say of a follower: when, and whether it is the lead's person."""


def said(words: list[tuple[UUID, int, bool]]) -> list[Told]:
    contract = {True: contracts.CasesLinked, False: contracts.LinkUndone}
    return [(contract[stands](case_id=id_, same_as=LEAD), NOW + timedelta(days=day)) for id_, day, stands in words]


def known(case_id: UUID) -> list[Told]:
    """Everything else that is told of a case, on other topics: nothing of it keeps an order with the links."""
    number = case_id.int
    return [
        (referred(case_id, UUID(int=100 + number)), NOW),
        (consent(case_id=case_id, number=200 + number), NOW),
        (contracts.ArrivedInCountry(case_id=case_id, arrived_on=NOW.date()), NOW),
    ]


def kept(events: list[Told]) -> World:
    world = World()
    world.service.rows[Candidate].clear()
    for event, at in events:
        world.tell(event, at=at)
    return world


@settings(max_examples=60)
@given(WORDS, st.randoms(use_true_random=False), st.data())
def test_any_order_of_topics_leads_to_the_same_persons(
    words: list[tuple[UUID, int, bool]], random: Any, data: st.DataObject
) -> None:
    events = [*(told for case_id in CASES for told in known(case_id)), *said(words)]
    again = data.draw(st.lists(st.sampled_from(events), max_size=6))
    shuffled = [*events, *again]
    random.shuffle(shuffled)

    found = kept(shuffled)

    assert found.service.snapshot() == kept(events).service.snapshot()
    last = {id_: stands for id_, _, stands in sorted(words, key=lambda each: each[1])}
    one = {LEAD, *(id_ for id_, stands in last.items() if stands)}
    cases = {each.id: each for each in found.service.all(Candidate)}
    for id_, each in cases.items():
        others = [other for other in cases.values() if other.id != id_]
        assert person_of(each, others) == (one if id_ in one else {id_})
        assert each.person == (LEAD if id_ in one - {LEAD} else None)
