"""What the HTTP API answers: outcomes of commands, lines of lists, and single things in full. Codes, days and ids."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from training.domain.enrolment import Enrolment, EnrolmentStatus
from training.domain.session import CourseSession, SessionStatus
from training.domain.terms import CancelReason
from vocabulary.profiles import ContactView
from vocabulary.receiving import PartView
from vocabulary.terms import AgeBand, MeasureCategory, Result, TargetGroup


class SessionOutcome(Answer):
    """A session after a command."""

    session_id: UUID
    provider: str
    status: SessionStatus
    seats: int
    free_seats: int
    starts_on: date
    ends_on: date

    @classmethod
    def of(cls, session: CourseSession, **more: object) -> Self:
        """From the state; `more` is what a subclass adds."""
        return cls.model_validate(
            {
                "session_id": session.id,
                "provider": session.provider,
                "status": session.status,
                "seats": session.seats,
                "free_seats": session.free,
                "starts_on": session.starts_on,
                "ends_on": session.ends_on,
                **more,
            }
        )


class SessionSummary(SessionOutcome):
    """A session as anybody on the chain may see it: what it offers, and how many take part, but not who."""

    BY_CLOCK: ClassVar[frozenset[str]] = frozenset({"running", "takes_requests"})

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
    def on(cls, session: CourseSession, today: date, **more: object) -> Self:
        """From the state, as of a day in Germany."""
        return cls.of(
            session,
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
            **more,
        )


class EnrolmentOutcome(Answer):
    """An enrolment after a command."""

    enrolment_id: UUID
    case_id: UUID
    session_id: UUID
    provider: str
    status: EnrolmentStatus
    position: int | None = Field(description="place on the waiting list, from 1")
    cancel_reason: CancelReason | None

    @classmethod
    def of(cls, session: CourseSession, enrolment: Enrolment, **more: object) -> Self:
        """From the states; `more` is what a subclass adds."""
        return cls.model_validate(
            {
                "enrolment_id": enrolment.id,
                "case_id": enrolment.case_id,
                "session_id": session.id,
                "provider": session.provider,
                "status": enrolment.status,
                "position": session.position_of(enrolment.id),
                "cancel_reason": enrolment.cancel_reason,
                **more,
            }
        )


class CompletionView(Answer):
    """What the person takes away."""

    result: Result
    units: int
    finished_on: date
    skills: tuple[str, ...]


class EnrolmentSummary(EnrolmentOutcome):
    """One line of a list: an enrolment with its course. What is known of the person is shown one by one only."""

    course_code: str
    isco08: str
    starts_on: date
    ends_on: date
    online: bool
    requested_by: str
    requested_at: datetime
    completion: CompletionView | None

    @classmethod
    def of(cls, session: CourseSession, enrolment: Enrolment, **more: object) -> Self:
        """From the states; `more` is what a subclass adds."""
        return super().of(
            session,
            enrolment,
            course_code=session.course_code,
            isco08=session.isco08,
            starts_on=session.starts_on,
            ends_on=session.ends_on,
            online=session.online,
            requested_by=enrolment.requested_by,
            requested_at=enrolment.requested_at,
            completion=enrolment.completion,
            **more,
        )


class PersonView(Answer):
    """What is known of the person, in codes. A provider is not shown group and country."""

    case_ref: str | None = Field(description="what the person has on paper, such as PH-7K3M9QX-F")
    language: str
    age_band: AgeBand
    target_group: TargetGroup | None
    country: str | None


class ProfileView(ContactView):
    """Who the person is, for the provider that has a seat for them; null: unknown, or its part is not open."""

    enrolment_id: UUID
    parts: tuple[PartView, ...]


class EnrolmentDetail(EnrolmentSummary):
    """An enrolment with the course and the person whom it joins.

    A provider is shown the person as long as a consent lets it, and their departure as long as the course lies ahead.
    """

    must_end_by: date | None = Field(description="latest day on which a course may end for the person's departure")
    person: PersonView | None


class SessionDetail(SessionSummary):
    """A session with its enrolments, in order of request, for its provider and the programme; null for others."""

    enrolments: tuple[EnrolmentDetail, ...] | None
