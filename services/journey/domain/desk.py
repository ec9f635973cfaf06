"""What the scout's desk in Germany tells of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from journey.domain.consents import Consent
from journey.domain.words import Word

AHEAD: Final = frozenset({"planned", "booked", "missed"})
"""The person is to leave Germany, as the desk sees it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody has a case: at a desk in Germany, or at a centre that has taken them in by itself."""

    at: datetime
    org: str | None
    """Whose case it is; only older events lack it."""
    country: str
    """The country of return, or where the person lives."""
    case_ref: str
    target_group: str
    referral_id: UUID | None = None
    """Of whom a centre has taken in: by which what becomes of the support is told."""

    @property
    def order(self) -> tuple[datetime]:
        """By the time."""
        return (self.at,)


@dataclass(frozen=True, slots=True)
class Corrected:
    """The desk had registered the person wrongly."""

    at: datetime
    country: str

    @property
    def order(self) -> tuple[datetime, str]:
        """By the time; of one moment by the country, so that no order matters."""
        return (self.at, self.country)


@dataclass(frozen=True, slots=True)
class Asked:
    """A centre was asked to take the person on: by a desk, or by a centre that has passed a referral on."""

    at: datetime
    centre: str
    country: str
    root_id: UUID
    priority: str | None = None
    """What a centre passes on keeps its priority."""
    parent_id: UUID | None = None
    earliest: date | None = None
    """The first day on which the person may leave Germany, as the desk has told the centre."""

    @property
    def order(self) -> tuple[datetime]:
        """By the time."""
        return (self.at,)


@dataclass(frozen=True, slots=True)
class Departure(Word):
    """The last word on the way home from Germany."""

    STEPS: ClassVar = ("undecided", "cancelled", "missed", "planned", "booked", "departed", "diverted")

    at: datetime
    status: str
    latest: date | None = None
    """The last day on which the person is to leave."""
    expected_on: date | None = None
    """When the person was to arrive, of one who has left."""
    said_at: datetime | None = None
    """When it was said, of what corrects another word."""

    @property
    def order(self) -> tuple[Any, ...]:
        """By when it was said."""
        return (self.said_at or self.at, self.STEPS.index(self.status))


@dataclass(frozen=True, slots=True)
class Ended(Word):
    """Whether the case has ended, as its owner told last."""

    STEPS: ClassVar = ("stopped", "started")

    at: datetime
    status: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Aged(Word):
    """To which age band the person counts; a change is told after what it changes."""

    STEPS: ClassVar = ("told", "changed")

    at: datetime
    band: str
    status: str = "told"


@dataclass(frozen=True, slots=True)
class Adopted:
    """A desk in Germany has the case from now on that a centre has opened."""

    at: datetime
    org: str

    @property
    def order(self) -> tuple[datetime, str]:
        """By the time; of one moment by the desk, so that no order matters."""
        return (self.at, self.org)


@dataclass(frozen=True, slots=True)
class Owner:
    """What the owner of a case tells of it: a desk in Germany, or the centre of whom nobody has referred."""

    opened: Opened | None = None
    adopted: Adopted | None = None
    """Whose the case is after a centre: told by the centre."""
    declined_at: datetime | None = None
    """When it was last told that no desk gets the case that has asked for it."""
    asked_for_at: datetime | None = None
    """When a desk last asked for the case of a centre."""
    corrected: Corrected | None = None
    """What the desk has said last of the person, because what it had registered was wrong."""
    void_at: datetime | None = None
    """When the desk said that it had opened the case in error."""
    consents: Mapping[UUID, Consent] = field(default_factory=dict)
    age: Aged | None = None
    ended: Ended | None = None
    holds: tuple[UUID, ...] = ()
    """Which the records are kept beyond their terms for."""
    released: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """The topic of the desk."""

    owner: Owner = field(default_factory=Owner)
    asked: Mapping[UUID, Asked] = field(default_factory=dict)
    """By referral."""
    withdrawn: Mapping[UUID, datetime] = field(default_factory=dict)
    """By referral, also by one that a centre has opened. The last time counts: what was reopened may be withdrawn."""
    packages: Mapping[UUID, datetime] = field(default_factory=dict)
    """When the desk last handed over what the centre of a referral needs."""
    void_packages: Mapping[UUID, datetime] = field(default_factory=dict)
    """When it last said that it had not."""
    departure: Departure | None = None
    destroyed_at: datetime | None = None
    """When the keys of all that is known of the person were destroyed."""

    def handed_over(self, referral_id: UUID) -> datetime | None:
        """When the desk last handed over what the centre of this referral needs, and has not said otherwise since."""
        sent_at, void_at = self.packages.get(referral_id), self.void_packages.get(referral_id)
        return None if sent_at is None or (void_at is not None and void_at >= sent_at) else sent_at
