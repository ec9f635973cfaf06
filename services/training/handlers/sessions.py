"""Course sessions: schedule, cancel, and their two deadlines."""

from __future__ import annotations

from chassis.pure.decision import (
    NOTHING,
    Cleared,
    Context,
    Deadline,
    DeadlineDue,
    Decision,
    Refused,
)
from chassis.pure.states import States
from training import refusals
from training.answers import SessionOutcome
from training.commands import CancelSession, ScheduleSession
from training.domain.session import CourseSession
from training.events import CourseSessionCancelled, CourseSessionScheduled
from training.handlers.announce import announced
from training.handlers.deadlines import ENROLMENT_CLOSES, SESSION_ENDS
from vocabulary import regions
from vocabulary.countries import GERMANY, day_at, last_second_at
from vocabulary.refusals import date_in_past, unknown_code


def schedule_session(_states: States, command: ScheduleSession, context: Context) -> Decision | Refused:
    """A provider offers a course; enrolment is open to the end of its first day."""
    refused = _inadmissible(command, context)
    if refused is not None:
        return refused
    session = CourseSession(
        id=context.new_id(),
        provider=context.actor.org,
        course_code=command.course_code,
        isco08=command.isco08,
        category=command.category,
        seats=command.seats,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        admin1=command.admin1,
        online=command.online,
        language=command.language,
        units=command.units,
    )
    deadlines = (
        Deadline(ENROLMENT_CLOSES, session.id, session.id, last_second_at(GERMANY, session.starts_on)),
        Deadline(SESSION_ENDS, session.id, session.id, last_second_at(GERMANY, session.ends_on)),
    )
    return Decision((session,), (_scheduled(session),), deadlines, SessionOutcome.of(session))


def cancel_session(states: States, command: CancelSession, context: Context) -> Decision | Refused:
    """The provider calls the course off: whoever has a seat or waits for one must look for another."""
    today = day_at(GERMANY, context.now)
    session = states.get(CourseSession, command.session_id)
    if session is None:
        return refusals.SESSION_NOT_FOUND
    if session.provider != context.actor.org:
        return refusals.OTHER_ORGANISATION
    if context.reference.session_cancel_reasons.get(command.reason, on=today) is None:
        return unknown_code("/reason", "session_cancel_reasons")
    if session.cancel_reason is not None:
        return refusals.SESSION_CANCELLED
    if session.ends_on < today:
        return refusals.SESSION_OVER
    after = session.cancelled(command.reason)
    told = CourseSessionCancelled(session_id=after.id, provider=after.provider, reason=command.reason)
    cleared = (Cleared(ENROLMENT_CLOSES, after.id), Cleared(SESSION_ENDS, after.id))
    return Decision((after,), (told, *announced(session, after)), cleared, SessionOutcome.of(after))


def enrolment_closes(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """The first day is over: no seat is passed on any more, and the waiting list is dissolved."""
    session = states.get(CourseSession, deadline.owner)
    if session is None:
        return NOTHING
    after = session.closing()
    return Decision((after,), announced(session, after))


def session_ends(states: States, deadline: DeadlineDue, _context: Context) -> Decision:
    """The last day is over; what is left to do is to record the results."""
    session = states.get(CourseSession, deadline.owner)
    if session is None or session.cancel_reason is not None:
        return NOTHING
    after = session.ending()
    return Decision((after,), announced(session, after))


def _inadmissible(command: ScheduleSession, context: Context) -> Refused | None:
    provider = context.reference.providers.get(context.actor.org)
    if provider is None:
        return refusals.NOT_A_PROVIDER
    if context.reference.courses.get(command.course_code, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/course_code", "courses")
    if command.isco08 not in context.reference.isco08:
        return unknown_code("/isco08", "isco08")
    if command.isco08 not in context.reference.teaches(provider):
        return refusals.OCCUPATION_NOT_TAUGHT
    if refused := regions.why_not(command.admin1, [GERMANY]):
        return refused
    if command.starts_on < day_at(GERMANY, context.now):
        return date_in_past("/starts_on")
    if command.ends_on < command.starts_on:
        return refusals.ENDS_BEFORE_START
    return None


def _scheduled(session: CourseSession) -> CourseSessionScheduled:
    return CourseSessionScheduled(
        session_id=session.id,
        provider=session.provider,
        course_code=session.course_code,
        isco08=session.isco08,
        category=session.category,
        seats=session.seats,
        starts_on=session.starts_on,
        ends_on=session.ends_on,
        admin1=session.admin1,
        online=session.online,
        language=session.language,
        units=session.units,
    )
