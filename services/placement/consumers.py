"""Which events of other services this one reads, and what it makes of each."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from placement.contracts import (
    ArrivedInCountry,
    ConsentGranted,
    ConsentWithdrawn,
    CourseCompleted,
    NeedsAssessed,
    ReferralRedirected,
    ReferralRejected,
    ReferralWithdrawn,
    ReturneeReferred,
)
from placement.handlers import candidates
from placement.handlers.candidates import needs_case, needs_case_and_candidacies

EVENTS: Mapping[type[Contract], Handler] = {
    ReturneeReferred: Handler(needs_case, candidates.returnee_referred),
    ReferralWithdrawn: Handler(needs_case_and_candidacies, candidates.referral_withdrawn),
    ConsentGranted: Handler(needs_case, candidates.consent_granted),
    ConsentWithdrawn: Handler(needs_case_and_candidacies, candidates.consent_withdrawn),
    CourseCompleted: Handler(needs_case, candidates.course_completed),
    ReferralRejected: Handler(needs_case, candidates.referral_rejected),
    ReferralRedirected: Handler(needs_case, candidates.referral_redirected),
    ArrivedInCountry: Handler(needs_case, candidates.arrived),
    NeedsAssessed: Handler(needs_case, candidates.needs_assessed),
}
