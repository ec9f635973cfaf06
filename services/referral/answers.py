"""What the HTTP API answers: outcomes of commands, and views of cases. Only a profile holds anything but codes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from chassis.pure.calendar import WorkingDays
from referral.domain.case import Case, CaseStatus
from referral.domain.consent import Consent
from referral.domain.country import CountrySwitch
from referral.domain.elsewhere import AskedStatus, Elsewhere
from referral.domain.journey import Journey, JourneyStatus
from referral.domain.profile import Profile, ProfileStatus
from referral.domain.referral import Owed, Referral, ReferralStatus, as_told
from referral.domain.terms import Transport
from vocabulary.destroying import DestructionView
from vocabulary.destruction import standing
from vocabulary.finding import FoundBy
from vocabulary.terms import (
    AgeBand,
    ConsentStatus,
    Priority,
    ProfilePart,
    ReturnType,
    Sex,
    Switch,
    TargetGroup,
)


class CaseOutcome(Answer):
    """A case was opened, or put right."""

    case_id: UUID
    case_ref: str
    status: CaseStatus

    @classmethod
    def of(cls, case: Case) -> Self:
        """From the state."""
        return cls(case_id=case.id, case_ref=case.case_ref, status=case.status)


class AdoptionView(Answer):
    """What a desk has asked a centre for, and what became of it."""

    case_id: UUID
    case_ref: str
    status: AskedStatus
    asked_at: datetime
    lapses_at: datetime = Field(description="until then the centre may answer")
    answered_at: datetime | None
    reason: str | None = Field(description="why the centre has declined: a code of adoption_decline_reasons")

    @classmethod
    def of(cls, elsewhere: Elsewhere) -> Self:
        """Of a case that somebody has asked for."""
        asked = elsewhere.asked
        assert asked is not None, "somebody has asked for it"
        return cls(
            case_id=elsewhere.id,
            case_ref=elsewhere.case_ref or "",
            status=asked.status,
            asked_at=asked.at,
            lapses_at=asked.lapses_at,
            answered_at=asked.answered_at,
            reason=asked.reason,
        )


class ProfileOutcome(Answer):
    """What the profile is now."""

    case_id: UUID
    status: ProfileStatus

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """From the state."""
        return cls(case_id=profile.id, status=profile.status)


class ConsentOutcome(Answer):
    """What the consent is now."""

    case_id: UUID
    consent_id: UUID
    status: ConsentStatus
    valid_until: date = Field(description="the last day on which it holds, where it was signed")
    expires_at: datetime = Field(description="the moment at which that day is over")

    @classmethod
    def of(cls, case: Case, consent: Consent) -> Self:
        """From the states."""
        return cls(
            case_id=case.id,
            consent_id=consent.id,
            status=consent.status,
            valid_until=consent.valid_until,
            expires_at=consent.expires_at,
        )


class ReferralOutcome(Answer):
    """What the referral is now."""

    case_id: UUID
    referral_id: UUID
    root_referral_id: UUID
    to_centre: str
    status: ReferralStatus
    case_status: CaseStatus

    @classmethod
    def of(cls, case: Case, referral: Referral) -> Self:
        """From the states."""
        return cls(
            case_id=case.id,
            referral_id=referral.id,
            root_referral_id=referral.root_id,
            to_centre=referral.to_centre,
            status=referral.status,
            case_status=case.status,
        )


class HandoverOutcome(Answer):
    """What was handed over."""

    case_id: UUID
    referral_id: UUID
    to_centre: str
    items: tuple[str, ...]
    sent_at: datetime


class HandoverVoided(Answer):
    """Nothing was handed over, as far as is recorded."""

    case_id: UUID
    referral_id: UUID
    to_centre: str
    reason: str
    voided_at: datetime


class JourneyOutcome(Answer):
    """What the journey is now."""

    case_id: UUID
    status: JourneyStatus
    earliest: date | None
    latest: date | None

    @classmethod
    def of(cls, case_id: UUID, journey: Journey) -> Self:
        """From the state."""
        return cls(case_id=case_id, status=journey.status, earliest=journey.earliest, latest=journey.latest)


class KeyOwed(Answer):
    """A key of a part of a profile that is on its way, or was taken back: its receiver has not told that its copy is
    destroyed."""

    case_id: UUID
    case_ref: str
    receiver: str
    part: ProfilePart
    status: Literal["waiting", "revoked"] = Field(
        description="`waiting`: nobody knows a public key of the receiver, or the desk's own key could not be had"
    )
    since: datetime


class ConsentView(Answer):
    """A consent."""

    consent_id: UUID = Field(validation_alias="id")
    purpose: str
    recipients: tuple[str, ...]
    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    valid_until: date = Field(description="the last day on which it holds, where it was signed")
    expires_at: datetime = Field(description="the moment at which that day is over")
    guardian: bool
    recorded_by: str = Field(description="the organisation that recorded it")
    status: ConsentStatus
    withdrawn_at: datetime | None


def _estimated(referral: Referral, days: WorkingDays) -> bool:
    """Whether what is owed rests on an estimated day: the confirmation from when it was sent, or the answer."""
    due_at = referral.receipt_due_at if referral.owed == "receipt" else referral.answer_due_at
    if referral.owed is None or due_at is None:
        return False
    return days.rests_on_estimate(referral.place, referral.referred_at, due_at)


class _Referral(Answer):
    """What became of a referral, whoever asks."""

    referral_id: UUID = Field(validation_alias="id")
    root_referral_id: UUID = Field(validation_alias="root_id")
    parent_referral_id: UUID | None = Field(validation_alias="parent_id")
    child_referral_id: UUID | None = Field(validation_alias="child_id")
    to_centre: str
    country: str
    priority: Priority
    wishes: tuple[str, ...]
    skills: tuple[str, ...]
    status: ReferralStatus
    referred_at: datetime
    owed: Owed | None = Field(
        description="what is owed: `receipt`, by the service that keeps the inbox of `to_centre`: that it is there; "
        "`answer`, by `to_centre`"
    )
    receipt_due_at: datetime | None
    received_at: datetime | None
    answer_due_at: datetime | None
    due_estimated: bool = Field(
        default=False,
        description="whether what is owed is due by a time that rests on a day that nobody has announced yet",
    )
    answered_at: datetime | None
    first_appointment: datetime | None
    closed_at: datetime | None
    reason: str | None
    withdrawal_asked_at: datetime | None = Field(
        description="when the desk took it back from a centre that had the person in its care, which says what becomes "
        "of the support"
    )
    reopened_at: datetime | None = Field(description="when the centre last went on with what it had ended")
    overdue: bool = Field(description="whether what is owed should have come")
    overdue_level: int = Field(description="how far the centre's answer was escalated")
    handed_over_at: datetime | None = Field(
        description="when the desk last handed over to the centre what it needs to receive the person"
    )
    handed_over: tuple[str, ...] = Field(description="what that was: codes of handover_items")

    @classmethod
    def shown(cls, referral: Referral, days: WorkingDays, **more: object) -> Self:
        """From the state, by what the calendars say now; `more` is what else it tells, or what it tells in another
        way."""
        return cls.from_state(referral, due_estimated=_estimated(referral, days), **more)


class ListedReferral(_Referral):
    """A referral in a list, which tells of nobody's needs: those are read one referral at a time."""

    case_id: UUID
    case_ref: str


