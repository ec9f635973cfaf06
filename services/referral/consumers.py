"""Which event of another service goes to which handler, and under which id and code the timeline notes it. A type that
is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from referral import contracts
from referral.handlers import BY_CASE, BY_CASE_WITH_PROFILE, incoming, sharing
from referral.handlers.incoming import reaction
from referral.handlers.sharing import handing_over

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.ReferralReceived: Handler(BY_CASE, reaction(incoming.received, "referral_id", "centre")),
    contracts.ReferralAccepted: Handler(
        BY_CASE_WITH_PROFILE, handing_over(reaction(incoming.accepted, "referral_id", "centre"))
    ),
    contracts.ReferralRejected: Handler(BY_CASE, handing_over(reaction(incoming.rejected, "referral_id", "reason"))),
    contracts.ReferralRedirected: Handler(BY_CASE_WITH_PROFILE, handing_over(incoming.redirected)),
    contracts.ReferralCompleted: Handler(
        BY_CASE, handing_over(reaction(incoming.completed, "referral_id", "outcome_code"))
    ),
    contracts.ReferralFailed: Handler(BY_CASE, handing_over(reaction(incoming.failed, "referral_id", "reason"))),
    contracts.ReferralReopened: Handler(
        BY_CASE_WITH_PROFILE, handing_over(reaction(incoming.reopened, "referral_id", "reason"))
    ),
    contracts.NeverArrived: Handler(BY_CASE, reaction(incoming.never_arrived, "case_id", "centre")),
    contracts.ArrivedInCountry: Handler(BY_CASE, reaction(incoming.arrived, "case_id", "centre")),
    contracts.ArrivalCorrected: Handler(BY_CASE, reaction(incoming.arrival_corrected, "case_id", "reason")),
    contracts.RecordVoided: Handler(BY_CASE, reaction(incoming.record_voided, "case_id", "reason")),
    contracts.FirstContactMade: Handler(BY_CASE, reaction(incoming.unchanged, "case_id", "centre")),
    contracts.NeedsAssessed: Handler(BY_CASE, reaction(incoming.unchanged, "assessment_ref", "readiness")),
    contracts.DeadlineMissed: Handler(BY_CASE, reaction(incoming.deadline_missed, "subject_id", "code")),
    contracts.DeadlineMoved: Handler(BY_CASE, reaction(incoming.deadline_moved, "subject_id", "code")),
    contracts.ProfileKeyDestroyed: Handler(BY_CASE, sharing.key_destroyed),
    contracts.EnrolmentRequested: Handler(BY_CASE, reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentConfirmed: Handler(BY_CASE, reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentWaitlisted: Handler(BY_CASE, reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentCancelled: Handler(BY_CASE, reaction(incoming.unchanged, "enrolment_id", "reason")),
    contracts.CourseCompleted: Handler(BY_CASE, reaction(incoming.unchanged, "enrolment_id", "result")),
    contracts.JobOffered: Handler(BY_CASE, reaction(incoming.offered, "offer_id", "isco08")),
    contracts.JobOfferAccepted: Handler(BY_CASE, reaction(incoming.unchanged, "offer_id")),
    contracts.JobOfferDeclined: Handler(BY_CASE, reaction(incoming.unchanged, "offer_id", "reason")),
    contracts.JobOfferRetracted: Handler(BY_CASE, reaction(incoming.unchanged, "offer_id")),
    contracts.JobOfferExpired: Handler(BY_CASE, reaction(incoming.unchanged, "offer_id")),
    contracts.EmploymentStarted: Handler(BY_CASE, reaction(incoming.employed, "employment_id", "isco08")),
    contracts.JobOfferCorrected: Handler(BY_CASE, reaction(incoming.offered, "offer_id", "reason")),
    contracts.EmploymentCorrected: Handler(BY_CASE, reaction(incoming.employed, "employment_id", "reason")),
    contracts.PlacementRecordVoided: Handler(BY_CASE, reaction(incoming.work_voided, "record_id", "record")),
}
