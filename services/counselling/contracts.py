"""What the centres read of other services' events: only the fields that are used."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.pure.codes import EARLIEST_YEAR, LATEST_YEAR, Instant
from chassis.pure.messages import Contract
from counselling.domain.referral import Priority


def _within_the_calendars(at: Instant) -> Instant:
    if not EARLIEST_YEAR <= at.year < LATEST_YEAR:
        raise ValueError("lies outside the years that have a working-day calendar")
    return at


WorkingTime = Annotated[Instant, AfterValidator(_within_the_calendars)]
"""A time from which working days can be counted."""


class ConsentGranted(Contract, source="referral"):
    """The person allows organisations something; `referral` is the purpose that matters here."""

    case_id: UUID
    consent_id: UUID
    purpose: str
    recipients: tuple[str, ...]
    valid_until: date
    expires_at: Instant | None = None


class ConsentWithdrawn(Contract, source="referral"):
    """The person takes a consent back."""

    case_id: UUID
    consent_id: UUID
    purpose: str
    recipients: tuple[str, ...]
    effective_at: Instant


class DepartureWindow(BaseModel):
    """First and last day on which the person may leave."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    earliest: date
    latest: date


class ReturneeReferred(Contract, source="referral"):
    """A case was referred to a centre, with what the centre may know before it accepts."""

    case_id: UUID
    referral_id: UUID
    root_referral_id: UUID
    to_centre: str
    country: str
    admin1: str | None = None
    priority: Priority
    needs: tuple[str, ...]
    wishes: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    language: str
    target_group: str
    return_type: str
    age_band: str
    household_size: int = Field(ge=1)
    vulnerability_present: bool
    departure: DepartureWindow | None = None
    referred_at: WorkingTime


class ReferralWithdrawn(Contract, source="referral"):
    """The scout or the person takes a referral back."""

    case_id: UUID
    referral_id: UUID
    reason: str


class DeparturePlanned(Contract, source="referral"):
    """A departure has a window or a booked day."""

    case_id: UUID
    status: Literal["planned", "booked"]
    earliest: date
    latest: date


class DepartureRescheduled(Contract, source="referral"):
    """The departure moved."""

    case_id: UUID
    status: Literal["planned", "booked"]
    earliest: date
    latest: date


class DepartureCancelled(Contract, source="referral"):
    """The departure will not take place as planned."""

    case_id: UUID


class ReturneeDeparted(Contract, source="referral"):
    """The person has left Germany."""

    case_id: UUID
    departed_on: date
    arrival_expected_on: date


class EnrolmentConfirmed(Contract, source="training"):
    """The person has a seat in a course."""

    case_id: UUID
    enrolment_id: UUID
    provider: str


class EnrolmentCancelled(Contract, source="training"):
    """The enrolment ended without completion."""

    case_id: UUID
    enrolment_id: UUID
    provider: str


class CourseCompleted(Contract, source="training"):
    """The person took a course to its end."""

    case_id: UUID
    enrolment_id: UUID
    provider: str
    course_code: str
    isco08: str
    category: str
    result: Literal["passed", "attended"]
    units: int
    finished_on: date
    skills: tuple[str, ...] = ()


class JobOffered(Contract, source="placement"):
    """An employer offers work."""

    case_id: UUID
    candidacy_id: UUID
    offer_id: UUID
    isco08: str
    offered_on: date
    starts_on: date
    formal: bool


class JobOfferAccepted(Contract, source="placement"):
    """The person takes the offer."""

    case_id: UUID
    offer_id: UUID
    accepted_on: date


class JobOfferDeclined(Contract, source="placement"):
    """The person does not take the offer; this never counts against them."""

    case_id: UUID
    offer_id: UUID
    reason: str


class JobOfferExpired(Contract, source="placement"):
    """Nobody answered the offer in time."""

    case_id: UUID
    offer_id: UUID


class CandidacyClosed(Contract, source="placement"):
    """The way into a vacancy ended without employment; an offer that is still open ends with it."""

    case_id: UUID
    candidacy_id: UUID
    reason: str


class EmploymentStarted(Contract, source="placement"):
    """The person has begun to work."""

    case_id: UUID
    employment_id: UUID
    offer_id: UUID
    isco08: str
    started_on: date
    employment_type: str
    formal: bool
    subsidised: bool
