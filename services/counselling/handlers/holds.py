"""What holds the records of somebody whom a centre took in by itself: every service is told, and none ends anything.

Nobody in Germany knows them, so it is said here. The clock of the case keeps it, as it keeps in every service what is
told of the others.
"""

from __future__ import annotations

from uuid import UUID

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.retention import Clock, Hold
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import HoldFile, ReleaseHold
from counselling.domain.centre_file import CentreFile
from counselling.domain.referral import Referral
from counselling.events import RetentionHeld, RetentionReleased
from counselling.handlers.access import by_centre
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.holding import MOST_HOLDS, HoldOutcome, RetentionOutcome
from vocabulary.refusals import unknown_code


def hold(states: States, command: HoldFile, context: Context) -> Decision | Refused:
    """Nothing of the case ends, in any service, until the hold is released."""
    found = walked_in(states, command.case_id)
    if isinstance(found, Refused):
        return found
    file, intake, clock = found
    if context.reference.hold_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "hold_reasons")
    if len(clock.holds) >= MOST_HOLDS:
        return refusals.TOO_MANY_HOLDS
    new = Hold(context.new_id(), command.reason, context.now)
    clock = replace(clock, holds=(*clock.holds, new))
    told = RetentionHeld(**by_centre(file, intake), hold_id=new.id, reason=command.reason)
    answer = HoldOutcome(case_id=file.id, hold_id=new.id, reason=command.reason, since=new.since)
    return Decision((clock,), (told,), answer=answer)


def release(states: States, command: ReleaseHold, context: Context) -> Decision | Refused:
    """One hold is over."""
    found = walked_in(states, command.case_id)
    if isinstance(found, Refused):
        return found
    file, intake, clock = found
    if all(each.id != command.hold_id for each in clock.holds):
        return refusals.HOLD_NOT_FOUND
    if context.reference.hold_release_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "hold_release_reasons")
    clock = replace(clock, holds=tuple(each for each in clock.holds if each.id != command.hold_id))
    told = RetentionReleased(**by_centre(file, intake), hold_id=command.hold_id, reason=command.reason)
    shown = {"id": file.id, "ended": file.ended, "holds": clock.holds}
    return Decision((clock,), (told,), answer=RetentionOutcome.model_validate(shown, from_attributes=True))


def walked_in(states: States, case_id: UUID) -> tuple[CentreFile, Referral, Clock] | Refused:
    """Whom a centre has taken in by itself, whichever it was, and whose case no desk has adopted."""
    file = states.get(CentreFile, case_id)
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    intake = file.walked_in
    if intake is None or file.adopted:
        return refusals.HELD_BY_THE_DESK
    return (file, intake, states.get(Clock, case_id) or Clock(case_id))
