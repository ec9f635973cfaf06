"""What several handlers of the scout's desk share: whose case it is, and what the timeline notes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.pure.decision import Actor, Refused
from chassis.pure.states import States
from referral import refusals
from referral.domain.case import Case, Milestone


def own_case(states: States, case_id: UUID, actor: Actor) -> Case | Refused:
    """The case, if the actor's organisation opened it, and not in error."""
    case = own_case_or_void(states, case_id, actor)
    return refusals.CASE_VOID if isinstance(case, Case) and case.void_at is not None else case


def own_case_or_void(states: States, case_id: UUID, actor: Actor) -> Case | Refused:
    """The case, if the actor's organisation opened it: for what ends something, or takes it back."""
    case = states.get(Case, case_id)
    if case is None:
        return refusals.CASE_NOT_FOUND
    return case if case.opened_by == actor.org else refusals.OTHER_ORGANISATION


def own_act(case: Case, at: datetime, type_: str, subject: UUID, code: str = "") -> Case:
    """The case with an act of the desk noted in its timeline."""
    return case.noted(Milestone(at, type_, subject, "referral", code))
