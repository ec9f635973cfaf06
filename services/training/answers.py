"""What this service answers: codes, dates and ids, made from the states of the domain."""

from __future__ import annotations

from datetime import date, datetime
from typing import Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from training.domain.enrolment import Enrolment, EnrolmentStatus
from training.domain.learner import Learner
from training.domain.session import CourseSession, SessionStatus
from training.domain.terms import CancelReason
from vocabulary.terms import AgeBand, MeasureCategory, Result, TargetGroup

T = TypeVar("T")


class Answer(BaseModel):
    """Read from a state's attributes, or from a command's stored answer."""

    model_config = ConfigDict(from_attributes=True)


class Page(Answer, Generic[T]):
    """Some of a list; `next` goes into `after` of the request for more, and is null at the end."""

    items: list[T]
    next: UUID | None


class SessionState(Answer):
    """What a command on a session answers."""

    session_id: UUID
    provider: str
    status: SessionStatus
    seats: int
    free_seats: int
    starts_on: date
    ends_on: date


class SessionAnswer(SessionState):
    """A session as anybody on the chain may see it: what it offers, and how many take part, but not who."""

    course_code: str
    isco08: str
    category: MeasureCategory
    admin1: str
    online: bool
    language: str
    units: int
    waiting: int = Field(description="people on the waiting list")
    running: bool = Field(description="whether it takes place today")
    takes_requests: bool = Field(description="whether people can still be enrolled, if only on the waiting list")
    cancel_reason: str | None

    @classmethod
    def of(cls, session: CourseSession, today: date) -> Self:
        """From the state."""
        return cls(
            session_id=session.id,
            provider=session.provider,
            status=session.status,
            seats=session.seats,
            free_seats=session.free,
            starts_on=session.starts_on,
            ends_on=session.ends_on,
            course_code=session.course_code,
            isco08=session.isco08,
            category=session.category,
            admin1=session.admin1,
            online=session.online,
            language=session.language,
            units=session.units,
            waiting=len(session.waiting),
            running=session.runs_on(today),
            takes_requests=not session.closed and today <= session.starts_on,
            cancel_reason=session.cancel_reason,
        )


class EnrolmentState(Answer):
    """What a command on an enrolment answers."""

    enrolment_id: UUID
    case_id: UUID
    session_id: UUID
    provider: str
    status: EnrolmentStatus
    position: int | None = Field(description="place on the waiting list, from 1")
    cancel_reason: CancelReason | None


class Person(Answer):
    """What is known of the person in codes; group and country are for the programme, not for the provider."""

    language: str
    age_band: AgeBand
    target_group: TargetGroup | None
    country: str | None


class Completed(Answer):
    """What the person takes away."""

    result: Result
    units: int
    finished_on: date
    skills: tuple[str, ...]


class EnrolmentAnswer(EnrolmentState):
    """An enrolment with the course and the person it joins."""

    course_code: str
    isco08: str
    starts_on: date
    ends_on: date
    online: bool
    requested_by: str
    requested_at: datetime
    must_end_by: date | None = Field(description="latest day on which a course may end for the person's departure")
    person: Person | None
    completion: Completed | None

    @classmethod
    def of(cls, session: CourseSession, enrolment: Enrolment, learner: Learner | None, *, for_provider: bool) -> Self:
        """From the states."""
        return cls(
            enrolment_id=enrolment.id,
            case_id=enrolment.case_id,
            session_id=session.id,
            provider=session.provider,
            status=enrolment.status,
            position=session.position_of(enrolment.id),
            cancel_reason=enrolment.cancel_reason,
            course_code=session.course_code,
            isco08=session.isco08,
            starts_on=session.starts_on,
            ends_on=session.ends_on,
            online=session.online,
            requested_by=enrolment.requested_by,
            requested_at=enrolment.requested_at,
            must_end_by=None if learner is None else learner.must_end_by,
            person=_person(learner, for_provider=for_provider),
            completion=None if enrolment.completion is None else Completed.model_validate(enrolment.completion),
        )


class SessionDetail(SessionAnswer):
    """A session with its enrolments, in order of request, for its provider and the programme; null for others."""

    enrolments: list[EnrolmentAnswer] | None = None


def _person(learner: Learner | None, *, for_provider: bool) -> Person | None:
    if learner is None or learner.profile is None:
        return None
    profile = learner.profile
    return Person(
        language=profile.language,
        age_band=profile.age_band,
        target_group=None if for_provider else profile.target_group,
        country=None if for_provider else profile.country,
    )
