"""A departure from Germany: reported, corrected, or void since there was none.

What is corrected or void is as if it had been reported rightly from the start: whoever waits for the person waits for
them on the right day, and what the desk owed before a departure that was none is owed again by the same time. The
promise does not rest on it: one person of the desk says so (docs/domain.md: departures-corrected).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import JourneyOutcome
from referral.commands import ConfirmDeparture, CorrectDeparture, VoidDeparture
from referral.domain.case import Case
from referral.domain.departing import MOST_CORRECTIONS, DepartureCorrection, Left
from referral.domain.journey import MAX_EARLY_DAYS
from referral.events import DepartureCorrected, DepartureVoided, ReferralEvent, ReturneeDeparted
from referral.handlers.care import assistance_in_clear, sealed_assistance
from referral.handlers.desk import own_act, own_case
from referral.handlers.journey import at_step, told_as
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import date_in_future, limit_reached, unknown_code, wrong_state

VOIDABLE = ("departed", "never_arrived")
"""Who was diverted or has arrived has left."""


def confirm_departure(states: States, command: ConfirmDeparture, context: Context) -> Decision | Refused:
    """The person has left Germany, by a plan or without one; or travels on from where they were held up."""
    case = at_step(states, command, context, "depart")
    if isinstance(case, Refused):
        return case
    if refused := _why_not_so(case, command, context):
        return refused
    case, left = _sealed(case, command, context)
    event = ReturneeDeparted(
        case_id=case.id,
        departed_on=left.departed_on,
        arrival_expected_on=left.arrival_expected_on,
        assistance_codes=_told_codes(command, context),
        country=case.country,
    )
    return told_as(case, case.journey.departed(left, context.now), event, context)


def correct(states: States, command: CorrectDeparture, context: Context) -> Decision | Refused:
    """The person left on another day, is expected on another one, or is helped otherwise."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    case, was, reported_at = found
    if refused := _why_not_so(case, command, context):
        return refused
    journey = case.journey
    diverted_on = journey.diverted_on if journey.status == "diverted" else None
    if diverted_on is not None and command.departed_on > diverted_on:
        return refusals.DEPARTED_AFTER_DIVERSION
    if journey.arrived_on is not None and command.departed_on > journey.arrived_on:
        return refusals.DEPARTED_AFTER_ARRIVAL
    recorded = (was.departed_on, was.arrival_expected_on, assistance_in_clear(case, context.vault))
    if recorded == (command.departed_on, command.arrival_expected_on, _codes(command)):
        return refusals.UNCHANGED
    case, left = _sealed(case, command, context)
    event = DepartureCorrected(
        case_id=case.id,
        status=journey.word,
        departed_on=left.departed_on,
        arrival_expected_on=left.arrival_expected_on,
        assistance_codes=_told_codes(command, context),
        told_at=journey.told_at,
        reported_at=reported_at,
        reason=command.reason,
        country=case.country,
    )
    kept = DepartureCorrection(reported_at, was, left, command.reason, context.now)
    return _put_right(replace(case, journey=journey.left_otherwise(left)), kept, event, context)


def void(states: States, command: VoidDeparture, context: Context) -> Decision | Refused:
    """The person has not left: the departure is planned, booked, called off or unheard of, as it was before."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    case, was, reported_at = found
    if case.journey.status not in VOIDABLE:
        return wrong_state("journey", case.journey.status, *VOIDABLE)
    journey = case.journey.not_departed()
    left = journey.left
    event = DepartureVoided(
        case_id=case.id,
        status=journey.word,
        earliest=journey.earliest,
        latest=journey.latest,
        departed_on=None if left is None else left.departed_on,
        arrival_expected_on=None if left is None else left.arrival_expected_on,
        told_at=journey.told_at,
        reported_at=reported_at,
        reason=command.reason,
        country=case.country,
    )
    kept = DepartureCorrection(reported_at, was, None, command.reason, context.now)
    return _put_right(replace(case, journey=journey), kept, event, context)


def _recorded(
    states: States, command: CorrectDeparture | VoidDeparture, context: Context
) -> tuple[Case, Left, datetime] | Refused:
    """The case, the departure that is recorded, and when it was reported."""
    case = own_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    left, reported_at = case.journey.left, case.journey.left_told_at
    if left is None or reported_at is None:
        return refusals.NO_DEPARTURE
    if context.reference.correction_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "correction_reasons")
    if len(case.departures_corrected) >= MOST_CORRECTIONS:
        return limit_reached(
            MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this case."
        )
    return case, left, reported_at


def _why_not_so(case: Case, told: ConfirmDeparture | CorrectDeparture, context: Context) -> Refused | None:
    """Why the departure cannot have been like that."""
    today, earliest = day_at(GERMANY, context.now), case.journey.earliest
    if told.departed_on > today:
        return date_in_future("/departed_on")
    if earliest is not None and told.departed_on < earliest - timedelta(days=MAX_EARLY_DAYS):
        return refusals.DEPARTED_LONG_BEFORE
    if told.arrival_expected_on < told.departed_on:
        return refusals.ARRIVES_BEFORE_DEPARTURE
    for index, code in enumerate(told.assistance_codes):
        if context.reference.assistance_codes.get(code, on=today) is None:
            return unknown_code(f"/assistance_codes/{index}", "assistance_codes")
    return None


def _sealed(case: Case, told: ConfirmDeparture | CorrectDeparture, context: Context) -> tuple[Case, Left]:
    """The case with the key of its codes, and the departure with these sealed."""
    key, box = sealed_assistance(case, _codes(told), context.vault)
    return replace(case, care_key=key), Left(told.departed_on, told.arrival_expected_on, box)


def _codes(told: ConfirmDeparture | CorrectDeparture) -> tuple[str, ...]:
    return tuple(sorted(set(told.assistance_codes)))


def _told_codes(told: ConfirmDeparture | CorrectDeparture, context: Context) -> tuple[str, ...]:
    """Those that do not tell of health."""
    codes: tuple[str, ...] = context.reference.open_to_others(_codes(told), context.reference.assistance_codes)
    return codes


def _put_right(case: Case, kept: DepartureCorrection, event: ReferralEvent, context: Context) -> Decision:
    case = replace(case, departures_corrected=(*case.departures_corrected, kept))
    case = own_act(case, context.now, type(event).__name__, case.id, kept.reason)
    return Decision((case,), (event,), answer=JourneyOutcome.of(case.id, case.journey))
