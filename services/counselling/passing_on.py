"""What a centre passes on with a case that a desk adopts: what it has told as the owner, summed up in CaseAdopted."""

from __future__ import annotations

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.pure.codes import Code, Instant, Language
from counselling.domain.signed import SignedConsent
from vocabulary.codes import Centre, Country, Recipients, TextVersion


class ConsentPassedOn(BaseModel):
    """A consent that the person has signed at a centre, as the desk keeps it from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    consent_id: UUID
    purpose: Code
    recipients: Recipients
    text_version: TextVersion
    language: Language
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    expires_at: Instant
    signed_in: Country
    recorded_by: Centre
    guardian: bool
    withdrawn_at: Instant | None = None

    @classmethod
    def of(cls, consent: SignedConsent) -> Self:
        """As it was taken down."""
        return cls(
            consent_id=consent.id,
            purpose=consent.purpose,
            recipients=consent.recipients,
            text_version=consent.text_version,
            language=consent.language,
            evidence_ref=consent.evidence_ref,
            granted_on=consent.granted_on,
            valid_until=consent.valid_until,
            expires_at=consent.ends_at,
            signed_in=consent.signed_in,
            recorded_by=consent.recorded_by,
            guardian=consent.guardian,
            withdrawn_at=consent.withdrawn_at,
        )


class HoldPassedOn(BaseModel):
    """What holds the records beyond their terms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hold_id: UUID
    reason: Code
    since: Instant


class ArrivalPassedOn(BaseModel):
    """When the person has arrived, and when that was reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arrived_on: date
    reported_at: Instant
