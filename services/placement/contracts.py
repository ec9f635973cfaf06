"""What this service reads of the other services' events, and no more of them than it uses."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from chassis.pure.codes import (
    Admin1,
    Centre,
    Code,
    Country,
    Day,
    Isco08,
    Language,
    Org,
)
from chassis.pure.messages import Contract
from placement.domain.terms import AgeBand, Readiness, TargetGroup


class ReturneeReferred(Contract, source="referral"):
    """A person is known, long before arrival. Needs and vulnerability are none of this service's business."""

    case_id: UUID
    referral_id: UUID
    root_referral_id: UUID
    to_centre: Centre
    country: Country
    """The country of return; the centre may lie in another one."""
    admin1: Admin1 | None = None
    skills: tuple[Isco08, ...] = ()
    language: Language
    target_group: TargetGroup
    age_band: AgeBand


class ReferralWithdrawn(Contract, source="referral"):
    """A referral is taken back."""

    case_id: UUID
    referral_id: UUID


class ConsentGranted(Contract, source="referral"):
    """The person allows something; of interest are `matching` and `presentation`."""

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


class CourseCompleted(Contract, source="training"):
    """The person learned something in Germany."""

    case_id: UUID
    isco08: Isco08
    result: Literal["passed", "attended"]
    skills: tuple[Isco08, ...] = ()


class ReferralRejected(Contract, source="counselling"):
    """A centre does not take the person on."""

    case_id: UUID
    referral_id: UUID


class ReferralRedirected(Contract, source="counselling"):
    """Another centre has the person now."""

    case_id: UUID
    referral_id: UUID
    child_referral_id: UUID
    to_centre: Centre


class ArrivedInCountry(Contract, source="counselling"):
    """The clock to a job offer starts."""

    case_id: UUID
    arrived_on: Day
    admin1: Admin1 | None = None


class NeedsAssessed(Contract, source="counselling"):
    """Whether the person can work now."""

    case_id: UUID
    readiness: Readiness
