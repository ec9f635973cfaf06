"""What is kept of a candidacy once the term of the case is over: counts, and of nobody."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from chassis.pure.retention import TermOver
from placement.events import CandidacyClosed
from placement.handlers.deadlines import OFFER_EXPIRY
from placement.retention import KEEPS
from tests.support.memory import SYSTEM
from tests.support.placement.world import CASE, World, closed_by_centre


def term_over(world: World) -> None:
    [kept] = [each for each in KEEPS if each.kind == "candidacy"]
    world.service._run(kept.handler, TermOver("candidacy", CASE), SYSTEM, world.service.now)


WAYS: dict[str, Callable[[World], UUID]] = {
    "shortlisted": lambda world: world.shortlist(),
    "presented": lambda world: world.present(),
    "interview": lambda world: world.interview(),
    "offered": lambda world: world.offer(),
    "accepted": lambda world: world.accept(),
}


@pytest.mark.parametrize("status", WAYS)
def test_what_is_still_under_way_closes_and_is_told_and_is_nobodys(status: str) -> None:
    world = World()
    candidacy_id = WAYS[status](world)
    found = world.candidacy(candidacy_id)
    assert (found.status, found.case_id) == (status, CASE)
    world.tell(closed_by_centre())
    term_over(world)
    left = world.candidacy(candidacy_id)
    assert left.status == "closed"
    assert left.case_id != CASE
    event = world.last(CandidacyClosed)
    assert (event.case_id, event.candidacy_id, event.reason) == (CASE, candidacy_id, "referral_withdrawn")
    assert world.vacancy.free == world.vacancy.openings
    if left.offer is not None:
        assert left.offer.status == "void"
        assert world.due(OFFER_EXPIRY, left.offer.id) is None
    assert not {name for name, _ in world.service.deadlines} & {"employer_feedback", "employment_start"}


def test_work_that_has_begun_stays_begun_and_nothing_is_told_of_it() -> None:
    world = World()
    candidacy_id = world.start()
    told = world.told()
    term_over(world)
    left = world.candidacy(candidacy_id)
    assert (left.status, left.case_id == CASE, world.told()) == ("started", False, told)
