"""What a centre does before somebody leaves Germany: it speaks with them."""

from __future__ import annotations

from datetime import date

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import RecordPreDepartureCall
from counselling.domain.centre_file import CentreFile
from counselling.domain.preparation import MOST_CALLS, Call
from counselling.domain.referral import Referral
from counselling.events import PreDepartureCallHeld
from counselling.handlers.access import by_centre, care_of, sight_in
from counselling.outcomes import CallOutcome
from vocabulary.copying import replace
from vocabulary.countries import day_at
from vocabulary.refusals import date_in_future, limit_reached, unknown_code


def record_call(states: States, command: RecordPreDepartureCall, context: Context) -> Decision | Refused:
    """The centre and the person have spoken; every call is told, the first one is what is owed.

    Needs a consent that covers this centre now: without one it may not know whom to call.
    """
    found = care_of(states, command.case_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if sight_in(file, context) != "whole":
        return refusals.CONSENT_GONE
    if refused := _why_not_held(file, referral, command, context):
        return refused
    held = (referral.centre, command.channel, command.attempts, command.outcome, command.held_on)
    id_ = context.random_id()
    call = Call(*held, id_, context.now)
    calls = (*file.preparation.calls, call)
    file = replace(file, preparation=replace(file.preparation, calls=calls))
    event = PreDepartureCallHeld(
        **by_centre(file, referral),
        channel=command.channel,
        attempts=command.attempts,
        outcome=command.outcome,
        held_on=command.held_on,
    )
    own = sum(each.centre == referral.centre for each in calls)
    return Decision((file,), (event,), answer=CallOutcome(case_id=file.id, status=file.status, calls=own, call_id=id_))


def _why_not_held(
    file: CentreFile, referral: Referral, command: RecordPreDepartureCall, context: Context
) -> Refused | None:
    if referral.walk_in:
        return refusals.WALKED_IN
    today = day_at(referral.centre_country, context.now)
    if context.reference.call_channels.get(command.channel, on=today) is None:
        return unknown_code("/channel", "call_channels")
    if context.reference.call_outcomes.get(command.outcome, on=today) is None:
        return unknown_code("/outcome", "call_outcomes")
    if command.held_on > today:
        return date_in_future("/held_on")
    if command.held_on < day_at(referral.centre_country, referral.received_at):
        return refusals.CALL_BEFORE_REFERRAL
    left = _left_by(file)
    if left is not None and command.held_on > left:
        return refusals.CALL_AFTER_DEPARTURE
    if len(file.preparation.calls) >= MOST_CALLS:
        return limit_reached(MOST_CALLS, "calls", "Ask the operators: a program may be recording them.")
    return None


def _left_by(file: CentreFile) -> date | None:
    """The day by which the person had left Germany, as far as it is known. A call may be recorded after it was held."""
    departed_on = None if file.departure is None else file.departure.departed_on
    return departed_on or (None if file.arrival is None else file.arrival.arrived_on)
