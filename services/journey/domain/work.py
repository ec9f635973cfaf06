"""What training providers tell of a case, and what is told of the way into work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from journey.domain.words import Word, heard


@dataclass(frozen=True, slots=True)
class Enrolment(Word):
    """How a place in a course stands."""

    STEPS: ClassVar = ("requested", "waitlisted", "confirmed", "cancelled", "attended", "passed")
    LAST: ClassVar = frozenset({"cancelled", "attended", "passed"})

    at: datetime
    status: str
    provider: str
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Completion(Word):
    """How a course ended for somebody, as was told last; `void`: it has not."""

    STEPS: ClassVar = ("void", "attended", "passed")

    at: datetime
    status: str
    provider: str
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Candidacy(Word):
    """How far somebody has got on the way into one vacancy, but for what becomes of an offer."""

    STEPS: ClassVar = ("shortlisted", "presented", "interview", "closed")
    LAST: ClassVar = frozenset({"closed"})

    at: datetime
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Interview(Word):
    """That an interview has been, as was told last; `void`: it has not."""

    STEPS: ClassVar = ("void", "held")

    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Offered(Word):
    """What an employer has offered, as it was told or corrected."""

    STEPS: ClassVar = ("offered", "corrected")

    at: datetime
    status: str
    candidacy_id: UUID
    starts_on: date


@dataclass(frozen=True, slots=True)
class Reply(Word):
    """What became of an offer; an employer may take back what was accepted."""

    STEPS: ClassVar = ("accepted", "declined", "expired", "retracted")

    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Job(Word):
    """Work that has begun."""

    STEPS: ClassVar = ("started", "corrected")

    at: datetime
    status: str
    candidacy_id: UUID
    offer_id: UUID
    started_on: date


@dataclass(frozen=True, slots=True)
class Work:
    """The topic of the placement desks."""

    candidacies: Mapping[UUID, Candidacy] = field(default_factory=dict)
    """What was told of each, but that an interview has been, which stands here in older documents alone."""
    interviews: Mapping[UUID, Interview] = field(default_factory=dict)
    """The last one of each candidacy."""
    centres: Mapping[UUID, str] = field(default_factory=dict)
    """Which desk has picked the person, by candidacy, where that is told."""
    offers: Mapping[UUID, Offered] = field(default_factory=dict)
    answer_by: Mapping[UUID, datetime] = field(default_factory=dict)
    """Until when an offer can be answered."""
    replies: Mapping[UUID, Reply] = field(default_factory=dict)
    jobs: Mapping[UUID, Job] = field(default_factory=dict)
    voided: tuple[UUID, ...] = ()
    """Offers and jobs that did not happen."""

    @property
    def ways(self) -> Mapping[UUID, Candidacy]:
        """How far each candidacy has got, but for offers and jobs."""
        found = self.candidacies
        for id_, told in self.interviews.items():
            if told.status == "held":
                found = heard(found, id_, Candidacy(told.at, "interview"))
        return found
