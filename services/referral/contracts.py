"""What the scout's desk reads of other services' events: the closed loop, and the case's timeline."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.pure.codes import Code, Day, Instant, Language
from vocabulary.codes import (
    Admin1,
    CaseRef,
    Centre,
    Codes,
    Country,
    Desk,
    Isco08,
    KeyReceiver,
    Provider,
    Recipients,
    Skills,
    TextVersion,
)
from vocabulary.events import CaseContract
from vocabulary.holding import MOST_HOLDS
from vocabulary.terms import (
    AgeBand,
    Priority,
    Readiness,
    Result,
    ReturnType,
    Sex,
    TargetGroup,
)

MOST_PASSED_ON: Final = 200
"""Consents of one person: as many as a centre records (`counselling/domain/signed.py`)."""


class _KeyDestroyed(CaseContract):
    """A receiver has destroyed its copy of a key that was revoked."""

    part: Code
    receiver: KeyReceiver
    revoked_at: Instant


class ProfileKeyDestroyed(_KeyDestroyed, source="counselling"):
    """A centre has."""


class DestroyedAtDesk(_KeyDestroyed, source="placement", name="ProfileKeyDestroyed"):
    """A placement desk has."""


class DestroyedAtProvider(_KeyDestroyed, source="training", name="ProfileKeyDestroyed"):
    """A training provider has."""


class _OfCounselling(CaseContract):
    centre: Centre


class CaseOpened(_OfCounselling, source="counselling"):
    """A centre has taken in a person whom no desk has referred. A desk asks for the case by the reference."""

    case_ref: CaseRef
    target_group: TargetGroup


class CaseCorrected(CaseOpened, source="counselling"):
    """What CaseOpened has told was wrong; this is right."""


class CaseVoided(_OfCounselling, source="counselling"):
    """The centre had opened the file for nobody, or for somebody else."""


class ConsentPassedOn(BaseModel):
    """A consent that the person has signed at a centre, as the desk keeps it from now on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    text_version: TextVersion
    language: Language
    evidence_ref: UUID
    granted_on: Day
    valid_until: Day
    expires_at: Instant
    signed_in: Country
    recorded_by: Centre
    guardian: bool
    withdrawn_at: Instant | None = None


class HoldPassedOn(BaseModel):
    """What holds the records beyond their terms."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hold_id: UUID
    reason: Code
    since: Instant


class ArrivalPassedOn(BaseModel):
    """When the person has arrived, as a centre has reported it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    arrived_on: date
    reported_at: Instant


class CaseAdopted(_OfCounselling, source="counselling"):
    """A case that a centre has opened is a desk's from now on."""

    desk: Desk
    country: Country
    case_ref: CaseRef
    referral_id: UUID
    target_group: TargetGroup
    language: Language
    return_type: ReturnType
    age_band: AgeBand
    sex: Sex | None = None
    admin1: Admin1 | None = None
    household_size: int = Field(ge=1, le=30)
    vulnerability_present: bool
    priority: Priority
    needs: Codes
    wishes: Codes
    skills: Skills
    taken_in_at: Instant
    arrival: ArrivalPassedOn | None = None
    consents: Annotated[tuple[ConsentPassedOn, ...], Field(max_length=MOST_PASSED_ON)]
    holds: Annotated[tuple[HoldPassedOn, ...], Field(max_length=MOST_HOLDS)]


class AdoptionDeclined(_OfCounselling, source="counselling"):
    """The centre does not hand the case over."""

    desk: Desk
    reason: Code


class AgedAtCentre(_OfCounselling, source="counselling", name="AgeBandChanged"):
    """Whom a centre took in counts to another age band."""

    age_band: AgeBand


class SignedAtCentre(_OfCounselling, source="counselling", name="ConsentGranted"):
    """The person has signed at a centre, which keeps the evidence."""

    consent_id: UUID
    purpose: Code
    expires_at: Instant


class TakenBackAtCentre(_OfCounselling, source="counselling", name="ConsentWithdrawn"):
    """The person has taken back there what they had signed."""

    consent_id: UUID
    purpose: Code
    effective_at: Instant


class ReferralReceived(_OfCounselling, source="counselling"):
    """The referral is in the centre's inbox."""

    referral_id: UUID
    received_at: Instant
    answer_due_at: Instant


class ReferralAccepted(_OfCounselling, source="counselling"):
    """The centre takes the person on."""

    referral_id: UUID
    first_appointment: Instant | None = None


class ReferralRejected(_OfCounselling, source="counselling"):
    """The centre does not."""

    referral_id: UUID
    reason: Code


class ReferralRedirected(_OfCounselling, source="counselling"):
    """Another centre has it now, as a child of this referral."""

    referral_id: UUID
    child_referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    to_country: Country
    reason: Code


