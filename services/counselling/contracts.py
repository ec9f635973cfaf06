"""What the centres read of other services' events: only the fields that are used."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.pure.codes import EARLIEST_YEAR, LATEST_YEAR, Code, Day, Instant, Language
from vocabulary import receiving, retention
from vocabulary.codes import (
    Admin1,
    CaseRef,
    Centre,
    Codes,
    Country,
    CourseCode,
    Desk,
    Isco08,
    Provider,
    Recipients,
    Skills,
    Units,
)
from vocabulary.events import CaseContract
from vocabulary.switch import SwitchContract
from vocabulary.terms import (
    AgeBand,
    MeasureCategory,
    PlanStatus,
    Priority,
    Result,
    ReturnType,
    TargetGroup,
)


def _within_the_calendars(at: Instant) -> Instant:
    if not EARLIEST_YEAR <= at.year < LATEST_YEAR:
        raise ValueError("lies outside the years that have a working-day calendar")
    return at


WorkingTime = Annotated[Instant, AfterValidator(_within_the_calendars)]
"""A time from which working days can be counted."""


class AdoptionRequested(CaseContract, source="referral"):
    """A desk asks for a case that a centre has opened."""

    desk: Desk
    lapses_at: Instant
    centre: Centre


class ProfileDestroyed(CaseContract, source="referral"):
    """The keys of all that the desk knew of the person are destroyed."""


class ConsentGranted(CaseContract, source="referral"):
    """The person allows organisations something; `referral` is the purpose that matters here."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    valid_until: Day
    expires_at: Instant | None = None


class ConsentWithdrawn(CaseContract, source="referral"):
    """The person takes a consent back."""

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    effective_at: Instant


class DepartureWindow(BaseModel):
    """First and last day on which the person may leave."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    earliest: date
    latest: date


class AgeBandChanged(CaseContract, source="referral"):
    """A person who was referred counts to another age band."""

    age_band: AgeBand


class PersonCorrected(BaseModel):
    """What a referral tells of the person beside what is told of anybody."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    admin1: Admin1 | None = None
    household_size: int = Field(ge=1, le=30)
    vulnerability_present: bool


class CaseCorrected(CaseContract, source="referral"):
    """What any referral until now has told of the person was wrong."""

    country: Country
    language: Language
    return_type: ReturnType
    referred: PersonCorrected | None = None
    """Of a person who was ever referred."""


class ReturneeReferred(CaseContract, source="referral"):
    """A case was referred to a centre, with what the centre may know before it accepts."""

    case_ref: CaseRef | None = None
    referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    country: Country
    admin1: Admin1 | None = None
    priority: Priority
    needs: Codes
    wishes: Codes = ()
    skills: Skills = ()
    language: Language
    target_group: TargetGroup
    return_type: ReturnType
    age_band: AgeBand
    household_size: int = Field(ge=1, le=30)
    vulnerability_present: bool
    departure: DepartureWindow | None = None
    referred_at: WorkingTime


class ReferralWithdrawn(CaseContract, source="referral"):
    """The scout or the person takes a referral back."""

    referral_id: UUID
    reason: Code


class HandoverPackageSent(CaseContract, source="referral"):
    """The desk has handed over what the centre of a referral needs."""

    referral_id: UUID
    items: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]


class HandoverPackageVoided(CaseContract, source="referral"):
    """It has handed over nothing for this referral after all."""

    referral_id: UUID


class DeparturePlanned(CaseContract, source="referral"):
    """A departure has a window or a booked day."""

    status: PlanStatus
    earliest: date
    latest: date


class DepartureRescheduled(CaseContract, source="referral"):
    """The departure moved."""

    status: PlanStatus
    earliest: date
    latest: date


class DepartureCancelled(CaseContract, source="referral"):
    """The departure will not take place as planned."""


class DepartureMissed(CaseContract, source="referral"):
    """The departure took place without the person, or not at all."""


class ReturneeDeparted(CaseContract, source="referral"):
    """The person has left Germany."""

    departed_on: date
    arrival_expected_on: date


class DepartureCorrected(CaseContract, source="referral"):
    """What was told at `reported_at` of the departure was wrong; this is right. What was told since, at `told_at`,
    stays (`status`)."""

    status: Code
    departed_on: date
    arrival_expected_on: date
    told_at: Instant | None = None
    reported_at: Instant


