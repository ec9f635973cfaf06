"""What other services tell the desk, with sensible defaults."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from referral import contracts
from referral.domain.case import Case
from tests.support.memory import NOW

CASE = UUID("39b9e3da-87cb-47ce-b42e-47b34349519b")
OTHER = UUID("39b9e3da-87cb-47ce-b42e-47b34349519c")
STRANGER = UUID("00000000-0000-4000-8000-000000000000")
CHILD = UUID("7d0a8f9e-5f5b-4a70-8f3e-0d4c5f1b2a01")
GRANDCHILD = UUID("7d0a8f9e-5f5b-4a70-8f3e-0d4c5f1b2a02")
LAGOS, EDO, ACCRA, DAKAR = "centre:NG-LOS", "centre:NG-EDO", "centre:GH-ACC", "centre:SN-DKR"
PAINT = "provider:TRADE-PAINT"
TODAY = NOW.date()
DAY = timedelta(days=1)


class News:
    """Events about the referrals of a desk; about the first that was sent, if none is named."""

    referrals: list[UUID]

    @property
    def case(self) -> Case:
        """The case as it is stored."""
        raise NotImplementedError

    def received(self, referral_id: UUID | None = None) -> contracts.ReferralReceived:
        return contracts.ReferralReceived(
            case_id=CASE,
            centre=LAGOS,
            referral_id=referral_id or self.referrals[0],
            received_at=NOW + timedelta(minutes=1),
            answer_due_at=NOW + 7 * DAY,
        )

    def accepted(self, referral_id: UUID | None = None) -> contracts.ReferralAccepted:
        return contracts.ReferralAccepted(
            case_id=CASE, centre=LAGOS, referral_id=referral_id or self.referrals[0], first_appointment=NOW + 50 * DAY
        )

    def rejected(self, referral_id: UUID | None = None) -> contracts.ReferralRejected:
        return contracts.ReferralRejected(
            case_id=CASE, centre=LAGOS, referral_id=referral_id or self.referrals[0], reason="no_capacity"
        )

    def redirected(
        self, referral_id: UUID | None = None, child: UUID = CHILD, to: str = EDO, country: str = "NG"
    ) -> contracts.ReferralRedirected:
        parent = self.case.referral(referral_id or self.referrals[0])
        assert parent is not None
        return contracts.ReferralRedirected(
            case_id=CASE,
            centre=parent.to_centre,
            referral_id=parent.id,
            child_referral_id=child,
            root_referral_id=parent.root_id,
            to_centre=to,
            to_country=country,
            reason="other_catchment",
        )

    def completed(self, referral_id: UUID | None = None) -> contracts.ReferralCompleted:
        return contracts.ReferralCompleted(
            case_id=CASE, centre=LAGOS, referral_id=referral_id or self.referrals[0], outcome_code="employment_found"
        )

    def failed(self, referral_id: UUID | None = None, reason: str = "contact_lost") -> contracts.ReferralFailed:
        return contracts.ReferralFailed(
            case_id=CASE,
            centre=LAGOS,
            referral_id=referral_id or self.referrals[0],
            reason=reason,
            ends_case=reason == "person_deceased",
        )

    def reopened(self, referral_id: UUID | None = None) -> contracts.ReferralReopened:
        return contracts.ReferralReopened(
            case_id=CASE, centre=LAGOS, referral_id=referral_id or self.referrals[0], reason="contact_regained"
        )

    def missed(
        self, level: int, subject: UUID | None = None, deadline_type: str = "referral_answer"
    ) -> contracts.DeadlineMissed:
        return contracts.DeadlineMissed(
            case_id=CASE,
            centre=LAGOS,
            deadline_type=deadline_type,
            subject_id=subject or self.referrals[0],
            level=level,
        )


def arrived(on: date = TODAY) -> contracts.ArrivedInCountry:
    """The person was seen in the country."""
    return contracts.ArrivedInCountry(case_id=CASE, centre=LAGOS, arrived_on=on)


def never_arrived() -> contracts.NeverArrived:
    """A centre has waited in vain."""
    return contracts.NeverArrived(case_id=CASE, centre=LAGOS)


def employed() -> contracts.EmploymentStarted:
    """The person works."""
    return contracts.EmploymentStarted(case_id=CASE, candidacy_id=OTHER, employment_id=STRANGER, isco08="7131")


def offered(offer_id: UUID = OTHER) -> contracts.JobOffered:
    """An employer offers work."""
    return contracts.JobOffered(case_id=CASE, offer_id=offer_id, isco08="7131")
