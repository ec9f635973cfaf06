"""What several handlers of the scout's desk share: whose case it is, what day it is, what the timeline notes."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from chassis.calendar import time_zone
from chassis.decision import Actor, Context, Refused
from chassis.states import States
from referral import refusals
from referral.domain.case import Case, Milestone

DESK_ROLES = frozenset({"scout", "return_counsellor"})
GERMANY = time_zone("DE")


def today(context: Context) -> date:
    """The day at the desk."""
    return context.now.astimezone(GERMANY).date()


def own_case(states: States, case_id: UUID, actor: Actor) -> Case | Refused:
    """The case, if the actor's organisation opened it."""
    case = states.get(Case, case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    if case.opened_by != actor.org:
        return refusals.NOT_YOUR_CASE
    return case


def consent_case(states: States, case_id: UUID, actor: Actor) -> Case | Refused:
    """The case, if the actor may record consents: its own organisation, or the centre that has the person."""
    case = states.get(Case, case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    allowed = case.opened_by == actor.org if actor.role in DESK_ROLES else case.held_by(actor.org)
    return case if allowed else refusals.NOT_YOUR_CASE


def own_act(case: Case, context: Context, type_: str, subject: UUID, code: str = "") -> Case:
    """The case with an act of the desk noted in its timeline."""
    return case.noted(Milestone(context.now, type_, "referral", subject, code))
