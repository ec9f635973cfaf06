"""What other services tell of a person: courses in Germany, offers and work in the country.

Each topic keeps the order of a case and feeds fields of its own: so these merge with the rest in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, TypeVar
from uuid import UUID

CourseStatus = Literal["confirmed", "cancelled", "completed_passed", "completed_attended"]
OfferStatus = Literal["offered", "accepted", "declined", "expired", "closed"]


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


@dataclass(frozen=True, slots=True)
class Offer:
    """A job offer. `closed`: its candidacy ended without an answer, for example because it was retracted."""

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


def change(rows: tuple[T, ...], which: Callable[[T], bool], how: Callable[[T], T]) -> tuple[T, ...]:
    """The rows with every one that is meant changed; none may be."""
    return tuple(how(row) if which(row) else row for row in rows)
