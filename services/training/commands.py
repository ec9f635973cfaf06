"""What providers and scouts can ask for. A command carries the id of its session; `api.py` looks it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from vocabulary.terms import MeasureCategory, Result


@dataclass(frozen=True, slots=True)
class ScheduleSession:
    """A provider offers a course."""

    course_code: str
    isco08: str
    category: MeasureCategory
    seats: int
    starts_on: date
    ends_on: date
    admin1: str
    online: bool
    language: str
    units: int


@dataclass(frozen=True, slots=True)
class CancelSession:
    """The course does not take place, or not to its end."""

    session_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class RequestEnrolment:
    """A scout asks for a seat for a person."""

    session_id: UUID
    case_id: UUID


@dataclass(frozen=True, slots=True)
class CancelEnrolment:
    """The person, or the provider, takes the enrolment back."""

    session_id: UUID
    enrolment_id: UUID


@dataclass(frozen=True, slots=True)
class CompleteEnrolment:
    """The provider records how the course ended for a person."""

    session_id: UUID
    enrolment_id: UUID
    result: Result
    units: int
    finished_on: date
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectCompletion:
    """The course ended otherwise than the provider has recorded."""

    session_id: UUID
    enrolment_id: UUID
    result: Result
    units: int
    finished_on: date
    skills: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class VoidCompletion:
    """The provider has recorded a result that there is not. `case_id`: of the person whose enrolment it is."""

    session_id: UUID
    enrolment_id: UUID
    case_id: UUID
    reason: str
