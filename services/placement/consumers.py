"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from placement import contracts
from placement.handlers import CASE, CASE_AND_VACANCIES, incoming
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.ReturneeReferred: Handler(CASE, incoming.returnee_referred),
    contracts.ReferralWithdrawn: Handler(CASE_AND_VACANCIES, incoming.referral_withdrawn),
    contracts.ConsentGranted: Handler(CASE, incoming.consent_granted),
    contracts.ConsentWithdrawn: Handler(CASE_AND_VACANCIES, incoming.consent_withdrawn),
    contracts.CourseCompleted: Handler(CASE, incoming.course_completed),
    contracts.ReferralRejected: Handler(CASE, incoming.referral_rejected),
    contracts.ReferralRedirected: Handler(CASE, incoming.referral_redirected),
    contracts.ArrivedInCountry: Handler(CASE, incoming.arrived),
    contracts.NeedsAssessed: Handler(CASE, incoming.needs_assessed),
    contracts.CountryStatusChanged: HEARD,
}