class ReferralView(_Referral):
    """What became of a referral, and what it was for."""

    needs: tuple[str, ...] | None = Field(description="null: destroyed with the profile of the person")

    def without(self, hidden: frozenset[str]) -> Self:
        """The view for somebody who must not see these needs: as others are told of them."""
        if self.needs is None or not hidden:
            return self
        return self.model_copy(update={"needs": as_told(set(self.needs) - hidden)})


class Hop(Answer):
    """A centre that a referral was sent or redirected to, and what became of it there."""

    referral_id: UUID = Field(validation_alias="id")
    to_centre: str
    status: ReferralStatus


class ReferralDetail(ReferralView):
    """A referral with its case, and with its redirections from the first centre to the last."""

    case_id: UUID
    case_ref: str
    chain: tuple[Hop, ...]


class JourneyView(Answer):
    """The return journey."""

    status: JourneyStatus
    earliest: date | None
    latest: date | None
    transport: Transport
    arrival_point: str | None
    reason: str | None
    departed_on: date | None
    arrival_expected_on: date | None
    assistance_codes: tuple[str, ...] | None = Field(description="null: destroyed with the profile of the person")
    arrived_on: date | None
    missed_on: date | None
    diverted_on: date | None
    diverted_to: str | None = Field(description="the country where the person is; null: nobody knows")

    def without(self, hidden: frozenset[str]) -> Self:
        """The view for somebody who must not see these codes."""
        if self.assistance_codes is None:
            return self
        shown = tuple(code for code in self.assistance_codes if code not in hidden)
        return self.model_copy(update={"assistance_codes": shown})


