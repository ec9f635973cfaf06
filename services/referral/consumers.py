"""Which event of another service goes to which handler, and under which id and code the timeline notes it. A type that
is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from referral import contracts
from referral.handlers import BY_CASE_OF_EVENT, WITH_PROFILE_OF_EVENT, adopting, followed, incoming, sharing
from referral.handlers.incoming import reaction
from referral.handlers.sharing import handing_over

heard = partial(followed, needed=BY_CASE_OF_EVENT)
"""For what others tell of a case, which perhaps a centre has opened and no desk."""
EVENTS: Mapping[type[Contract], Handler] = {
    contracts.CaseOpened: heard(incoming.opened_elsewhere),
    contracts.CaseCorrected: heard(incoming.opened_elsewhere),
    contracts.CaseVoided: heard(incoming.voided_elsewhere),
    contracts.CaseAdopted: heard(adopting.adopted),
    contracts.AdoptionDeclined: heard(adopting.declined),
    contracts.AgedAtCentre: heard(reaction(incoming.aged, "case_id", "age_band")),
    contracts.SignedAtCentre: heard(
        handing_over(reaction(incoming.signed, "consent_id", "purpose")), needed=WITH_PROFILE_OF_EVENT
    ),
    contracts.TakenBackAtCentre: heard(handing_over(reaction(incoming.taken_back, "consent_id", "purpose"))),
    contracts.ReferralReceived: heard(reaction(incoming.received, "referral_id", "centre")),
    contracts.ReferralAccepted: heard(
        handing_over(reaction(incoming.accepted, "referral_id", "centre")), needed=WITH_PROFILE_OF_EVENT
    ),
    contracts.ReferralRejected: heard(handing_over(reaction(incoming.rejected, "referral_id", "reason"))),
    contracts.ReferralRedirected: heard(handing_over(incoming.redirected), needed=WITH_PROFILE_OF_EVENT),
    contracts.ReferralCompleted: heard(handing_over(reaction(incoming.completed, "referral_id", "outcome_code"))),
    contracts.ReferralFailed: heard(handing_over(reaction(incoming.failed, "referral_id", "reason"))),
    contracts.ReferralReopened: heard(
        handing_over(reaction(incoming.reopened, "referral_id", "reason")), needed=WITH_PROFILE_OF_EVENT
    ),
    contracts.PreDepartureCallHeld: heard(reaction(incoming.unchanged, "case_id", "outcome")),
    contracts.NeverArrived: heard(reaction(incoming.never_arrived, "case_id", "centre")),
    contracts.ArrivedInCountry: heard(reaction(incoming.arrived, "case_id", "centre")),
    contracts.ArrivalCorrected: heard(reaction(incoming.arrival_corrected, "case_id", "reason")),
    contracts.RecordVoided: heard(reaction(incoming.record_voided, "case_id", "reason")),
    contracts.FirstContactMade: heard(reaction(incoming.unchanged, "case_id", "centre")),
    contracts.NeedsAssessed: heard(reaction(incoming.unchanged, "assessment_ref", "readiness")),
    contracts.ReintegrationPlanAgreed: heard(reaction(incoming.unchanged, "plan_id")),
    contracts.DeadlineMissed: heard(reaction(incoming.deadline_missed, "subject_id", "code")),
    contracts.DeadlineMoved: heard(reaction(incoming.deadline_moved, "subject_id", "code")),
    contracts.ProfileKeyDestroyed: heard(sharing.key_destroyed),
    contracts.DestroyedAtDesk: heard(sharing.key_destroyed),
    contracts.DestroyedAtProvider: heard(sharing.key_destroyed),
    contracts.EnrolmentRequested: heard(reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentConfirmed: heard(
        handing_over(reaction(incoming.seated, "enrolment_id")), needed=WITH_PROFILE_OF_EVENT
    ),
    contracts.EnrolmentWaitlisted: heard(reaction(incoming.unchanged, "enrolment_id")),
    contracts.EnrolmentCancelled: heard(handing_over(reaction(incoming.seat_over, "enrolment_id", "reason"))),
    contracts.CourseCompleted: heard(handing_over(reaction(incoming.seat_over, "enrolment_id", "result"))),
    contracts.CompletionCorrected: heard(handing_over(reaction(incoming.seat_was_over, "enrolment_id", "reason"))),
    contracts.CompletionVoided: heard(
        handing_over(reaction(incoming.seat_goes_on, "enrolment_id", "reason")), needed=WITH_PROFILE_OF_EVENT
    ),
    contracts.CandidateShortlisted: heard(
        handing_over(reaction(incoming.picked, "candidacy_id")), needed=WITH_PROFILE_OF_EVENT
    ),
    contracts.CandidacyClosed: heard(handing_over(reaction(incoming.way_over, "candidacy_id", "reason"))),
    contracts.JobOffered: heard(reaction(incoming.offered, "offer_id", "isco08")),
    contracts.JobOfferAccepted: heard(reaction(incoming.unchanged, "offer_id")),
    contracts.JobOfferDeclined: heard(reaction(incoming.unchanged, "offer_id", "reason")),
    contracts.JobOfferRetracted: heard(reaction(incoming.unchanged, "offer_id")),
    contracts.JobOfferExpired: heard(reaction(incoming.unchanged, "offer_id")),
    contracts.EmploymentStarted: heard(handing_over(reaction(incoming.starts, "employment_id", "isco08"))),
    contracts.JobOfferCorrected: heard(reaction(incoming.offered, "offer_id", "reason")),
    contracts.EmploymentCorrected: heard(reaction(incoming.employed, "employment_id", "reason")),
    contracts.PlacementRecordVoided: heard(reaction(incoming.work_voided, "record_id", "record")),
}
