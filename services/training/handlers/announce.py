"""Compares two states of a session and tells each change of an enrolment as an event: none goes unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.pure.messages import Event
from training.domain.enrolment import Completion, Enrolment
from training.domain.session import CourseSession
from training.events import (
    CompletionCorrected,
    CompletionVoided,
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
    known = {each.id: each for each in before.enrolments}
    found = ((known.get(each.id), each) for each in after.enrolments)
    return tuple(event for was, now in found for event in _events(after, was, now))


def _events(session: CourseSession, was: Enrolment | None, now: Enrolment) -> Iterator[Event]:
    subject = {
        "case_id": now.case_id,
        "enrolment_id": now.id,
        "session_id": session.id,
        "provider": session.provider,
    }
    if was is None:
        yield EnrolmentRequested(**subject)
    elif was.completion is not None and was.completion != now.completion:
        told = {**subject, "reported_at": was.completion.recorded_at, "reason": now.corrections[-1].reason}
        if now.completion is not None:
            yield CompletionCorrected(**told, **_outcome(session, now.completion))
            return
        yield CompletionVoided(**told)
        if now.status == "confirmed":
            return
    if was is not None and was.status == now.status:
        return
    if now.status == "confirmed":
        yield EnrolmentConfirmed(**subject)
    elif now.status == "waitlisted":
        yield EnrolmentWaitlisted(**subject, position=session.position_of(now.id))
    elif now.status == "cancelled":
        yield EnrolmentCancelled(**subject, reason=now.cancel_reason)
    elif now.completion is not None:
        yield CourseCompleted(**subject, **_outcome(session, now.completion))


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