class CaseSummary(Answer):
    """A case in a list."""

    case_id: UUID = Field(validation_alias="id")
    case_ref: str
    status: CaseStatus
    country: str
    opened_by: str
    opened_at: datetime
    journey_status: JourneyStatus
    overdue: bool
    job_offers: int
    employed: bool


class FoundCase(Answer):
    """A case whose person fits what was looked for."""

    case_id: UUID
    case_ref: str
    fit: FoundBy


class FoundCases(Answer):
    """Whose cases fit, those first who fit exactly; more than are listed call for a word more."""

    items: tuple[FoundCase, ...]


def destruction_of(case: Case, at: datetime) -> DestructionView | None:
    """What stands at this time."""
    wanted = standing(case.destruction, at)
    return None if wanted is None else DestructionView.model_validate(wanted)


class DestructionOutcome(Answer):
    """What is to become of the case's keys."""

    case_id: UUID
    destruction: DestructionView | None = Field(description="null: nothing")

    @classmethod
    def of(cls, case: Case, at: datetime) -> Self:
        """As it stands now."""
        return cls(case_id=case.id, destruction=destruction_of(case, at))


class CaseView(CaseSummary):
    """A case. `destruction` is for its desk alone."""

    target_group: TargetGroup
    admin1: str | None
    language: str
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None
    household_id: UUID | None
    household_size: int
    vulnerability_present: bool
    consents: tuple[ConsentView, ...]
    referrals: tuple[ReferralView, ...]
    journey: JourneyView
    destruction: DestructionView | None = Field(default=None, description="what somebody wants of the case's keys")

    def without(self, hidden: frozenset[str]) -> Self:
        """The view for somebody who must not see these codes."""
        referrals = tuple(referral.without(hidden) for referral in self.referrals)
        return self.model_copy(update={"referrals": referrals, "journey": self.journey.without(hidden)})


class CentreConsentView(Answer):
    """A consent to be advised that a centre has taken down itself: until it ends, the centre may read who the person
    is."""

    centre: str
    ends_at: datetime


class Allowed(Answer):
    """What a person has allowed, and which centres they were referred to: nothing of the person, no need, no day."""

    case_id: UUID = Field(validation_alias="id")
    case_ref: str
    opened_by: str = Field(description="the desk that answers for it")
    consents: tuple[ConsentView, ...]
    centre_consents: tuple[CentreConsentView, ...]
    referrals: tuple[Hop, ...]


class MilestoneView(Answer):
    """An entry of the timeline. `subject`: the referral, enrolment, offer ... that it is about."""

    at: datetime
    type: str
    source: str
    subject: UUID
    code: str


class Timeline(Answer):
    """What happened to a case, here and in the other services, in order of time."""

    case_id: UUID
    items: tuple[MilestoneView, ...]


class RequestView(Answer):
    """What one programme manager has requested, and another one may confirm or reject."""

    status: Switch
    reason: str
    requested_at: datetime
    lapses_at: datetime


class CountryView(Answer):
    """The switch of a country. Who has requested and confirmed it stays in the service."""

    country: str
    status: Switch = Field(description="by the switch; the list of countries may suspend it, too")
    reason: str | None = Field(description="a code of country_status_reasons; null before the first switch")
    since: datetime | None = Field(description="since when it is what it is; null before the first switch")
    request: RequestView | None = Field(description="what waits for a second person")

    @classmethod
    def of(cls, status: CountrySwitch, now: datetime) -> Self:
        """From the state. A request that has lapsed is none."""
        pending = status.pending(now)
        return cls(
            country=status.country,
            status=status.status,
            reason=status.reason,
            since=status.since,
            request=None if pending is None else RequestView.model_validate(pending),
        )


class CountryOutcome(CountryView):
    """What the switch of the country is now."""
