"""Which event of another service goes to which handler, and under which id and code the timeline notes it. A type that
is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from referral import contracts
from referral.handlers import BY_CASE_WITH_PROFILE, followed, incoming, sharing
from referral.handlers.incoming import reaction
from referral.handlers.sharing import handing_over

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.ReferralReceived: followed(reaction(incoming.received, "referral_id", "centre")),
    contracts.ReferralAccepted: followed(
        handing_over(reaction(incoming.accepted, "referral_id", "centre")), BY_CASE_WITH_PROFILE
    ),
    contracts.ReferralRejected: followed(handing_over(reaction(incoming.rejected, "referral_id", "reason"))),
    contracts.ReferralRedirected: followed(handing_over(incoming.redirected), BY_CASE_WITH_PROFILE),
    contracts.ReferralCompleted: followed(handing_over(reaction(incoming.completed, "referral_id", "outcome_code"))),
    contracts.ReferralFailed: followed(handing_over(reaction(incoming.failed, "referral_id", "reason"))),
    contracts.ReferralReopened: followed(
        handing_over(reaction(incoming.reopened, "referral_id", "reason")), BY_CASE_WITH_PROFILE
    ),
    contracts.NeverArrived: followed(reaction(incoming.never_arrived, "case_id", "centre")),
    contracts.ArrivedInCountry: followed(reaction(incoming.arrived, "case_id", "centre")),
    contracts.ArrivalCorrected: followed(reaction(incoming.arrival_corrected, "case_id", "reason")),
    contracts.RecordVoided: followed(reaction(incoming.record_voided, "case_id", "reason")),
    contracts.FirstContactMade: followed(reaction(incoming.unchanged, "case_id", "centre")),
    contracts.NeedsAssessed: followed(reaction(incoming.unchanged, "assessment_ref", "readiness")),
    contracts.DeadlineMissed: followed(reaction(incoming.deadline_missed, "subject_id", "code")),
    contracts.DeadlineMoved: followed(reaction(incoming.deadline_moved, "subject_id", "code")),
    contracts.ProfileKeyDestroyed: followed(sharing.key_destroyed),
    contracts.EnrolmentRequested: followed(reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentConfirmed: followed(reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentWaitlisted: followed(reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentCancelled: followed(reaction(incoming.unchanged, "enrolment_id", "reason")),
    contracts.CourseCompleted: followed(reaction(incoming.unchanged, "enrolment_id", "result")),
    contracts.JobOffered: followed(reaction(incoming.offered, "offer_id", "isco08")),
    contracts.JobOfferAccepted: followed(reaction(incoming.unchanged, "offer_id")),
    contracts.JobOfferDeclined: followed(reaction(incoming.unchanged, "offer_id", "reason")),
    contracts.JobOfferRetracted: followed(reaction(incoming.unchanged, "offer_id")),
    contracts.JobOfferExpired: followed(reaction(incoming.unchanged, "offer_id")),
    contracts.EmploymentStarted: followed(reaction(incoming.employed, "employment_id", "isco08")),
    contracts.JobOfferCorrected: followed(reaction(incoming.offered, "offer_id", "reason")),
    contracts.EmploymentCorrected: followed(reaction(incoming.employed, "employment_id", "reason")),
    contracts.PlacementRecordVoided: followed(reaction(incoming.work_voided, "record_id", "record")),
}
