"""Several cases of one person, who is one in every list and count of the desks.

A centre tells that a case of its own, the *follower*, is the same person's as another one, the *lead*. Each case keeps
its consents, its skills and its candidacies, and is seen by whom its own consents name; what both say of each other is
all that the cases share. So an error is undone by one word, and both are there again as they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from placement.domain.candidate import Candidate
from placement.domain.links import Link, told
from vocabulary.copying import replace


def linked(follower: Candidate, lead: Candidate, at: datetime, *, stands: bool) -> tuple[Candidate, ...]:
    """Both cases after a centre has said, or denied, that they are one person's: what it said last counts."""
    if follower.id == lead.id:
        return ()
    link = Link(at, stands)
    follower = replace(follower, same_as=told(follower.same_as, lead.id, link))
    lead = replace(lead, others=told(lead.others, follower.id, link))
    return follower.counted_once(), lead


def person_of(candidate: Candidate, cases: Iterable[Candidate]) -> frozenset[UUID]:
    """Every case of the person, this one too: a lead names all of its followers, and two followers know of each other
    by their lead. `cases`: those that are linked to this one."""
    beside = {each.id: each for each in cases if each.id in candidate.beside}
    return frozenset({candidate.id, *candidate.beside}.union(*(each.beside for each in beside.values())))


def parted(candidate: Candidate, cases: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The other cases when the term of this one is over: none of them names it any more."""
    return tuple(each.without(candidate.id) for each in cases)


def links(candidate: Candidate) -> set[UUID]:
    """A case is found by every other one that was ever told to be the same person's."""
    return {*candidate.same_as, *candidate.others}
