"""Commands and deadlines with the functions that decide on them, and the aggregates in their lock order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chassis.pure.decision import DeadlineDue, Handler
from chassis.pure.states import Kind, Need, by_id
from training.commands import (
    CancelEnrolment,
    CancelSession,
    CompleteEnrolment,
    RequestEnrolment,
    ScheduleSession,
)
from training.domain.learner import Learner
from training.domain.session import CourseSession, links
from training.handlers import enrolments, sessions
from training.handlers.enrolments import needs_request, needs_session
from vocabulary.switch import CountryStatus

KINDS = (Kind(Learner, "learner"), Kind(CourseSession, "course_session", links), Kind(CountryStatus, "country_status"))
"""In lock order: the person, then what persons share."""

COMMANDS: Mapping[type[Any], Handler] = {
    ScheduleSession: Handler(lambda _: (), sessions.schedule_session),
    CancelSession: Handler(lambda command: (by_id(CourseSession, command.session_id),), sessions.cancel_session),
    RequestEnrolment: Handler(needs_request, enrolments.request_enrolment),
    CancelEnrolment: Handler(needs_session, enrolments.cancel_enrolment),
    CompleteEnrolment: Handler(needs_session, enrolments.complete_enrolment),
}


def _needs_owner(deadline: DeadlineDue) -> Iterable[Need]:
    return (by_id(CourseSession, deadline.owner),)


DEADLINES: Mapping[str, Handler] = {
    sessions.ENROLMENT_CLOSES: Handler(_needs_owner, sessions.enrolment_closes),
    sessions.SESSION_ENDS: Handler(_needs_owner, sessions.session_ends),
}
