"""Several cases of one person, of whom figures count one.

A centre has found that a case of its own, the *follower*, is the same person's as another one, the *lead*. The lead
carries a copy of the follower's facts and counts with them; the follower's part is empty as long as the link stands. So
whatever is told of either, and in whatever order the links are told of, the person is counted once and with all that
was reached; and twice again once the link is undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from chassis.pure.states import ConcurrentUpdateError
from journey.domain.counting import counted
from journey.domain.facts import Link, later
from journey.domain.outcome import Outcome
from vocabulary.copying import replace


def linked(follower: Outcome, lead: Outcome, at: datetime, *, stands: bool) -> tuple[Outcome, ...]:
    """Both cases after a centre has said, or denied, that they are one person's: what it said last counts. Of cases of
    which one is over nothing changes: the person was counted as nobody's, with what was known then."""
    if follower.over or lead.over or follower.id == lead.id:
        return ()
    link = later(follower.same_as.get(lead.id), Link(at, stands))
    follower = counted(replace(follower, same_as={**follower.same_as, lead.id: link}))
    others = {id_: each for id_, each in lead.others.items() if id_ != follower.id}
    if link.stands:
        others[follower.id] = follower.facts
    return follower, counted(replace(lead, others=others))


def followed(follower: Outcome, cases: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Those of these cases that count with the facts of this one, as these are now."""
    leads = (each for each in _whole(follower, cases) if follower.id in each.others)
    return tuple(counted(replace(each, others={**each.others, follower.id: follower.facts})) for each in leads)


def over(outcome: Outcome, cases: Iterable[Outcome], nobody: UUID) -> tuple[Outcome, ...]:
    """All that is left when the term of a case is over: the person goes on counting as nobody's, once, and with what
    was known of all of their cases (docs/domain.md: counted-on). The others name this case no more, and count no more.
    """
    cases = _whole(outcome, cases)
    leads = [each for each in cases if outcome.id in each.others]
    left = [Outcome(outcome.id, over=True)]
    left += [_left_by(each, outcome.id) for each in cases]
    counts = next((each for each in leads or [outcome] if not each.aside), None)
    return tuple(left) if counts is None else (counts.anonymised(nobody), *left)


def _whole(outcome: Outcome, cases: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The other cases of the person, all of them. Whoever waited for this one while somebody linked it has read this as
    it is now and the others as they were found before: they begin again."""
    cases = tuple(cases)
    if not {each.id for each in cases}.issuperset(outcome.beside):
        raise ConcurrentUpdateError
    return cases


def _left_by(known: Outcome, id_: UUID) -> Outcome:
    """A case without the one that is over."""
    link = known.same_as.get(id_)
    aside = known.set_aside or id_ in known.others or (link is not None and link.stands)
    same_as = {each: told for each, told in known.same_as.items() if each != id_}
    others = {each: facts for each, facts in known.others.items() if each != id_}
    return counted(replace(known, same_as=same_as, others=others, set_aside=aside))
