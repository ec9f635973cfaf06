"""The return journey: planned, booked, moved, cancelled, missed, diverted; `departing.py` has the departure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import JourneyOutcome
from referral.commands import (
    BookDeparture,
    CancelDeparture,
    DivertDeparture,
    MissDeparture,
    PlanDeparture,
    RescheduleDeparture,
)
from referral.domain.case import Case
from referral.domain.journey import MAX_WINDOW_DAYS, TRANSITIONS, Journey, Step
from referral.events import (
    DepartureCancelled,
    DepartureDiverted,
    DepartureMissed,
    DeparturePlanned,
    DepartureRescheduled,
    ReferralEvent,
)
from referral.handlers.desk import own_act, own_case
from vocabulary import regions
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import date_in_future, date_in_past, unknown_code, wrong_state
from vocabulary.transitions import statuses_before


def plan(states: States, command: PlanDeparture, context: Context) -> Decision | Refused:
    """A window in which the person can leave."""
    case = at_step(states, command, context, "plan")
    if isinstance(case, Refused):
        return case
    if refused := _bad_window(command.earliest, command.latest, day_at(GERMANY, context.now)):
        return refused
    journey = case.journey.begun_anew(
        "plan",
        context.now,
        earliest=command.earliest,
        latest=command.latest,
        transport=command.transport,
        arrival_point=command.arrival_point,
    )
    return told_as(case, journey, _planned(case, journey), context)


def book(states: States, command: BookDeparture, context: Context) -> Decision | Refused:
    """The day is booked."""
    case = at_step(states, command, context, "book")
    if isinstance(case, Refused):
        return case
    if command.on < day_at(GERMANY, context.now):
        return date_in_past("/on")
    journey = case.journey.stepped(
        "book",
        earliest=command.on,
        latest=command.on,
        transport=command.transport or case.journey.transport,
        arrival_point=command.arrival_point or case.journey.arrival_point,
    )
    return told_as(case, journey, _planned(case, journey), context)


def reschedule(states: States, command: RescheduleDeparture, context: Context) -> Decision | Refused:
    """The departure moves: a planned one to another window, a booked one to another day."""
    case = at_step(states, command, context, "reschedule")
    if isinstance(case, Refused):
        return case
    day = day_at(GERMANY, context.now)
    if context.reference.reschedule_reasons.get(command.reason, on=day) is None:
        return unknown_code("/reason", "reschedule_reasons")
    if refused := _bad_window(command.earliest, command.latest, day):
        return refused
    if case.journey.status == "booked" and command.earliest != command.latest:
        return refusals.BOOKED_IS_ONE_DAY
    journey = case.journey.stepped(
        "reschedule", earliest=command.earliest, latest=command.latest, reason=command.reason
    )
    event = DepartureRescheduled(
        case_id=case.id,
        status="booked" if journey.status == "booked" else "planned",
        earliest=command.earliest,
        latest=command.latest,
        reason=command.reason,
        country=case.country,
    )
    return told_as(case, journey, event, context)


def cancel(states: States, command: CancelDeparture, context: Context) -> Decision | Refused:
    """The departure will not take place; it may be planned anew."""
    case = at_step(states, command, context, "cancel")
    if isinstance(case, Refused):
        return case
    if context.reference.departure_cancel_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "departure_cancel_reasons")
    journey = case.journey.begun_anew("cancel", context.now, reason=command.reason)
    event = DepartureCancelled(case_id=case.id, reason=command.reason, country=case.country)
    return told_as(case, journey, event, context)


def miss(states: States, command: MissDeparture, context: Context) -> Decision | Refused:
    """The departure took place without the person, or not at all; the plan is over."""
    case = at_step(states, command, context, "miss")
    if isinstance(case, Refused):
        return case
    day = day_at(GERMANY, context.now)
    if command.missed_on > day:
        return date_in_future("/missed_on")
    if case.journey.earliest is not None and command.missed_on < case.journey.earliest:
        return refusals.MISSED_BEFORE_WINDOW
    if context.reference.missed_reasons.get(command.reason, on=day) is None:
        return unknown_code("/reason", "missed_reasons")
    journey = case.journey.begun_anew("miss", context.now, missed_on=command.missed_on, reason=command.reason)
    event = DepartureMissed(case_id=case.id, missed_on=command.missed_on, reason=command.reason, country=case.country)
    return told_as(case, journey, event, context)


def divert(states: States, command: DivertDeparture, context: Context) -> Decision | Refused:
    """The person has left Germany and is not where they were to arrive."""
    case = at_step(states, command, context, "divert")
    if isinstance(case, Refused):
        return case
    day = day_at(GERMANY, context.now)
    if command.diverted_on > day:
        return date_in_future("/diverted_on")
    if case.journey.departed_on is not None and command.diverted_on < case.journey.departed_on:
        return refusals.DIVERTED_BEFORE_DEPARTURE
    if command.to_country == case.country:
        return refusals.COUNTRY_OF_RETURN
    if command.to_country is not None and not regions.is_country(command.to_country):
        return refusals.UNKNOWN_COUNTRY
    if context.reference.divert_reasons.get(command.reason, on=day) is None:
        return unknown_code("/reason", "divert_reasons")
    journey = case.journey.stepped(
        "divert", diverted_on=command.diverted_on, diverted_to=command.to_country, reason=command.reason
    )
    event = DepartureDiverted(
        case_id=case.id,
        diverted_on=command.diverted_on,
        to_country=command.to_country,
        reason=command.reason,
        country=case.country,
    )
    return told_as(case, journey, event, context)


def at_step(states: States, command: Any, context: Context, step: Step) -> Case | Refused:
    """The desk's case, whose journey can take this step."""
    case = own_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    if not case.journey.allows(step):
        return wrong_state("journey", case.journey.status, *statuses_before(TRANSITIONS, step))
    return case


def _bad_window(earliest: date, latest: date, day: date) -> Refused | None:
    if earliest < day:
        return date_in_past("/earliest")
    if latest < earliest:
        return refusals.WINDOW_REVERSED
    if latest - earliest > timedelta(days=MAX_WINDOW_DAYS):
        return refusals.WINDOW_TOO_LONG
    return None


def _planned(case: Case, journey: Journey) -> DeparturePlanned:
    assert journey.earliest is not None, "a planned journey has a window"
    assert journey.latest is not None, "a planned journey has a window"
    return DeparturePlanned(
        case_id=case.id,
        status="booked" if journey.status == "booked" else "planned",
        earliest=journey.earliest,
        latest=journey.latest,
        return_type=case.return_type,
        transport=journey.transport,
        arrival_point=journey.arrival_point,
        country=case.country,
    )


def told_as(case: Case, journey: Journey, event: ReferralEvent, context: Context) -> Decision:
    """The decision by which the desk says something of the journey."""
    journey = journey.said(context.now)
    case = own_act(replace(case, journey=journey), context.now, type(event).__name__, case.id, journey.status)
    return Decision((case,), (event,), answer=JourneyOutcome.of(case.id, journey))
