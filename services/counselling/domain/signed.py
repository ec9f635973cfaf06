"""What people have signed at a centre: the evidence, kept where it was given.

What a consent lets a centre know is asked of the file's own copies (`consent.py`), whoever has recorded them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from counselling.domain.consent import Consent
from vocabulary.copying import replace
from vocabulary.terms import ConsentStatus

COUNSELLING: Final = "counselling"
"""The purpose of being advised by a centre: it lets that centre keep and read the file."""
MOST_SIGNED: Final = 200
"""Of one person, withdrawn ones too. Each travels: what is bounded here is bounded in every service."""


@dataclass(frozen=True, slots=True)
class SignedConsent:
    """One consent. Evidence is never deleted by a withdrawal.

    `ends_at` is the moment at which `valid_until` is over at the place where it was signed.
    """

    id: UUID
    case_id: UUID
    purpose: str
    recipients: tuple[str, ...]
    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    ends_at: datetime
    signed_in: str
    """The country of the centre, whose days count."""
    recorded_by: str
    guardian: bool = False
    withdrawn_at: datetime | None = None

    @property
    def status(self) -> ConsentStatus:
        """Whether the person has taken it back."""
        return "granted" if self.withdrawn_at is None else "withdrawn"

    def taken_back(self, at: datetime) -> SignedConsent:
        """The person wants it no more."""
        return replace(self, withdrawn_at=at)

    @property
    def for_file(self) -> Consent:
        """What the file keeps of it."""
        return Consent(self.id, self.recipients, self.valid_until, self.ends_at, self.withdrawn_at)


def links(consent: SignedConsent) -> set[UUID]:
    """Every id by which a consent is found: its case."""
    return {consent.case_id}