class DepartureVoided(CaseContract, source="referral"):
    """What was told at `reported_at` did not happen: the departure is what it was before, as was told at `told_at`."""

    status: Code
    earliest: date | None = None
    latest: date | None = None
    departed_on: date | None = None
    arrival_expected_on: date | None = None
    told_at: Instant | None = None
    reported_at: Instant


class DepartureDiverted(CaseContract, source="referral"):
    """The person has left Germany, and is not in the country of return."""


class ProfileSealed(receiving.Sealed, source="referral"):
    """The profile of a person whom somebody may know by now."""


class ProfileKeyShared(receiving.Shared, source="referral", on="referral.keys"):
    """The receiver may open the part."""


class ProfileKeyRevoked(receiving.Revoked, source="referral", on="referral.keys"):
    """The receiver no longer may."""


class EnrolmentConfirmed(CaseContract, source="training"):
    """The person has a seat in a course."""

    enrolment_id: UUID
    provider: Provider


class EnrolmentCancelled(CaseContract, source="training"):
    """The enrolment ended without completion."""

    enrolment_id: UUID
    provider: Provider


class CourseCompleted(CaseContract, source="training"):
    """The person took a course to its end."""

    enrolment_id: UUID
    provider: Provider
    course_code: CourseCode
    isco08: Isco08
    category: MeasureCategory
    result: Result
    units: Units
    finished_on: date
    skills: Skills = ()


class CompletionCorrected(CaseContract, source="training"):
    """They did, otherwise than was told before."""

    enrolment_id: UUID
    provider: Provider
    course_code: CourseCode
    isco08: Isco08
    category: MeasureCategory
    result: Result
    units: Units
    finished_on: date
    skills: Skills = ()


class CompletionVoided(CaseContract, source="training"):
    """They did not: they have a seat."""

    enrolment_id: UUID
    provider: Provider


class JobOffered(CaseContract, source="placement"):
    """An employer offers work."""

    candidacy_id: UUID
    offer_id: UUID
    isco08: Isco08
    offered_on: date
    starts_on: date
    formal: bool


class JobOfferAccepted(CaseContract, source="placement"):
    """The person takes the offer."""

    offer_id: UUID
    accepted_on: date


class JobOfferDeclined(CaseContract, source="placement"):
    """The person does not take the offer; this never counts against them."""

    offer_id: UUID
    country: Country
    reason: Code


class JobOfferRetracted(CaseContract, source="placement"):
    """The employer takes the offer back, also one that was accepted."""

    offer_id: UUID
    retracted_on: date


class JobOfferExpired(CaseContract, source="placement"):
    """Nobody answered the offer in time."""

    offer_id: UUID


class CandidacyClosed(CaseContract, source="placement"):
    """The way into a vacancy ended without employment; an offer that is still open ends with it."""

    candidacy_id: UUID
    reason: Code


class EmploymentStarted(CaseContract, source="placement"):
    """The person has begun to work."""

    employment_id: UUID
    offer_id: UUID
    isco08: Isco08
    started_on: date
    employment_type: Code
    formal: bool
    subsidised: bool


class JobOfferCorrected(CaseContract, source="placement"):
    """What was told of an offer was wrong; this is right."""

    candidacy_id: UUID
    offer_id: UUID
    isco08: Isco08
    offered_on: date
    starts_on: date
    formal: bool


class EmploymentCorrected(CaseContract, source="placement"):
    """What was told of the start of work was wrong; this is right."""

    employment_id: UUID
    offer_id: UUID
    isco08: Isco08
    started_on: date
    employment_type: Code
    formal: bool
    subsidised: bool


class PlacementRecordVoided(CaseContract, source="placement"):
    """An offer, or a start of work, did not happen."""

    record_id: UUID


class RetentionStarted(retention.Started, source="referral"):
    """The case has ended: terms run."""


class RetentionStopped(retention.Stopped, source="referral"):
    """The case goes on: no term runs."""


class RetentionHeld(retention.Held, source="referral"):
    """The records of the case are needed beyond their terms."""


class RetentionReleased(retention.Released, source="referral"):
    """A hold is over."""


class CountrySwitched(SwitchContract, source="referral", on="reference"):
    """The programme is suspended in a country, or no longer."""
