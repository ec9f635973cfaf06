"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.messages import Event
from chassis.pure.needs import Linked, needs
from chassis.pure.states import Kind
from training import commands
from training.domain.learner import Learner
from training.domain.session import CourseSession, links
from training.events import ProfileKeyDestroyed
from training.handlers import deadlines, enrolments, sessions
from vocabulary import receiving
from vocabulary.retention import KIND
from vocabulary.switch import CountryStatus

KINDS: tuple[Kind[Any], ...] = (
    Kind(Learner, "learner"),
    Kind(CourseSession, "course_session", links),
    *receiving.KINDS,
    Kind(CountryStatus, "country_status"),
    KIND,
)
"""In lock order: the person, then what persons share."""
RECEIVING = receiving.Receiving("provider", "training", ProfileKeyDestroyed)
"""What Germany hands over to the providers."""

BY_CASE = needs(case_id=Learner)
BY_CASE_WITH_SESSIONS = needs(case_id=(Learner, Linked(CourseSession)))
BY_REQUEST = needs(case_id=(Learner, Linked(CourseSession)), session_id=CourseSession)
BY_SESSION = needs(session_id=CourseSession)

COMMANDS: Mapping[type[Any], Handler] = {
    commands.ScheduleSession: Handler(needs(), sessions.schedule_session),
    commands.CancelSession: Handler(BY_SESSION, sessions.cancel_session),
    commands.RequestEnrolment: Handler(BY_REQUEST, enrolments.request_enrolment),
    commands.CancelEnrolment: Handler(BY_SESSION, enrolments.cancel_enrolment),
    commands.CompleteEnrolment: Handler(BY_SESSION, enrolments.complete_enrolment),
    commands.CorrectCompletion: Handler(BY_SESSION, enrolments.correct_completion),
    commands.VoidCompletion: Handler(BY_REQUEST, enrolments.void_completion),
}

DEADLINES: Mapping[str, Handler] = {
    deadlines.ENROLMENT_CLOSES: Handler(needs(owner=CourseSession), sessions.enrolment_closes),
    deadlines.SESSION_ENDS: Handler(needs(owner=CourseSession), sessions.session_ends),
}

REPEATS: Mapping[type[Event], Handler] = {ProfileKeyDestroyed: receiving.DESTROYED_AGAIN}
"""What a restored database must have the effect of again."""
