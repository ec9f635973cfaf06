"""Enrolments: request, cancel, complete."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import (
    States,
)
from training import refusals
from training.answers import EnrolmentOutcome
from training.commands import CancelEnrolment, CompleteEnrolment, CorrectCompletion, RequestEnrolment, VoidCompletion
from training.domain.admission import obstacle
from training.domain.enrolment import COMPLETING, MOST_CORRECTIONS, TRANSITIONS, Completion, Enrolment
from training.domain.learner import MOST_COURSES, Learner
from training.domain.session import MOST_ENROLMENTS, CourseSession
from training.domain.terms import CancelReason
from training.handlers.announce import announced
from training.reference import Reference
from vocabulary.countries import GERMANY, day_at, end_of_day_at
from vocabulary.refusals import date_in_future, limit_reached, unknown_code, wrong_state
from vocabulary.roles import TRAINING_CLERK
from vocabulary.transitions import statuses_before


def obstacle_at(learner: Learner, session: CourseSession, at: datetime, reference: Reference) -> CancelReason | None:
    """Why the course does not suit the person at this time.

    Its clock is that of Germany, where every provider is; its working days are those of the provider's Land.
    """
    region = reference.region_of(session.provider)
    return obstacle(learner, session, region, end_of_day_at(GERMANY, session.ends_on), day_at(GERMANY, at))


def request_enrolment(states: States, command: RequestEnrolment, context: Context) -> Decision | Refused:
    """A scout asks for a seat: the answer is a seat, or a place on the waiting list."""
    session = states.get(CourseSession, command.session_id)
    if session is None:
        return refusals.SESSION_NOT_FOUND.at("/session_id")
    learner = states.get(Learner, command.case_id)
    if learner is None:
        return refusals.CASE_NOT_FOUND
    if learner.desk != context.actor.org:
        return refusals.NOT_YOUR_CASE
    refused = (
        _closed(session, learner, day_at(GERMANY, context.now))
        or _unsuitable(session, learner, context)
        or _taken(session, states.linked(CourseSession, learner.id), learner, context)
    )
    if refused is not None:
        return refused
    enrolment_id = context.new_id()
    after = session.requested(enrolment_id, learner.id, context.actor.org, context.now)
    return _decided(session, after, enrolment_id)


def cancel_enrolment(states: States, command: CancelEnrolment, context: Context) -> Decision | Refused:
    """The person takes it back through the scouts who asked for it, or the provider cannot keep it."""
    session = states.get(CourseSession, command.session_id)
    enrolment = None if session is None else session.enrolment(command.enrolment_id)
    if session is None or enrolment is None or enrolment.anonymous:
        return refusals.ENROLMENT_NOT_FOUND
    by_provider = context.actor.role == TRAINING_CLERK
    if context.actor.org != (session.provider if by_provider else enrolment.requested_by):
        return refusals.OTHER_ORGANISATION
    if not enrolment.allows("cancel"):
        return wrong_state("enrolment", enrolment.status, *statuses_before(TRANSITIONS, "cancel"))
    after = session.without(lambda each: each.id == enrolment.id, "provider" if by_provider else "person")
    return _decided(session, after, enrolment.id)


def complete_enrolment(states: States, command: CompleteEnrolment, context: Context) -> Decision | Refused:
    """The provider records how the course ended for a person who had a seat."""
    session = states.get(CourseSession, command.session_id)
    enrolment = None if session is None else session.enrolment(command.enrolment_id)
    if session is None or enrolment is None or enrolment.anonymous:
        return refusals.ENROLMENT_NOT_FOUND
    refused = _not_completed(session, enrolment, command, context)
    if refused is not None:
        return refused
    completion = _completion(command, context.now)
    return _decided(session, session.completed(enrolment.id, completion), enrolment.id)


def correct_completion(states: States, command: CorrectCompletion, context: Context) -> Decision | Refused:
    """The course ended otherwise for the person: as if that had been recorded at once."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    session, enrolment, was = found
    if refused := _impossible(session, command, context):
        return refused
    completion = _completion(command, was.recorded_at)
    if completion.facts == was.facts:
        return refusals.UNCHANGED
    after = session.completed_otherwise(enrolment.id, completion, command.reason, context.now)
    return _decided(session, after, enrolment.id)


def void_completion(states: States, command: VoidCompletion, context: Context) -> Decision | Refused:
    """There is no result: the enrolment is what it would be without one. What has come meanwhile ends it now, such as a
    consent that was taken back, that the person has left the chain, or that they take part in a course on the same
    days."""
    found = _recorded(states, command, context)
    if isinstance(found, Refused):
        return found
    session, enrolment, _ = found
    if enrolment.case_id != command.case_id:
        return refusals.ENROLMENT_NOT_FOUND
    after = session.completed_otherwise(enrolment.id, None, command.reason, context.now)
    learner = states.get(Learner, enrolment.case_id)
    reason = None if learner is None else obstacle_at(learner, session, context.now, context.reference)
    if reason is None and _takes_part_in(states.linked(CourseSession, enrolment.case_id), session, enrolment.case_id):
        reason = "person"
    if reason is not None:
        after = after.without(lambda each: each.id == enrolment.id, reason)
    return _decided(session, after, enrolment.id)


