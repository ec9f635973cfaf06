"""What the person allows: for one purpose, for named organisations, until a day, or until they take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent. Evidence is never deleted by a withdrawal."""

    id: UUID
    purpose: str
    recipients: tuple[str, ...]
    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    guardian: bool = False
    recorded_by: str = ""
    withdrawn_at: datetime | None = None

    @property
    def status(self) -> Literal["granted", "withdrawn"]:
        """Whether the person has taken it back."""
        return "granted" if self.withdrawn_at is None else "withdrawn"

    def covers(self, purpose: str, org: str, country: str, today: date) -> bool:
        """Whether `org`, which lies in `country`, may get the case for this purpose today.

        `country:XX` among the recipients stands for every organisation in XX.
        """
        if self.purpose != purpose or self.withdrawn_at is not None:
            return False
        if not self.granted_on <= today <= self.valid_until:
            return False
        return org in self.recipients or f"country:{country}" in self.recipients
