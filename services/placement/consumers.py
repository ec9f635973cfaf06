"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from placement import contracts
from placement.handlers import BY_CASE, BY_CASE_WITH_VACANCIES, BY_PAIR, RECEIVING, followed, incoming
from vocabulary.receiving import BY_KEY, BY_PROFILE
from vocabulary.retention import HELD, RELEASED, STARTED, STOPPED
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.AgeBandChanged: followed(BY_CASE, incoming.age_band_changed),
    contracts.AgedAtCentre: followed(BY_CASE, incoming.age_band_changed),
    contracts.CaseCorrected: followed(BY_CASE, incoming.case_corrected),
    contracts.CaseOpened: followed(BY_CASE, incoming.case_opened),
    contracts.IntakeCorrected: followed(BY_CASE, incoming.intake_corrected),
    contracts.CaseVoided: followed(BY_CASE_WITH_VACANCIES, incoming.case_voided),
    contracts.SignedAtCentre: followed(BY_CASE, incoming.consent_granted),
    contracts.TakenBackAtCentre: followed(BY_CASE_WITH_VACANCIES, incoming.consent_withdrawn),
    contracts.ReturneeReferred: followed(BY_CASE, incoming.returnee_referred),
    contracts.ReferralWithdrawn: followed(BY_CASE_WITH_VACANCIES, incoming.referral_withdrawn),
    contracts.ConsentGranted: followed(BY_CASE, incoming.consent_granted),
    contracts.ConsentWithdrawn: followed(BY_CASE_WITH_VACANCIES, incoming.consent_withdrawn),
    contracts.CourseCompleted: followed(BY_CASE, incoming.course_completed),
    contracts.CompletionCorrected: followed(BY_CASE, incoming.course_completed),
    contracts.CompletionVoided: followed(BY_CASE, incoming.completion_voided),
    contracts.ReferralRejected: followed(BY_CASE, incoming.referral_rejected),
    contracts.ReferralCompleted: followed(BY_CASE, incoming.referral_completed),
    contracts.ReferralFailed: followed(BY_CASE_WITH_VACANCIES, incoming.referral_failed),
    contracts.ReferralReopened: followed(BY_CASE, incoming.referral_reopened),
    contracts.ReferralRedirected: followed(BY_CASE, incoming.referral_redirected),
    contracts.ArrivalCorrected: followed(BY_CASE, incoming.arrival_corrected),
    contracts.RecordVoided: followed(BY_CASE, incoming.record_voided),
    contracts.ArrivedInCountry: followed(BY_CASE, incoming.arrived),
    contracts.NeedsAssessed: followed(BY_CASE, incoming.needs_assessed),
    contracts.CasesLinked: Handler(BY_PAIR, incoming.cases_linked),
    contracts.LinkUndone: Handler(BY_PAIR, incoming.link_undone),
    contracts.ProfileSealed: Handler(BY_PROFILE, RECEIVING.profile_sealed),
    contracts.ProfileKeyShared: Handler(BY_KEY, RECEIVING.key_shared),
    contracts.ProfileKeyRevoked: Handler(BY_KEY, RECEIVING.key_revoked),
    contracts.RetentionStarted: STARTED,
    contracts.RetentionStopped: STOPPED,
    contracts.EndedAtCentre: STARTED,
    contracts.GoesOnAtCentre: STOPPED,
    contracts.RetentionHeld: HELD,
    contracts.RetentionReleased: RELEASED,
    contracts.HeldAtCentre: HELD,
    contracts.ReleasedAtCentre: RELEASED,
    contracts.CountrySwitched: HEARD,
}
