"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from placement import contracts
from placement.handlers import BY_CASE, BY_CASE_WITH_VACANCIES, incoming
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.AgeBandChanged: Handler(BY_CASE, incoming.age_band_changed),
    contracts.ReturneeReferred: Handler(BY_CASE, incoming.returnee_referred),
    contracts.ReferralWithdrawn: Handler(BY_CASE_WITH_VACANCIES, incoming.referral_withdrawn),
    contracts.ConsentGranted: Handler(BY_CASE, incoming.consent_granted),
    contracts.ConsentWithdrawn: Handler(BY_CASE_WITH_VACANCIES, incoming.consent_withdrawn),
    contracts.CourseCompleted: Handler(BY_CASE, incoming.course_completed),
    contracts.ReferralRejected: Handler(BY_CASE, incoming.referral_rejected),
    contracts.ReferralCompleted: Handler(BY_CASE, incoming.referral_completed),
    contracts.ReferralFailed: Handler(BY_CASE_WITH_VACANCIES, incoming.referral_failed),
    contracts.ReferralReopened: Handler(BY_CASE, incoming.referral_reopened),
    contracts.ReferralRedirected: Handler(BY_CASE, incoming.referral_redirected),
    contracts.ArrivalCorrected: Handler(BY_CASE, incoming.arrival_corrected),
    contracts.RecordVoided: Handler(BY_CASE, incoming.record_voided),
    contracts.ArrivedInCountry: Handler(BY_CASE, incoming.arrived),
    contracts.NeedsAssessed: Handler(BY_CASE, incoming.needs_assessed),
    contracts.CountryStatusChanged: HEARD,
}
