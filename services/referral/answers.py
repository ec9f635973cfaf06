"""What the HTTP API answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from referral.domain.case import CaseStatus
from referral.domain.consent import ConsentStatus
from referral.domain.journey import JourneyStatus
from referral.domain.profile import ProfileStatus
from referral.domain.referral import ReferralStatus
from referral.domain.terms import Sex, Transport
from vocabulary.terms import AgeBand, Priority, ReturnType, TargetGroup


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CaseAnswer(_Answer):
    """A case was opened."""

    case_id: UUID
    case_ref: str
    status: CaseStatus


class ProfileAnswer(_Answer):
    """What the profile is now."""

    case_id: UUID
    status: ProfileStatus


class ConsentAnswer(_Answer):
    """What the consent is now."""

    case_id: UUID
    consent_id: UUID
    status: ConsentStatus


class ReferralAnswer(_Answer):
    """What the referral is now."""

    case_id: UUID
    referral_id: UUID
    root_referral_id: UUID
    to_centre: str
    status: ReferralStatus
    case_status: CaseStatus


class JourneyAnswer(_Answer):
    """What the journey is now."""

    case_id: UUID
    status: JourneyStatus
    earliest: date | None
    latest: date | None


class ProfileView(_Answer):
    """The profile in clear, for the organisation that keeps the case."""

    case_id: UUID
    given_name: str | None = None
    family_name: str | None = None
    birth_date: date | None = None
    sex: Sex | None = None
    phone: str | None = None
    email: str | None = None
    emergency_contact: str | None = None
    notes: str | None = None


class ConsentView(_Answer):
    """A consent."""

    id: UUID
    purpose: str
    recipients: tuple[str, ...]
    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    guardian: bool
    status: ConsentStatus
    withdrawn_at: datetime | None


class ReferralView(_Answer):
    """What became of a referral."""

    id: UUID
    root_id: UUID
    parent_id: UUID | None
    child_id: UUID | None
    to_centre: str
    country: str
    priority: Priority
    needs: tuple[str, ...]
    wishes: tuple[str, ...]
    skills: tuple[str, ...]
    status: ReferralStatus
    referred_at: datetime
    received_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    first_appointment: datetime | None
    closed_at: datetime | None
    reason: str | None
    overdue: bool
    overdue_level: int

    def without(self, hidden: frozenset[str]) -> Self:
        """The view for somebody who must not see these needs."""
        return self.model_copy(update={"needs": tuple(code for code in self.needs if code not in hidden)})


class ListedReferral(ReferralView):
    """A referral in a list, with its case."""

    case_id: UUID
    case_ref: str


class Hop(_Answer):
    """A centre that a referral was sent or redirected to, and what became of it there."""

    id: UUID
    to_centre: str
    status: ReferralStatus


class ReferralDetail(ListedReferral):
    """A referral with its redirections from the first centre to the last."""

    chain: tuple[Hop, ...]


class JourneyView(_Answer):
    """The return journey."""

    status: JourneyStatus
    earliest: date | None
    latest: date | None
    transport: Transport
    arrival_point: str | None
    reason: str | None
    departed_on: date | None
    arrival_expected_on: date | None
    assistance_codes: tuple[str, ...]
    arrived_on: date | None

    def without(self, hidden: frozenset[str]) -> Self:
        """The view for somebody who must not see these codes."""
        return self.model_copy(
            update={"assistance_codes": tuple(code for code in self.assistance_codes if code not in hidden)}
        )


class CaseSummary(_Answer):
    """A case in a list."""

    id: UUID
    case_ref: str
    status: CaseStatus
    country: str
    opened_by: str
    opened_at: datetime
    journey_status: JourneyStatus
    overdue: bool
    job_offers: int
    employed: bool


class CaseView(CaseSummary):
    """A case."""

    target_group: TargetGroup
    admin1: str | None
    language: str
    return_type: ReturnType
    age_band: AgeBand
    household_id: UUID | None
    household_size: int
    vulnerability_present: bool
    consents: tuple[ConsentView, ...]
    referrals: tuple[ReferralView, ...]
    journey: JourneyView

    def without(self, hidden: frozenset[str]) -> Self:
        """The view for somebody who must not see these codes."""
        referrals = tuple(referral.without(hidden) for referral in self.referrals)
        return self.model_copy(update={"referrals": referrals, "journey": self.journey.without(hidden)})


class MilestoneView(_Answer):
    """An entry of the timeline. `subject`: the referral, enrolment, offer ... that it is about."""

    at: datetime
    type: str
    source: str
    subject: UUID
    code: str


class Timeline(_Answer):
    """What happened to a case, here and in the other services, in order of time."""

    case_id: UUID
    entries: tuple[MilestoneView, ...]


class CasePage(_Answer):
    """Some cases; `next_cursor` leads on."""

    items: list[CaseSummary]
    next_cursor: UUID | None


class ReferralPage(_Answer):
    """Some referrals; `next_cursor` leads on."""

    items: list[ListedReferral]
    next_cursor: UUID | None

    def without(self, hidden: frozenset[str]) -> Self:
        """The page for somebody who must not see these needs."""
        return self.model_copy(update={"items": [item.without(hidden) for item in self.items]})
