"""Two cases of one person in the figures, when the link is an error, and when the term of one of them is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.pure.retention import Clock, Kept, TermOver
from chassis.pure.states import ConcurrentUpdateError
from journey.consumers import EVENTS
from journey.contracts import counselling
from journey.domain import persons
from journey.domain.outcome import Outcome, Part
from journey.handlers import KINDS
from journey.retention import KEEPS
from tests.support.journey.told import (
    CASE,
    Told,
    accepted,
    agreed,
    arrived,
    contacted,
    heard,
    met,
    offered,
    opened,
    record_voided,
    referred,
    told,
    walked_in,
)
from tests.support.memory import SYSTEM, MemoryService

THERE = UUID(int=50)
BESIDE = UUID(int=51)
FROM_GERMANY = (opened(), referred(1), accepted(3), arrived(62))
OFFER = offered(10, 92)
[OUTCOME] = [each for each in KEEPS if isinstance(each, Kept) and each.kind == "outcome"]


def of(case_id: UUID, *events: Told) -> list[Told]:
    return [Told(each.event.model_copy(update={"case_id": case_id}), each.at) for each in events]


def link(days: int, case_id: UUID = THERE) -> Told:
    return told(counselling.CasesLinked, days, case_id=case_id, same_as=CASE)


def undone(days: int) -> Told:
    return told(counselling.LinkUndone, days, case_id=THERE, same_as=CASE)


class Figures(MemoryService):
    """Journey in memory."""

    def __init__(self, *events: Told) -> None:
        super().__init__(KINDS, {}, EVENTS, {}, None)
        self.tell(*events)

    def tell(self, *events: Told) -> None:
        for event, at in events:
            self.event(event, at)

    def part(self, case_id: UUID) -> Part:
        found: Outcome = self.state(Outcome, case_id)
        return found.part

    def end(self, case_id: UUID) -> None:
        self._run(OUTCOME.handler, TermOver("outcome", case_id), SYSTEM, self.now)

    @property
    def nobodys(self) -> list[Part]:
        """The parts of people of whom nothing else is known."""
        return [each.part for each in self.all(Outcome) if each.over and each.part != Part()]


def linked() -> Figures:
    return Figures(*FROM_GERMANY, *of(THERE, walked_in(), OFFER), link(100))


def test_an_offer_that_the_centres_case_was_made_keeps_the_promise_to_the_returnee() -> None:
    figures = linked()
    assert figures.part(CASE) == replace(heard((*FROM_GERMANY, walked_in(), OFFER)).part, target_group="RETURNEE_DE")
    assert figures.part(CASE).days_to_offer == 30
    assert figures.part(THERE) == Part()


def test_what_is_told_of_either_after_the_link_counts_too() -> None:
    figures = Figures(*FROM_GERMANY, *of(THERE, walked_in()), link(80))
    assert not figures.part(CASE).promised
    figures.tell(*of(THERE, OFFER))
    assert figures.part(CASE).promised
    figures.tell(offered(11, 95))
    assert figures.part(CASE).offers_made == 2
    assert figures.part(THERE) == Part()


def test_contacts_and_plans_that_are_told_of_the_centres_case_count_unless_they_are_void() -> None:
    there = (contacted(64, 64), agreed(70, 71, "documents"), met("first_contact", 0, 67, 64))
    figures = Figures(*FROM_GERMANY, *of(THERE, walked_in(), *there), link(80))
    part = figures.part(CASE)
    assert (part.days_to_contact, part.days_to_plan, part.agreed) == (2, 8, ("documents",))
    assert part.duties == (("counselling", "first_contact", 0, True, 0),)
    figures.tell(*of(THERE, record_voided("first_contact", 64, 81)))
    assert (figures.part(CASE).days_to_contact, figures.part(CASE).duties) == (None, ())


def test_who_has_walked_in_at_two_centres_counts_once() -> None:
    figures = Figures(*FROM_GERMANY, *of(THERE, walked_in(), OFFER), *of(BESIDE, offered(11, 95)))
    figures.tell(link(100), link(101, BESIDE))
    assert figures.part(CASE).offers_made == 2
    assert figures.part(THERE) == figures.part(BESIDE) == Part()
    assert figures.state(Outcome, CASE).beside == (THERE, BESIDE)


def test_a_link_that_was_an_error_leaves_nothing_behind() -> None:
    apart = Figures(*FROM_GERMANY, *of(THERE, walked_in(), OFFER))
    figures = linked()
    figures.tell(undone(101))
    for case_id in (CASE, THERE):
        assert figures.part(case_id) == apart.part(case_id)
        assert figures.state(Outcome, case_id).beside == ()


@pytest.mark.parametrize(("first", "second"), [(CASE, THERE), (THERE, CASE)])
def test_at_the_first_term_the_person_counts_on_as_nobodys_once_and_with_all(first: UUID, second: UUID) -> None:
    figures = linked()
    figures.end(first)
    [part] = figures.nobodys
    assert (part.promised, part.arrived_on, part.case_ref) == (True, "2026-03-01", None)
    left: Outcome = figures.state(Outcome, second)
    assert left.part == Part()
    assert str(first) not in figures.rows[Outcome][second]
    figures.tell(*of(second, offered(12, 120)), undone(130), link(131))
    assert figures.part(second) == Part()
    figures.end(second)
    assert figures.nobodys == [part]


def test_a_person_who_was_counted_as_nobodys_is_not_so_again_without_anything_that_counts() -> None:
    figures = Figures(*FROM_GERMANY, *of(THERE, walked_in()), *of(BESIDE, walked_in()), link(100), link(101, BESIDE))
    for case_id in (THERE, BESIDE, CASE):
        figures.end(case_id)
    nobody = [each for each in figures.all(Outcome) if each.over and each.id not in (CASE, THERE, BESIDE)]
    assert [each.part for each in nobody] == figures.nobodys
    assert len(nobody) == 1


def test_a_case_that_was_linked_while_somebody_waited_for_it_is_read_again() -> None:
    figures = linked()
    follower, lead = (figures.state(Outcome, each) for each in (THERE, CASE))
    assert persons.followed(follower, [lead]) == (lead,)
    for known, found in ((follower, lead), (lead, follower)):
        assert persons.over(known, [found], uuid4())
        with pytest.raises(ConcurrentUpdateError):
            persons.followed(known, [])
        with pytest.raises(ConcurrentUpdateError):
            persons.over(known, [], uuid4())


def test_of_a_case_that_is_over_no_link_changes_anything() -> None:
    figures = Figures(*FROM_GERMANY, *of(THERE, walked_in(), OFFER))
    figures.end(CASE)
    before: Any = figures.snapshot()
    figures.tell(link(100))
    assert figures.snapshot() == before


def test_the_terms_handler_asks_for_the_persons_other_cases() -> None:
    asked = {(need.state, need.linked) for need in OUTCOME.handler.needs(TermOver("outcome", uuid4()))}
    assert asked == {(Clock, False), (Outcome, False), (Outcome, True)}
