"""Compares two states of a session and tells each change of an enrolment as an event: none goes unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.pure.messages import Event
from training.domain.enrolment import Completion, Enrolment
from training.domain.session import CourseSession
from training.events import (
    CourseCompleted,
    EnrolmentCancelled,
    EnrolmentConfirmed,
    EnrolmentRequested,
    EnrolmentWaitlisted,
)


def announced(before: CourseSession, after: CourseSession) -> tuple[Event, ...]:
    """What happened to enrolments between two states of a session, in order of request.

    Seats pass from earlier requests to later ones. So readers hear first who left a seat, then who has it.
    """
    known = {each.id: each.status for each in before.enrolments}
    changed = [each for each in after.enrolments if known.get(each.id) != each.status]
    return tuple(event for each in changed for event in _events(after, each, is_new=each.id not in known))


def _events(session: CourseSession, enrolment: Enrolment, *, is_new: bool) -> Iterator[Event]:
    subject = {
        "case_id": enrolment.case_id,
        "enrolment_id": enrolment.id,
        "session_id": session.id,
        "provider": session.provider,
    }
    if is_new:
        yield EnrolmentRequested(**subject)
    if enrolment.status == "confirmed":
        yield EnrolmentConfirmed(**subject)
    elif enrolment.status == "waitlisted":
        yield EnrolmentWaitlisted(**subject, position=session.position_of(enrolment.id))
    elif enrolment.status == "cancelled":
        yield EnrolmentCancelled(**subject, reason=enrolment.cancel_reason)
    elif enrolment.completion is not None:
        yield CourseCompleted(**subject, **_outcome(session, enrolment.completion))


def _outcome(session: CourseSession, completion: Completion) -> dict[str, object]:
    return {
        "course_code": session.course_code,
        "isco08": session.isco08,
        "category": session.category,
        "result": completion.result,
        "units": completion.units,
        "finished_on": completion.finished_on,
        "skills": completion.skills,
    }
