"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from counselling import contracts
from counselling.handlers import (
    BY_CASE,
    RECEIVING,
    WITH_PROFILE,
    adopting,
    followed,
    incoming,
    progress,
    registered,
)
from counselling.handlers.repeats import WITH_SIGNED
from vocabulary.receiving import BY_KEY, BY_PROFILE
from vocabulary.retention import HELD, RELEASED, STARTED, STOPPED
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.AdoptionRequested: followed(adopting.requested),
    contracts.AgeBandChanged: followed(incoming.age_band_changed),
    contracts.CaseCorrected: followed(registered.case_corrected),
    contracts.ConsentGranted: followed(incoming.consent_granted),
    contracts.ConsentWithdrawn: followed(incoming.consent_withdrawn, WITH_SIGNED),
    contracts.ReturneeReferred: followed(incoming.returnee_referred),
    contracts.ReferralWithdrawn: followed(incoming.referral_withdrawn),
    contracts.HandoverPackageSent: Handler(BY_CASE, incoming.handover_sent),
    contracts.HandoverPackageVoided: Handler(BY_CASE, incoming.handover_voided),
    contracts.DeparturePlanned: followed(incoming.departure_set),
    contracts.DepartureRescheduled: followed(incoming.departure_set),
    contracts.DepartureCancelled: followed(incoming.departure_cancelled),
    contracts.DepartureMissed: followed(incoming.departure_missed),
    contracts.ReturneeDeparted: followed(incoming.returnee_departed),
    contracts.DepartureCorrected: followed(incoming.departure_corrected),
    contracts.DepartureVoided: followed(incoming.departure_voided),
    contracts.DepartureDiverted: followed(incoming.departure_diverted),
    contracts.ProfileSealed: Handler(BY_PROFILE, RECEIVING.profile_sealed),
    contracts.ProfileKeyShared: Handler(BY_KEY, RECEIVING.key_shared),
    contracts.ProfileKeyRevoked: Handler(BY_KEY, RECEIVING.key_revoked),
    contracts.ProfileDestroyed: Handler(WITH_PROFILE, adopting.destroyed_in_germany),
    contracts.EnrolmentConfirmed: Handler(BY_CASE, progress.enrolment_confirmed),
    contracts.EnrolmentCancelled: Handler(BY_CASE, progress.enrolment_cancelled),
    contracts.CourseCompleted: Handler(BY_CASE, progress.course_completed),
    contracts.CompletionCorrected: Handler(BY_CASE, progress.course_completed),
    contracts.CompletionVoided: Handler(BY_CASE, progress.completion_voided),
    contracts.JobOffered: Handler(BY_CASE, progress.job_offered),
    contracts.JobOfferAccepted: Handler(BY_CASE, progress.job_offer_accepted),
    contracts.JobOfferDeclined: Handler(BY_CASE, progress.job_offer_declined),
    contracts.JobOfferRetracted: Handler(BY_CASE, progress.job_offer_retracted),
    contracts.JobOfferExpired: Handler(BY_CASE, progress.job_offer_expired),
    contracts.CandidacyClosed: Handler(BY_CASE, progress.candidacy_closed),
    contracts.EmploymentStarted: Handler(BY_CASE, progress.employment_started),
    contracts.JobOfferCorrected: Handler(BY_CASE, progress.job_offer_corrected),
    contracts.EmploymentCorrected: Handler(BY_CASE, progress.employment_corrected),
    contracts.PlacementRecordVoided: Handler(BY_CASE, progress.record_voided),
    contracts.RetentionStarted: STARTED,
    contracts.RetentionStopped: STOPPED,
    contracts.RetentionHeld: HELD,
    contracts.RetentionReleased: RELEASED,
    contracts.CountrySwitched: HEARD,
}
