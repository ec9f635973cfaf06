"""Who may know the person, and for what: each organisation that is handed keys of the profile, by one rule.

A *receiver* has something to do with the person: a centre has them in its care, a training provider has a seat for
them. It is handed the parts that its purpose is about (`vocabulary.handed.PARTS`), as long as a consent for that
purpose lets it know the person. Where either ends, the keys are taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vocabulary.handed import PARTS
from vocabulary.terms import ProfilePart

COUNTRY_OF_PROVIDERS: Final = "DE"


@dataclass(frozen=True, slots=True, order=True)
class Receiver:
    """An organisation that lies in `country`; `purpose` is that of the consents that count for it."""

    org: str
    country: str
    purpose: str

    @property
    def parts(self) -> tuple[ProfilePart, ...]:
        """What it may open."""
        return PARTS[self.purpose]


@dataclass(frozen=True, slots=True)
class Seat:
    """The person's seat in a course of a provider, as training tells it; `over`, it stays so."""

    id: UUID
    provider: str
    over: bool = False
