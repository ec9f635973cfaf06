"""The end of a case is told to all who keep something of it, and here what is kept of it ends by its term.

Whatever changes a case may end it, or take its end back: so every handler of a case is an `OfCase`, which compares what
was told with what the facts say now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chassis.pure.decision import NOTHING, Context, DeadlineDue, Decision, Handler, Refused
from chassis.pure.retention import TermOver
from chassis.pure.states import States
from referral.domain.case import Case
from referral.domain.ending import Ended
from referral.domain.profile import Profile
from referral.events import RetentionStarted, RetentionStopped
from referral.handlers.care import without_care
from referral.handlers.sharing import without_part
from vocabulary.countries import GERMANY, day_at


@dataclass(frozen=True, slots=True)
class OfCase(Handler):
    """A handler that may change a case."""

    def decided(self, states: States, message: Any, context: Context) -> Decision | Refused:
        """What it decides, and with it that the case has ended, or has not after all."""
        decision = Handler.decided(self, states, message, context)
        if isinstance(decision, Refused):
            return decision
        cases = [each for each in decision.states if isinstance(each, Case) and _ended(each) != each.ended]
        if not cases:
            return decision
        (case,) = cases
        after = replace(case, ended=_ended(case))
        told = tuple(after if each is case else each for each in decision.states)
        return decision._replace(states=told, events=(*decision.events, _event(after)))


def _ended(case: Case) -> Ended | None:
    found = case.end
    return None if found is None else Ended(found[0], day_at(GERMANY, found[1]))


def _event(case: Case) -> RetentionStarted | RetentionStopped:
    if case.ended is None:
        return RetentionStopped(case_id=case.id)
    return RetentionStarted(case_id=case.id, reference=case.ended.reference, ended_on=case.ended.on)


def end_untold(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """A case that had ended before ends were told: `OfCase` tells it now."""
    case = states.get(Case, deadline.owner)
    return NOTHING if case is None else Decision((case,))


def profile_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The keys of the profile are destroyed, and the boxes with them."""
    case = states.get(Case, term.id)
    return NOTHING if case is None else Decision((replace(case, profile_keys={}), Profile(case.id)))


def care_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The key of needs and assistance is destroyed, and the boxes with it; so is the part of the profile that names
    needs."""
    case, profile = states.get(Case, term.id), states.get(Profile, term.id)
    if case is None:
        return NOTHING
    after = without_care(case)
    return Decision((after,) if profile is None else without_part(after, profile, "care"))


def case_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The case goes, and whatever is left of its profile."""
    found = (states.get(Case, term.id), states.get(Profile, term.id))
    return Decision(erased=tuple(each for each in found if each is not None))
