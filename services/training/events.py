"""Events of the training providers in Germany. Sessions are keyed by session, enrolments by case."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from chassis.pure import audit, operations
from chassis.pure.codes import Code, Instant, Language
from chassis.pure.messages import Event
from training.domain.terms import CancelReason
from vocabulary import receiving
from vocabulary.codes import Admin1, CourseCode, Isco08, Provider, Skills, Units
from vocabulary.events import CaseEvent
from vocabulary.terms import MeasureCategory, Result


class SessionEvent(Event, service="training", key="session_id"):
    """A fact about a course session; no person is involved."""

    session_id: UUID
    provider: Provider


class EnrolmentEvent(CaseEvent, service="training"):
    """A fact about one person's enrolment in a course session."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider


class CourseSessionScheduled(SessionEvent):
    """A provider offers a course with a number of seats."""

    course_code: CourseCode
    isco08: Isco08
    category: MeasureCategory
    seats: int = Field(ge=1, le=200)
    starts_on: date
    ends_on: date
    admin1: Admin1
    online: bool
    language: Language
    units: Units


class CourseSessionCancelled(SessionEvent):
    """A session will not take place; its enrolments are cancelled with it."""

    reason: Code


class EnrolmentRequested(EnrolmentEvent):
    """A scout asks for a seat."""


class EnrolmentConfirmed(EnrolmentEvent):
    """The person has a seat."""


class EnrolmentWaitlisted(EnrolmentEvent):
    """No seat is free; `position` counts from 1 at the time of the request."""

    position: int = Field(ge=1)


class EnrolmentCancelled(EnrolmentEvent):
    """The enrolment ended without completion."""

    reason: CancelReason


class CourseCompleted(EnrolmentEvent):
    """The person took the course to its end: `passed` an examination, or `attended`."""

    course_code: CourseCode
    isco08: Isco08
    category: MeasureCategory
    result: Result
    units: Units
    finished_on: date
    skills: Skills = ()


class CompletionCorrected(EnrolmentEvent):
    """What CourseCompleted has told of this enrolment was wrong; this is right, as if it had been told so then."""

    course_code: CourseCode
    isco08: Isco08
    category: MeasureCategory
    result: Result
    units: Units
    finished_on: date
    skills: Skills = ()
    reported_at: Instant | None = None
    reason: Code


class CompletionVoided(EnrolmentEvent):
    """What CourseCompleted has told of this enrolment was an error: the person has a seat, unless EnrolmentCancelled
    tells at once that they have not. How the course ended is told anew."""

    reported_at: Instant | None = None
    reason: Code


class ProfileKeyDestroyed(receiving.Destroyed, service="training"):
    """A provider's copy of a key that was taken back is destroyed: it can open the part no more.

    `revoked_at` is of the revocation that this answers.
    """


class AuditSealed(audit.AuditSealed, service="training", on="training.operations"):
    """The audit of this service is sealed up to here; told once an hour."""


class RecordParked(operations.RecordParked, service="training", on="training.operations"):
    """This service could not handle a record, or the record waits behind one that it could not handle."""


class RecordRetried(operations.RecordRetried, service="training", on="training.operations"):
    """An operator wants a parked record handled again; what comes of it is told next."""


class AttemptFailed(operations.AttemptFailed, service="training", on="training.operations"):
    """A parked record had its turn once more and could not be handled, now for this reason."""


class RecordHandled(operations.RecordHandled, service="training", on="training.operations"):
    """A parked record is parked no more: its effect is there, after a retry or since the record before it is done."""


class RecordDiscarded(operations.RecordDiscarded, service="training", on="training.operations"):
    """An operator has decided that a parked record is to have no effect here, for good."""


class ProgressReported(operations.ProgressReported, service="training", on="training.operations"):
    """How far this service has read each partition, how many records are parked, and how long its oldest event has
    waited to be published. Told at most once a minute while it reads on, and every quarter of an hour in any case."""


OPERATIONS = operations.Operations(
    RecordParked, RecordRetried, AttemptFailed, RecordHandled, RecordDiscarded, ProgressReported
)


EVENTS: tuple[type[Event], ...] = (
    CourseSessionScheduled,
    CourseSessionCancelled,
    EnrolmentRequested,
    EnrolmentConfirmed,
    EnrolmentWaitlisted,
    EnrolmentCancelled,
    CourseCompleted,
    CompletionCorrected,
    CompletionVoided,
    ProfileKeyDestroyed,
    *OPERATIONS,
    AuditSealed,
)
