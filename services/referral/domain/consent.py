"""What the person allows: for one purpose, for named organisations, until a day, or until they take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from vocabulary.terms import ConsentStatus

REFERRAL_PURPOSE: Final = "referral"
"""The purpose of handing a case over to a centre."""
TRAINING_PURPOSE: Final = "training"
"""The purpose of being enrolled with a training provider."""
MATCHING_PURPOSE: Final = "matching"
"""The purpose of being picked for a vacancy by a placement desk."""
ADVICE_PURPOSE: Final = "counselling"
"""The purpose of being advised by a centre, which it takes down itself; it names that centre alone."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent. Evidence is never deleted by a withdrawal.

    `begins_at` and `expires_at` are the first moment of `granted_on` and the moment at which `valid_until` is over, at
    the place where it was signed.
    """

    id: UUID
    purpose: str
    recipients: tuple[str, ...]
    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    begins_at: datetime
    expires_at: datetime
    guardian: bool = False
    recorded_by: str = ""
    """The organisation that recorded it; it may also record that the person takes it back."""
    withdrawn_at: datetime | None = None

    @property
    def status(self) -> ConsentStatus:
        """Whether the person has taken it back."""
        return "granted" if self.withdrawn_at is None else "withdrawn"

    def names(self, purpose: str, org: str, country: str) -> bool:
        """Whether it was given for `org`, which lies in `country`, and for this purpose.

        `country:XX` among the recipients stands for every organisation in XX.
        """
        return self.purpose == purpose and (org in self.recipients or f"country:{country}" in self.recipients)

    def covers(self, purpose: str, org: str, country: str, at: datetime) -> bool:
        """Whether `org` may get the case for this purpose at this time."""
        return (
            self.withdrawn_at is None and self.begins_at <= at < self.expires_at and self.names(purpose, org, country)
        )


@dataclass(frozen=True, slots=True)
class CentreConsent:
    """A consent to be advised that a centre has taken down itself: until it ends, that centre may know who the person
    is.

    `ends_at`: when it is over, or was taken back (`withdrawn`), whichever is earlier, in whatever order they are told.
    """

    id: UUID
    centre: str
    ends_at: datetime
    withdrawn: bool = False

    def covers(self, centre: str, at: datetime) -> bool:
        """Whether the centre may know the person at this time."""
        return self.centre == centre and at < self.ends_at
