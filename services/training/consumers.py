"""Which event of another service goes to which handler. A type that is not here is counted and skipped."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.pure.decision import Handler
from chassis.pure.messages import Contract
from training import contracts
from training.handlers import BY_CASE, BY_CASE_WITH_SESSIONS, RECEIVING, incoming
from vocabulary.receiving import BY_KEY, BY_PROFILE
from vocabulary.retention import HELD, RELEASED, STARTED, STOPPED
from vocabulary.switch import HEARD

EVENTS: Mapping[type[Contract], Handler] = {
    contracts.AgeBandChanged: Handler(BY_CASE, incoming.age_band_changed),
    contracts.CaseOpened: Handler(BY_CASE, incoming.case_opened),
    contracts.CaseCorrected: Handler(BY_CASE, incoming.case_corrected),
    contracts.CaseAdopted: Handler(BY_CASE, incoming.case_adopted),
    contracts.ConsentGranted: Handler(BY_CASE, incoming.consent_granted),
    contracts.ConsentWithdrawn: Handler(BY_CASE_WITH_SESSIONS, incoming.consent_withdrawn),
    contracts.ReturneeReferred: Handler(BY_CASE_WITH_SESSIONS, incoming.returnee_referred),
    contracts.ReferralWithdrawn: Handler(BY_CASE_WITH_SESSIONS, incoming.referral_withdrawn),
    contracts.DeparturePlanned: Handler(BY_CASE_WITH_SESSIONS, incoming.departure_set),
    contracts.DepartureRescheduled: Handler(BY_CASE_WITH_SESSIONS, incoming.departure_set),
    contracts.DepartureCancelled: Handler(BY_CASE, incoming.departure_cancelled),
    contracts.DepartureMissed: Handler(BY_CASE, incoming.departure_missed),
    contracts.ReturneeDeparted: Handler(BY_CASE_WITH_SESSIONS, incoming.returnee_departed),
    contracts.DepartureCorrected: Handler(BY_CASE_WITH_SESSIONS, incoming.departure_corrected),
    contracts.DepartureVoided: Handler(BY_CASE_WITH_SESSIONS, incoming.departure_voided),
    contracts.ReferralFailed: Handler(BY_CASE_WITH_SESSIONS, incoming.referral_failed),
    contracts.ArrivalCorrected: Handler(BY_CASE_WITH_SESSIONS, incoming.arrival_corrected),
    contracts.RecordVoided: Handler(BY_CASE, incoming.record_voided),
    contracts.ArrivedInCountry: Handler(BY_CASE_WITH_SESSIONS, incoming.arrived_in_country),
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
