"""Which events of other services this one reads, and what it makes of each."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from training.contracts import (
    CaseOpened,
    ConsentGranted,
    ConsentWithdrawn,
    CountryStatusChanged,
    DepartureCancelled,
    DeparturePlanned,
    DepartureRescheduled,
    ReferralWithdrawn,
    ReturneeDeparted,
    ReturneeReferred,
)
from training.handlers import incoming
from training.handlers.incoming import needs_case, needs_case_and_sessions
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    CaseOpened: Handler(needs_case, incoming.case_opened),
    ConsentGranted: Handler(needs_case, incoming.consent_granted),
    ConsentWithdrawn: Handler(needs_case_and_sessions, incoming.consent_withdrawn),
    ReturneeReferred: Handler(needs_case_and_sessions, incoming.returnee_referred),
    ReferralWithdrawn: Handler(needs_case_and_sessions, incoming.referral_withdrawn),
    DeparturePlanned: Handler(needs_case_and_sessions, incoming.departure_set),
    DepartureRescheduled: Handler(needs_case_and_sessions, incoming.departure_set),
    DepartureCancelled: Handler(needs_case, incoming.departure_cancelled),
    ReturneeDeparted: Handler(needs_case_and_sessions, incoming.returnee_departed),
    CountryStatusChanged: HEARD,
}
