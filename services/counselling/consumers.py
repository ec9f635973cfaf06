"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from counselling import contracts
from counselling.handlers import CASE, incoming, progress
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.ConsentGranted: Handler(CASE, incoming.consent_granted),
    contracts.ConsentWithdrawn: Handler(CASE, incoming.consent_withdrawn),
    contracts.ReturneeReferred: Handler(CASE, incoming.returnee_referred),
    contracts.ReferralWithdrawn: Handler(CASE, incoming.referral_withdrawn),
    contracts.DeparturePlanned: Handler(CASE, incoming.departure_set),
    contracts.DepartureRescheduled: Handler(CASE, incoming.departure_set),
    contracts.DepartureCancelled: Handler(CASE, incoming.departure_cancelled),
    contracts.ReturneeDeparted: Handler(CASE, incoming.returnee_departed),
    contracts.EnrolmentConfirmed: Handler(CASE, progress.enrolment_confirmed),
    contracts.EnrolmentCancelled: Handler(CASE, progress.enrolment_cancelled),
    contracts.CourseCompleted: Handler(CASE, progress.course_completed),
    contracts.JobOffered: Handler(CASE, progress.job_offered),
    contracts.JobOfferAccepted: Handler(CASE, progress.job_offer_accepted),
    contracts.JobOfferDeclined: Handler(CASE, progress.job_offer_declined),
    contracts.JobOfferExpired: Handler(CASE, progress.job_offer_expired),
    contracts.CandidacyClosed: Handler(CASE, progress.candidacy_closed),
    contracts.EmploymentStarted: Handler(CASE, progress.employment_started),
    contracts.CountryStatusChanged: HEARD,
}
