"""What this service reads of the referral service's events, and no more of them than it uses."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.pure.codes import (
    Code,
    Country,
    Language,
    Org,
)
from chassis.pure.messages import Contract
from training.domain.terms import AgeBand, TargetGroup


class CaseOpened(Contract, source="referral"):
    """A person is known."""

    case_id: UUID
    target_group: TargetGroup
    country: Country
    language: Language


class ConsentGranted(Contract, source="referral"):
    """The person allows something; of interest is `training`."""

    case_id: UUID
    consent_id: UUID
    purpose: Code
    recipients: tuple[Org, ...]
    valid_until: date


class ConsentWithdrawn(Contract, source="referral"):
    """The person takes a consent back."""

    case_id: UUID
    consent_id: UUID
    purpose: Code


class ExpectedDeparture(BaseModel):
    """When the scout thinks that the person may leave."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    earliest: date


class ReturneeReferred(Contract, source="referral"):
    """The case was referred to a centre. Needs and vulnerability are none of this service's business."""

    case_id: UUID
    referral_id: UUID
    root_referral_id: UUID
    country: Country
    language: Language
    target_group: TargetGroup
    age_band: AgeBand
    departure: ExpectedDeparture | None = None


class ReferralWithdrawn(Contract, source="referral"):
    """A referral is taken back."""

    case_id: UUID
    referral_id: UUID


class DeparturePlanned(Contract, source="referral"):
    """A departure has a window or a booked day."""

    case_id: UUID
    status: Literal["planned", "booked"]
    earliest: date


class DepartureRescheduled(Contract, source="referral"):
    """The departure moved."""

    case_id: UUID
    status: Literal["planned", "booked"]
    earliest: date


class DepartureCancelled(Contract, source="referral"):
    """The departure will not take place as planned."""

    case_id: UUID


class ReturneeDeparted(Contract, source="referral"):
    """The person has left Germany."""

    case_id: UUID
    departed_on: date