def _completion(command: CompleteEnrolment | CorrectCompletion, recorded_at: datetime | None) -> Completion:
    skills = tuple(sorted(set(command.skills)))
    return Completion(command.result, command.units, command.finished_on, skills, recorded_at)


def _recorded(
    states: States, command: CorrectCompletion | VoidCompletion, context: Context
) -> tuple[CourseSession, Enrolment, Completion] | Refused:
    """The result that is recorded for an enrolment with the actor's organisation."""
    session = states.get(CourseSession, command.session_id)
    enrolment = None if session is None else session.enrolment(command.enrolment_id)
    if session is None or enrolment is None or enrolment.anonymous:
        return refusals.ENROLMENT_NOT_FOUND
    if session.provider != context.actor.org:
        return refusals.OTHER_ORGANISATION
    if enrolment.completion is None:
        return refusals.NO_RESULT
    if context.reference.correction_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "correction_reasons")
    if len(enrolment.corrections) >= MOST_CORRECTIONS:
        return limit_reached(
            MOST_CORRECTIONS, "corrections", "Ask the programme desk: somebody should look at this enrolment."
        )
    return session, enrolment, enrolment.completion


def _closed(session: CourseSession, learner: Learner, today: date) -> Refused | None:
    if session.cancel_reason is not None:
        return refusals.SESSION_CANCELLED.at("/session_id")
    if session.closed or session.starts_on < today:
        return refusals.ENROLMENT_CLOSED
    return None if session.live_enrolment_of(learner.id) is None else refusals.ALREADY_ENROLLED


def _unsuitable(session: CourseSession, learner: Learner, context: Context) -> Refused | None:
    reason = obstacle_at(learner, session, context.now, context.reference)
    if reason == "consent_withdrawn":
        return refusals.CONSENT_MISSING
    if reason == "departed":
        return refusals.PERSON_DEPARTED
    must_end_by = learner.must_end_by(context.reference.region_of(session.provider))
    if must_end_by is not None and reason == "departure_before_end":
        working_days = context.reference.rules.days_before_departure
        return refusals.course_ends_too_late(session.ends_on, must_end_by, working_days)
    return None


def _taken(
    session: CourseSession, others: Iterable[CourseSession], learner: Learner, context: Context
) -> Refused | None:
    others = tuple(others)
    if _takes_part_in(others, session, learner.id):
        return refusals.COURSES_OVERLAP
    if sum(each.case_id == learner.id for other in others for each in other.enrolments) >= MOST_COURSES:
        return limit_reached(MOST_COURSES, "enrolments of this person", "Ask the operators: a program may be asking.")
    if len(session.enrolments) >= MOST_ENROLMENTS:
        return limit_reached(
            MOST_ENROLMENTS, "enrolments", "Choose another course, or have the provider offer it anew."
        )
    if session.free == 0 and len(session.waiting) >= context.reference.rules.waiting_list_limit:
        return refusals.WAITING_LIST_FULL
    return None


def _takes_part_in(others: Iterable[CourseSession], session: CourseSession, case_id: UUID) -> bool:
    """Whether the person has a seat, or waits for one, on days of the session."""
    return any(other.live_enrolment_of(case_id) and other.overlaps(session) for other in others)


def _not_completed(
    session: CourseSession, enrolment: Enrolment, command: CompleteEnrolment, context: Context
) -> Refused | None:
    if session.provider != context.actor.org:
        return refusals.OTHER_ORGANISATION
    step = COMPLETING[command.result]
    if not enrolment.allows(step):
        return wrong_state("enrolment", enrolment.status, *statuses_before(TRANSITIONS, step))
    return _impossible(session, command, context)


def _impossible(
    session: CourseSession, command: CompleteEnrolment | CorrectCompletion, context: Context
) -> Refused | None:
    """Why the course cannot have ended like that."""
    if command.finished_on < session.starts_on:
        return refusals.FINISHED_BEFORE_START
    if command.finished_on > day_at(GERMANY, context.now):
        return date_in_future("/finished_on")
    if command.units > session.units:
        return refusals.UNITS_EXCEED_COURSE
    for index, skill in enumerate(command.skills):
        if skill not in context.reference.isco08:
            return unknown_code(f"/skills/{index}", "isco08")
    return None


def _decided(before: CourseSession, after: CourseSession, enrolment_id: UUID) -> Decision:
    enrolment = after.enrolment(enrolment_id)
    assert enrolment is not None, "an enrolment is never removed from its session"
    return Decision((after,), announced(before, after), answer=EnrolmentOutcome.of(after, enrolment))
