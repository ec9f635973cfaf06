"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from counselling import contracts
from counselling.handlers import for_file, incoming, progress
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contract: for_file("case_id", decide)
    for contract, decide in (
        (contracts.ConsentGranted, incoming.consent_granted),
        (contracts.ConsentWithdrawn, incoming.consent_withdrawn),
        (contracts.ReturneeReferred, incoming.returnee_referred),
        (contracts.ReferralWithdrawn, incoming.referral_withdrawn),
        (contracts.DeparturePlanned, incoming.departure_set),
        (contracts.DepartureRescheduled, incoming.departure_set),
        (contracts.DepartureCancelled, incoming.departure_cancelled),
        (contracts.ReturneeDeparted, incoming.returnee_departed),
        (contracts.EnrolmentConfirmed, progress.enrolment_confirmed),
        (contracts.EnrolmentCancelled, progress.enrolment_cancelled),
        (contracts.CourseCompleted, progress.course_completed),
        (contracts.JobOffered, progress.job_offered),
        (contracts.JobOfferAccepted, progress.job_offer_accepted),
        (contracts.JobOfferDeclined, progress.job_offer_declined),
        (contracts.JobOfferExpired, progress.job_offer_expired),
        (contracts.CandidacyClosed, progress.candidacy_closed),
        (contracts.EmploymentStarted, progress.employment_started),
    )
} | {contracts.CountryStatusChanged: HEARD}
