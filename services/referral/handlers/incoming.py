"""What other services tell: the centre's answers close the loop, all else is noted in the timeline.

Every field that a handler here writes is written by one topic alone, or is the sorted timeline: so the case ends up the
same however the topics interleave. An answer that crossed a withdrawal changes nothing but the timeline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis.decision import NOTHING, Context, Decision, Refused
from chassis.states import States
from referral import contracts, refusals
from referral.domain.case import Case, Milestone
from referral.domain.referral import Referral

Change = Callable[[Case, Any, Context], Case]


def _received(case: Case, event: contracts.ReferralReceived, _context: Context) -> Case:
    return _answered(
        case,
        event.referral_id,
        lambda referral: replace(
            referral.stepped("acknowledge"), received_at=event.received_at, answer_due_at=event.answer_due_at
        ),
    )


def _accepted(case: Case, event: contracts.ReferralAccepted, context: Context) -> Case:
    def step(referral: Referral) -> Referral:
        accepted = replace(
            referral.stepped("accept"), answered_at=context.occurred_at, first_appointment=event.first_appointment
        )
        return accepted.stepped("start") if case.journey.status == "arrived" else accepted

    return _answered(case, event.referral_id, step)


def _rejected(case: Case, event: contracts.ReferralRejected, context: Context) -> Case:
    at = context.occurred_at
    return _answered(
        case,
        event.referral_id,
        lambda referral: replace(referral.stepped("reject"), answered_at=at, closed_at=at, reason=event.reason),
    )


def _redirected(case: Case, event: contracts.ReferralRedirected, context: Context) -> Case:
    at = context.occurred_at
    parent = case.referral(event.referral_id)
    if parent is None or case.referral(event.child_referral_id) is not None:
        return case
    child = Referral(
        id=event.child_referral_id,
        root_id=event.root_referral_id,
        parent_id=parent.id,
        to_centre=event.to_centre,
        country=parent.country,
        priority=parent.priority,
        needs=parent.needs,
        referred_at=at,
    )
    if parent.status == "withdrawn":  # the withdrawal crossed the redirection, and holds for the child as well
        child = replace(child.stepped("withdraw"), closed_at=parent.closed_at, reason=parent.reason)
    parent = replace(parent, child_id=child.id)
    if parent.status != "withdrawn":
        parent = replace(parent.stepped("redirect"), answered_at=at, closed_at=at, reason=event.reason)
    return case.with_referral(parent).with_referral(child)


def _completed(case: Case, event: contracts.ReferralCompleted, context: Context) -> Case:
    at = context.occurred_at
    return _answered(
        case,
        event.referral_id,
        lambda referral: replace(referral.stepped("complete"), closed_at=at, reason=event.outcome_code),
    )


def _arrived(case: Case, event: contracts.ArrivedInCountry, _context: Context) -> Case:
    case = replace(case, journey=case.journey.arrived(event.arrived_on))
    for referral in case.referrals:
        case = case.with_referral(referral.stepped("start"))
    return case


def _deadline_missed(case: Case, event: contracts.DeadlineMissed, _context: Context) -> Case:
    return _answered(
        case,
        event.subject_id,
        lambda referral: replace(referral, overdue_level=max(referral.overdue_level, event.level)),
    )


def _unchanged(case: Case, _event: Any, _context: Context) -> Case:
    return case


def _answered(case: Case, referral_id: UUID, step: Callable[[Referral], Referral]) -> Case:
    """The case with what the centre said of one referral; a withdrawn one stays as it is."""
    referral = case.referral(referral_id)
    if referral is None or referral.status == "withdrawn":
        return case
    return case.with_referral(step(referral))


def reaction(change: Change, subject: str, code: str = "") -> Callable[[States, Any, Context], Decision | Refused]:
    """A handler: note the event in the timeline, under the ids and code that it carries, and apply the change."""

    def decide(states: States, event: Any, context: Context) -> Decision | Refused:
        case = states.get(Case, event.case_id)
        if case is None:
            return refusals.UNKNOWN_CASE
        source = event.topic.split(".")[1]
        detail = str(getattr(event, code)) if code else ""
        noted = Milestone(context.occurred_at, type(event).__name__, source, getattr(event, subject), detail)
        changed = change(case.noted(noted), event, context)
        return NOTHING if changed == case else Decision((changed,))

    return decide


REACTIONS: dict[type[Any], Callable[[States, Any, Context], Decision | Refused]] = {
    contracts.ReferralReceived: reaction(_received, "referral_id", "centre"),
    contracts.ReferralAccepted: reaction(_accepted, "referral_id", "centre"),
    contracts.ReferralRejected: reaction(_rejected, "referral_id", "reason"),
    contracts.ReferralRedirected: reaction(_redirected, "referral_id", "to_centre"),
    contracts.ReferralCompleted: reaction(_completed, "referral_id", "outcome_code"),
    contracts.ArrivedInCountry: reaction(_arrived, "case_id", "centre"),
    contracts.FirstContactMade: reaction(_unchanged, "case_id", "centre"),
    contracts.NeedsAssessed: reaction(_unchanged, "assessment_ref", "readiness"),
    contracts.DeadlineMissed: reaction(_deadline_missed, "subject_id", "deadline_type"),
    contracts.EnrolmentRequested: reaction(_unchanged, "enrolment_id"),
    contracts.EnrolmentConfirmed: reaction(_unchanged, "enrolment_id"),
    contracts.EnrolmentWaitlisted: reaction(_unchanged, "enrolment_id"),
    contracts.EnrolmentCancelled: reaction(_unchanged, "enrolment_id", "reason"),
    contracts.CourseCompleted: reaction(_unchanged, "enrolment_id", "result"),
    contracts.JobOffered: reaction(_unchanged, "offer_id", "isco08"),
    contracts.JobOfferAccepted: reaction(_unchanged, "offer_id"),
    contracts.JobOfferDeclined: reaction(_unchanged, "offer_id", "reason"),
    contracts.JobOfferExpired: reaction(_unchanged, "offer_id"),
    contracts.EmploymentStarted: reaction(_unchanged, "employment_id", "isco08"),
}