class ReferralCompleted(_OfCounselling, source="counselling"):
    """What came of it."""

    referral_id: UUID
    outcome_code: Code


class ReferralFailed(_OfCounselling, source="counselling"):
    """Nothing came of it. `ends_case`: nothing comes of anything else."""

    referral_id: UUID
    reason: Code
    ends_case: bool


class ReferralReopened(_OfCounselling, source="counselling"):
    """It goes on."""

    referral_id: UUID
    reason: Code


class NeverArrived(_OfCounselling, source="counselling"):
    """The centre has waited in vain."""


class ArrivedInCountry(_OfCounselling, source="counselling"):
    """The person is in the country."""

    arrived_on: date


class ArrivalCorrected(_OfCounselling, source="counselling"):
    """What was told of the arrival at `reported_at` was wrong; this is right."""

    arrived_on: date
    reported_at: Instant
    reason: Code


class RecordVoided(_OfCounselling, source="counselling"):
    """What was told at `reported_at` did not happen."""

    record: Code
    reported_at: Instant
    reason: Code


class PreDepartureCallHeld(_OfCounselling, source="counselling"):
    """The centre has spoken with the person before they leave."""

    outcome: Code


class FirstContactMade(_OfCounselling, source="counselling"):
    """The centre has spoken with the person."""


class NeedsAssessed(_OfCounselling, source="counselling"):
    """The assessment is done."""

    assessment_ref: UUID
    readiness: Readiness


class ReintegrationPlanAgreed(_OfCounselling, source="counselling"):
    """The centre and the person have agreed on measures."""

    plan_id: UUID


class DeadlineMissed(_OfCounselling, source="counselling"):
    """Somebody owed an act."""

    deadline_type: Code
    subject_id: UUID
    level: int = Field(ge=1, le=3)

    @property
    def code(self) -> str:
        """For the timeline: two levels may have been reached in the same moment, when the worker was down."""
        return f"{self.deadline_type}_level_{self.level}"


class DeadlineMoved(_OfCounselling, source="counselling"):
    """An act is owed by another time than was said."""

    deadline_type: Code
    subject_id: UUID
    due_at: Instant
    level: int = Field(ge=1, le=3)

    @property
    def code(self) -> str:
        """For the timeline."""
        return f"{self.deadline_type}_level_{self.level}"


class _OfTraining(CaseContract):
    enrolment_id: UUID


class EnrolmentRequested(_OfTraining, source="training"):
    """A seat was asked for."""


class EnrolmentConfirmed(_OfTraining, source="training"):
    """The person has a seat."""

    provider: Provider


class EnrolmentWaitlisted(_OfTraining, source="training"):
    """The person waits for a seat."""


class EnrolmentCancelled(_OfTraining, source="training"):
    """The person will not take part."""

    reason: Code


class CourseCompleted(_OfTraining, source="training"):
    """The person has taken the course."""

    result: Result


class CompletionCorrected(_OfTraining, source="training"):
    """They have, and it ended otherwise than was told at `reported_at`."""

    reported_at: Instant | None = None
    reason: Code


class CompletionVoided(_OfTraining, source="training"):
    """They have not: the provider has a seat for them still."""

    provider: Provider
    reason: Code


class CandidateShortlisted(CaseContract, source="placement"):
    """A placement desk has picked the person for a vacancy."""

    candidacy_id: UUID
    centre: Centre | None = None
    """The centre whose desk that is; an event from before there was this field does not say."""


class CandidacyClosed(CaseContract, source="placement"):
    """The way into that vacancy ended without work."""

    candidacy_id: UUID
    reason: Code


class JobOffered(CaseContract, source="placement"):
    """An employer offers work."""

    offer_id: UUID
    isco08: Isco08


class JobOfferAccepted(CaseContract, source="placement"):
    """The person takes it."""

    offer_id: UUID


class JobOfferDeclined(CaseContract, source="placement"):
    """The person does not."""

    offer_id: UUID
    reason: Code


class JobOfferRetracted(CaseContract, source="placement"):
    """The employer takes it back, also one that was accepted."""

    offer_id: UUID


class JobOfferExpired(CaseContract, source="placement"):
    """Nobody answered."""

    offer_id: UUID


class EmploymentStarted(CaseContract, source="placement"):
    """The person works."""

    candidacy_id: UUID
    employment_id: UUID
    isco08: Isco08


class JobOfferCorrected(CaseContract, source="placement"):
    """What was told of an offer was wrong."""

    offer_id: UUID
    reason: Code


class EmploymentCorrected(CaseContract, source="placement"):
    """What was told of the start of work was wrong."""

    employment_id: UUID
    reason: Code


class PlacementRecordVoided(CaseContract, source="placement"):
    """An offer, or a start of work, did not happen."""

    record: Code
    record_id: UUID
