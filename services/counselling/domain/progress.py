"""What other services tell of a person: courses in Germany, offers and work in the country.

Each topic keeps the order of a case and feeds fields of its own: so these merge with the rest in any order. Only a
record that was missing comes after later ones: an end that is told before its beginning is kept until then (`Early`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol, TypeVar
from uuid import UUID

from vocabulary.copying import replace

CourseStatus = Literal["confirmed", "cancelled", "completed_passed", "completed_attended"]
OfferStatus = Literal["offered", "accepted", "declined", "expired", "closed", "retracted"]


@dataclass(frozen=True, slots=True)
class Course:
    """An enrolment with a provider; the content of the course is known from its completion on."""

    id: UUID
    provider: str
    status: CourseStatus
    course_code: str | None = None
    isco08: str | None = None
    category: str | None = None
    units: int | None = None
    finished_on: date | None = None
    skills: tuple[str, ...] = ()
    told_at: datetime | None = None
    """When this was told of its completion: what was told of it before and comes late changes nothing. Older documents
    do not say."""

    def settled(self, at: datetime) -> bool:
        """Whether what was told of its completion at this time changes nothing any more: who was cancelled stays so."""
        return self.status == "cancelled" or (self.told_at is not None and self.told_at > at)


@dataclass(frozen=True, slots=True)
class Offer:
    """A job offer. `closed`: its candidacy ended without an answer. `retracted`: the employer took it back, which
    is the last word on it, also when the person had accepted."""

    id: UUID
    candidacy_id: UUID
    isco08: str
    offered_on: date
    starts_on: date
    formal: bool
    status: OfferStatus = "offered"
    decided_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OfferEnd:
    """What became of an offer. `id` is the offer's; of a candidacy that was closed, the candidacy's."""

    id: UUID
    status: OfferStatus
    decided_on: date | None = None
    reason: str | None = None

    def of(self, offer: Offer) -> Offer:
        """The offer with this end, if it is meant; a candidacy that was closed voids what nobody has answered."""
        if self.id == offer.candidacy_id and self.status == "closed":
            return replace(offer, status="closed", reason=self.reason) if offer.status == "offered" else offer
        if self.id != offer.id or offer.status == "retracted":
            return offer
        return replace(offer, status=self.status, decided_on=self.decided_on, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Early:
    """Ends of what nobody has told of yet: enrolments that were cancelled, offers that are over."""

    cancelled: tuple[UUID, ...] = ()
    offers: tuple[OfferEnd, ...] = ()
    voided: tuple[UUID, ...] = ()
    """Offers and work that did not happen, whatever is told of them late."""

    def with_voided(self, id_: UUID) -> Early:
        """One more record that turned out to be an error; what is kept of its end goes."""
        offers = tuple(each for each in self.offers if each.id != id_)
        return replace(self, offers=offers, voided=tuple(sorted({*self.voided, id_})))

    def with_cancelled(self, enrolment_id: UUID) -> Early:
        """One more enrolment, which may never have had a seat."""
        return replace(self, cancelled=tuple(sorted({*self.cancelled, enrolment_id})))

    def with_end(self, end: OfferEnd) -> Early:
        """One more end; that an offer was retracted is the last that is told of it."""
        if any(each.id == end.id and each.status == "retracted" for each in self.offers):
            return self
        return replace(self, offers=put(self.offers, end))

    def without(self, *ids: UUID) -> Early:
        """What is left when these have been told of."""
        cancelled = tuple(each for each in self.cancelled if each not in ids)
        return replace(self, cancelled=cancelled, offers=tuple(each for each in self.offers if each.id not in ids))

    def ended(self, offer: Offer) -> Offer:
        """An offer that is told of late, with what became of it: its own end counts for more than its candidacy's."""
        for end in sorted(self.offers, key=lambda each: each.status == "closed"):
            offer = end.of(offer)
        return offer


@dataclass(frozen=True, slots=True)
class Employment:
    """Work that has begun."""

    id: UUID
    offer_id: UUID
    isco08: str
    started_on: date
    employment_type: str
    formal: bool
    subsidised: bool


class Identified(Protocol):
    """A value with an id."""

    @property
    def id(self) -> UUID:
        """What it is found by."""


T = TypeVar("T", bound=Identified)


def put(rows: tuple[T, ...], row: T) -> tuple[T, ...]:
    """The rows, by id, with this one added or replaced."""
    return tuple(sorted((*(each for each in rows if each.id != row.id), row), key=lambda each: each.id))
