"""The end of a case is told to all who keep something of it, and here what is kept of it ends by its term.

Whatever changes a case may end it, or take its end back: so every handler of a case is an `OfCase`, which compares what
was told with what the facts say now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.pure.decision import NOTHING, Cleared, Context, Deadline, DeadlineDue, Decision, Handler, Refused
from chassis.pure.retention import TermOver
from chassis.pure.states import States
from referral import refusals
from referral.commands import HoldCase, ReleaseHold
from referral.domain import lasting
from referral.domain.case import Case
from referral.domain.ending import Ended, Hold
from referral.domain.profile import Profile
from referral.events import RetentionHeld, RetentionReleased, RetentionStarted, RetentionStopped
from referral.handlers.care import without_care
from referral.handlers.deadlines import AGE_BAND, CASE_END
from referral.handlers.sharing import without_part
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.holding import MOST_HOLDS, HoldOutcome, RetentionOutcome
from vocabulary.refusals import unknown_code


@dataclass(frozen=True, slots=True)
class OfCase(Handler):
    """A handler that may change a case."""

    def decided(self, states: States, message: Any, context: Context) -> Decision | Refused:
        """What it decides, and with it that the case has ended, or has not after all."""
        decision = Handler.decided(self, states, message, context)
        if isinstance(decision, Refused):
            return decision
        case = next((each for each in decision.states if isinstance(each, Case)), None)
        if case is None:
            return decision
        decision = decision._replace(deadlines=(*decision.deadlines, *_looks(states.get(Case, case.id), case, context)))
        ended = end_of(case, context.now)
        if ended == case.ended:
            return decision
        after = replace(case, ended=ended)
        told = tuple(after if each is case else each for each in decision.states)
        return decision._replace(states=told, events=(*decision.events, _event(after)))


def end_of(case: Case, now: datetime) -> Ended | None:
    """The end as the facts of the case say now, and as it is told."""
    found = lasting.end_of(case, now)
    return None if found is None else Ended(found[0], day_at(GERMANY, found[1]))


def _looks(before: Case | None, after: Case, context: Context) -> tuple[Deadline | Cleared, ...]:
    """The next look at a case that only a seat, or a way into a vacancy, keeps open: when the last consent for these
    ends, nobody may know the person any more, and the case ends."""
    until = lasting.kept_until(after, context.now)
    if until == (None if before is None else lasting.kept_until(before, context.now)):
        return ()
    return (Cleared(CASE_END, after.id) if until is None else Deadline(CASE_END, after.id, after.id, until),)


def _event(case: Case) -> RetentionStarted | RetentionStopped:
    if case.ended is None:
        return RetentionStopped(case_id=case.id)
    return RetentionStarted(case_id=case.id, reference=case.ended.reference, ended_on=case.ended.on)


def hold(states: States, command: HoldCase, context: Context) -> Decision | Refused:
    """Nothing of the case ends, in any service, until the hold is released."""
    case = states.get(Case, command.case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    if context.reference.hold_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "hold_reasons")
    if len(case.holds) >= MOST_HOLDS:
        return refusals.TOO_MANY_HOLDS
    new = Hold(context.new_id(), command.reason, context.now)
    case = case.held(new)
    told = RetentionHeld(case_id=case.id, hold_id=new.id, reason=new.reason)
    answer = HoldOutcome(case_id=case.id, hold_id=new.id, reason=new.reason, since=new.since)
    return Decision((case,), (told,), answer=answer)


def release(states: States, command: ReleaseHold, context: Context) -> Decision | Refused:
    """One hold is over."""
    case = states.get(Case, command.case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    if all(each.id != command.hold_id for each in case.holds):
        return refusals.HOLD_NOT_FOUND
    if context.reference.hold_release_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "hold_release_reasons")
    case = case.released(command.hold_id)
    told = RetentionReleased(case_id=case.id, hold_id=command.hold_id, reason=command.reason)
    return Decision((case,), (told,), answer=RetentionOutcome.model_validate(case))


def end_untold(states: States, deadline: DeadlineDue, context: Context) -> Decision:
    """A case that had ended before ends were told, or while they were counted otherwise, or that only a seat or a pick
    kept from its end, by which nobody may know the person any more: `OfCase` tells it now."""
    case = states.get(Case, deadline.owner)
    return NOTHING if case is None else Decision((case,), deadlines=_looks(None, case, context))


def profile_over(states: States, term: TermOver, _context: Context) -> Decision:
    """The keys of the profile are destroyed, and the boxes with them; and what its birth date has left goes, the month
    with which the age band would change."""
    case = states.get(Case, term.id)
    if case is None:
        return NOTHING
    after = replace(case, profile_keys={}, birth_date_known=None, band_ends_on=None)
    return Decision((after, Profile(case.id)), (), (Cleared(AGE_BAND, case.id),))


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
