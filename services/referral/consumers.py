"""Which event of which service goes to which handler, and under which id and code the timeline notes it."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from referral import contracts
from referral.handlers import for_case, incoming
from referral.handlers.incoming import reaction

EVENTS: Mapping[type[Contract], Handler] = {
    contract: for_case(decide)
    for contract, decide in (
        (contracts.ReferralReceived, reaction(incoming.received, "referral_id", "centre")),
        (contracts.ReferralAccepted, reaction(incoming.accepted, "referral_id", "centre")),
        (contracts.ReferralRejected, reaction(incoming.rejected, "referral_id", "reason")),
        (contracts.ReferralRedirected, incoming.redirected),
        (contracts.ReferralCompleted, reaction(incoming.completed, "referral_id", "outcome_code")),
        (contracts.ArrivedInCountry, reaction(incoming.arrived, "case_id", "centre")),
        (contracts.FirstContactMade, reaction(incoming.unchanged, "case_id", "centre")),
        (contracts.NeedsAssessed, reaction(incoming.unchanged, "assessment_ref", "readiness")),
        (contracts.DeadlineMissed, reaction(incoming.deadline_missed, "subject_id", "code")),
        (contracts.DeadlineMoved, reaction(incoming.deadline_moved, "subject_id", "code")),
        (contracts.EnrolmentRequested, reaction(incoming.unchanged, "enrolment_id")),
        (contracts.EnrolmentConfirmed, reaction(incoming.unchanged, "enrolment_id")),
        (contracts.EnrolmentWaitlisted, reaction(incoming.unchanged, "enrolment_id")),
        (contracts.EnrolmentCancelled, reaction(incoming.unchanged, "enrolment_id", "reason")),
        (contracts.CourseCompleted, reaction(incoming.unchanged, "enrolment_id", "result")),
        (contracts.JobOffered, reaction(incoming.offered, "offer_id", "isco08")),
        (contracts.JobOfferAccepted, reaction(incoming.unchanged, "offer_id")),
        (contracts.JobOfferDeclined, reaction(incoming.unchanged, "offer_id", "reason")),
        (contracts.JobOfferExpired, reaction(incoming.unchanged, "offer_id")),
        (contracts.EmploymentStarted, reaction(incoming.employed, "employment_id", "isco08")),
    )
}
