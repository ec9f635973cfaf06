"""Who may know the person, and for what: each organisation that is handed keys of the profile, by one rule.

A *receiver* has something to do with the person: a centre has them in its care, a training provider has a seat for
them, the placement desk of a centre has picked them for a vacancy. It is handed the parts that its purpose is about
(`vocabulary.handed.PARTS`), as long as a consent for that purpose lets it know the person. Where either ends, the keys
are taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from referral.domain.consent import MATCHING_PURPOSE
from vocabulary.handed import PARTS, placement_desk
from vocabulary.terms import ProfilePart

COUNTRY_OF_PROVIDERS: Final = "DE"


@dataclass(frozen=True, slots=True, order=True)
class Receiver:
    """An organisation that lies in `country`; `purpose` is that of the consents that count for it."""

    org: str
    country: str
    purpose: str

    @property
    def name(self) -> str:
        """Whose key pair it is."""
        return placement_desk(self.org) if self.purpose == MATCHING_PURPOSE else self.org

    @property
    def parts(self) -> tuple[ProfilePart, ...]:
        """What it may open."""
        return PARTS[self.purpose]


@dataclass(frozen=True, slots=True)
class Engagement:
    """What another service tells that one of its organisations has to do with the person: a seat in a course, a way
    into a vacancy. `over`, it stays so, unless that turns out to have been an error."""

    id: UUID
    by: Receiver | None = None
    """None: the record of its beginning is missing, or names nobody."""
    over: bool = False
    over_at: datetime | None = None
    """When that was told last. Older documents do not say."""
    goes_on_at: datetime | None = None
    """When it was told last that an end before had been an error."""

    def told(self, other: Engagement) -> Engagement:
        """What both say of it, whichever was heard first."""
        over_at = _last(self.over_at, other.over_at)
        goes_on_at = _last(self.goes_on_at, other.goes_on_at)
        over = self.over or other.over or over_at is not None
        if goes_on_at is not None:
            over = over_at is not None and over_at >= goes_on_at
        return Engagement(self.id, self.by or other.by, over, over_at, goes_on_at)


def _last(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)
