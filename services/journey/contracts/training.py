"""What journey reads of the training providers: courses, seats, results."""

from __future__ import annotations

from uuid import UUID

from chassis.pure.codes import Code
from chassis.pure.messages import Contract
from vocabulary.codes import Isco08, Provider
from vocabulary.events import CaseContract
from vocabulary.terms import MeasureCategory, Result


class CourseSessionScheduled(Contract, source="training", key="session_id"):
    """A training provider offers a course with a number of seats."""

    session_id: UUID


class CourseSessionCancelled(Contract, source="training", key="session_id"):
    """A course session will not take place."""

    session_id: UUID


class EnrolmentRequested(CaseContract, source="training"):
    """A scout has asked for a seat."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider


class EnrolmentConfirmed(CaseContract, source="training"):
    """The person has a seat, at once or from the head of the waiting list."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider


class EnrolmentWaitlisted(CaseContract, source="training"):
    """No seat was free."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider


class EnrolmentCancelled(CaseContract, source="training"):
    """The enrolment has ended without completion; a seat, if it had one, is free again."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider
    reason: Code


class CourseCompleted(CaseContract, source="training"):
    """The person has taken the course to its end, with an examination passed or attended to the end."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider
    result: Result
    isco08: Isco08
    category: MeasureCategory


class CompletionCorrected(CaseContract, source="training"):
    """They have taken it to its end, otherwise than was told before."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider
    result: Result
    isco08: Isco08
    category: MeasureCategory


class CompletionVoided(CaseContract, source="training"):
    """They have not: they have a seat, unless the enrolment is cancelled."""

    enrolment_id: UUID
    session_id: UUID
    provider: Provider


class ProfileKeyDestroyed(CaseContract, source="training"):
    """A provider's copy of a key that was taken back is destroyed: it can open the part no more."""


class AuditSealed(Contract, source="training", on="training.operations", key="chain_id"):
    """The audit of the training service, who did or saw what, is sealed up to here."""

    chain_id: UUID


ALL: tuple[type[Contract], ...] = (
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
    AuditSealed,
)
