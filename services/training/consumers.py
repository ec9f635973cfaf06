"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from training import contracts
from training.handlers import CASE, CASE_AND_SESSIONS, incoming
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.CaseOpened: Handler(CASE, incoming.case_opened),
    contracts.ConsentGranted: Handler(CASE, incoming.consent_granted),
    contracts.ConsentWithdrawn: Handler(CASE_AND_SESSIONS, incoming.consent_withdrawn),
    contracts.ReturneeReferred: Handler(CASE_AND_SESSIONS, incoming.returnee_referred),
    contracts.ReferralWithdrawn: Handler(CASE_AND_SESSIONS, incoming.referral_withdrawn),
    contracts.DeparturePlanned: Handler(CASE_AND_SESSIONS, incoming.departure_set),
    contracts.DepartureRescheduled: Handler(CASE_AND_SESSIONS, incoming.departure_set),
    contracts.DepartureCancelled: Handler(CASE, incoming.departure_cancelled),
    contracts.ReturneeDeparted: Handler(CASE_AND_SESSIONS, incoming.returnee_departed),
    contracts.CountryStatusChanged: HEARD,
}
