"""Which events of other services this one reads, and what it makes of each."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from placement.contracts import (
    ArrivedInCountry,
    ConsentGranted,
    ConsentWithdrawn,
    CountryStatusChanged,
    CourseCompleted,
    NeedsAssessed,
    ReferralRedirected,
    ReferralRejected,
    ReferralWithdrawn,
    ReturneeReferred,
)
from placement.handlers import incoming
from placement.handlers.incoming import needs_case, needs_case_and_candidacies
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    ReturneeReferred: Handler(needs_case, incoming.returnee_referred),
    ReferralWithdrawn: Handler(needs_case_and_candidacies, incoming.referral_withdrawn),
    ConsentGranted: Handler(needs_case, incoming.consent_granted),
    ConsentWithdrawn: Handler(needs_case_and_candidacies, incoming.consent_withdrawn),
    CourseCompleted: Handler(needs_case, incoming.course_completed),
    ReferralRejected: Handler(needs_case, incoming.referral_rejected),
    ReferralRedirected: Handler(needs_case, incoming.referral_redirected),
    ArrivedInCountry: Handler(needs_case, incoming.arrived),
    NeedsAssessed: Handler(needs_case, incoming.needs_assessed),
    CountryStatusChanged: HEARD,
}
