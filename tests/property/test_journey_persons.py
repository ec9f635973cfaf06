"""A person of whom two cases tell is counted once, with all that both tell, in whatever order events and links come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.consumers import EVENTS
from journey.contracts import counselling, placement, referral
from journey.domain.counting import HANDOVER_PACKAGE
from journey.domain.outcome import Outcome, Part
from journey.handlers import KINDS
from tests.property.test_journey_outcome import stories
from tests.support.journey.told import CASE, Told, heard, told
from tests.support.memory import MemoryService

OPENED_THERE: Final = UUID(int=50)
"""The case that a centre has opened, of the same person."""
LINKS = st.lists(st.tuples(st.integers(1, 600), st.booleans()), max_size=4, unique_by=lambda each: each[0])
THING: Final = ("enrolment_id", "deadline_type")
"""By what an event tells of one thing: all that is told of it is told in one of the cases. So is all that placement
tells: it names an employment by an id of its own, by that of its offer, or by both."""


def told_there(told: Told, split: int) -> bool:
    """Whether an event is told in the case of the centre; what a desk has asked for, and what came of it, never is."""
    of_a_referral = hasattr(told.event, "referral_id") or getattr(told.event, "deadline_type", "") == HANDOVER_PACKAGE
    if isinstance(told.event, referral.CaseOpened) or of_a_referral:
        return False
    thing = next((str(getattr(told.event, name)) for name in THING if hasattr(told.event, name)), f"{told.at}")
    if type(told.event).__module__ == placement.__name__:
        thing = placement.__name__
    return bool((sum(thing.encode()) + split) % 2)


def moved(told: Told) -> Told:
    return Told(told.event.model_copy(update={"case_id": OPENED_THERE}), told.at)


def link(days: int, *, stands: bool) -> Told:
    contract = counselling.CasesLinked if stands else counselling.LinkUndone
    return told(contract, days, 1, case_id=OPENED_THERE, same_as=CASE)


def kept(events: Sequence[Told]) -> dict[UUID, Outcome]:
    """What is stored after these events, in this order."""
    service = MemoryService(KINDS, {}, EVENTS, {}, None)
    for event, at in events:
        service.event(event, at)
    return {each.id: each for each in service.all(Outcome)}


@settings(max_examples=60)
@given(stories(), LINKS, st.integers(0, 1), st.randoms(use_true_random=False), st.data())
def test_two_cases_of_one_person_count_as_one_in_any_order(
    story: list[Told], links: list[tuple[int, bool]], split: int, random: Any, data: st.DataObject
) -> None:
    there = [each for each in story if told_there(each, split)]
    here = [each for each in story if each not in there]
    said = [link(days, stands=stands) for days, stands in links]
    events = [*here, *map(moved, there), *said]
    again = data.draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    shuffled = [*events, *again]
    random.shuffle(shuffled)

    found = kept(shuffled)

    assert found == kept(events)
    one, other = (found.get(id_, Outcome(id_)).part for id_ in (CASE, OPENED_THERE))
    if links and max(links)[1]:
        assert (one, other) == (heard(story).part, Part())
    else:
        assert (one, other) == tuple(heard(part).part if part else Part() for part in (here, there))
