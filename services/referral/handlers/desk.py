"""What several handlers of the scout's desk share: whose case it is, what day it is, what the timeline notes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from chassis.pure.decision import Actor, Context, Refused
from chassis.pure.states import States
from referral import refusals
from referral.domain.case import Case, Milestone
from vocabulary.countries import GERMANY, time_zone

CLOCK = time_zone(GERMANY)


def day_at_the_desk(at: datetime) -> date:
    """The calendar day in Germany."""
    return at.astimezone(CLOCK).date()


def today(context: Context) -> date:
    """The day at the desk."""
    return day_at_the_desk(context.now)


def own_case(states: States, case_id: UUID, actor: Actor) -> Case | Refused:
    """The case, if the actor's organisation opened it."""
    case = states.get(Case, case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    return case if case.opened_by == actor.org else refusals.NOT_YOUR_CASE


def own_act(case: Case, at: datetime, type_: str, subject: UUID, code: str = "") -> Case:
    """The case with an act of the desk noted in its timeline."""
    return case.noted(Milestone(at, type_, subject, "referral", code))
