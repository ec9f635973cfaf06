"""The HTTP API of the providers and of the scouts who look for courses."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from chassis.http.api import Database, Runner, acting_as
from chassis.http.problems import Problem, problem_responses
from chassis.http.routes import new_router
from chassis.pure.codes import Day, Language
from chassis.pure.decision import Actor, Refused
from training import views
from training.answers import EnrolmentAnswer, EnrolmentState, Page, SessionAnswer, SessionDetail, SessionState
from training.bodies import CourseResult, NewEnrolment, NewSession, SessionCancellation
from training.commands import (
    CancelEnrolment,
    CancelSession,
    CompleteEnrolment,
    RequestEnrolment,
    ScheduleSession,
)
from training.domain.enrolment import EnrolmentStatus
from training.handlers.days import german_day, latest_end
from training.handlers.refusals import ENROLMENT_UNKNOWN, SESSION_UNKNOWN
from training.views import EnrolmentFilter, Place, SessionFilter
from vocabulary.codes import Isco08, Provider
from vocabulary.roles import PROGRAMME_MANAGER, SCOUTS_DESK, TRAINING_CLERK

Clerk = Annotated[Actor, acting_as(TRAINING_CLERK)]
ReferralSide = Annotated[Actor, acting_as(*SCOUTS_DESK)]
Either = Annotated[Actor, acting_as(TRAINING_CLERK, *SCOUTS_DESK)]
Reader = Annotated[Actor, acting_as(TRAINING_CLERK, *SCOUTS_DESK, PROGRAMME_MANAGER)]

Limit = Annotated[int, Query(ge=1, le=100, description="most items of a page")]
After = Annotated[UUID | None, Query(description="`next` of the page before")]


async def _today(request: Request) -> date:
    return german_day(request.app.state.clock.now())


async def _days_before_departure(request: Request) -> int:
    days: int = request.app.state.reference.rules.days_before_departure
    return days


Today = Annotated[date, Depends(_today)]

router = new_router()


@router.post("/sessions", status_code=201, tags=["sessions"], responses=problem_responses(403))
async def schedule_session(body: NewSession, actor: Clerk, run: Runner) -> SessionState:
    """Offers a course. A training clerk does this for the own provider."""
    command = ScheduleSession(
        course_code=body.course_code,
        isco08=body.isco08,
        category=body.category,
        seats=body.seats,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        admin1=body.admin1,
        online=body.online,
        language=body.language,
        units=body.units,
    )
    return SessionState.model_validate(await run(command, actor))


@router.post("/sessions/{session_id}/cancel", tags=["sessions"], responses=problem_responses(403, 404, 409))
async def cancel_session(session_id: UUID, body: SessionCancellation, actor: Clerk, run: Runner) -> SessionState:
    """Calls a course off; every enrolment that is not over is cancelled with it."""
    return SessionState.model_validate(await run(CancelSession(session_id, body.reason), actor))


@router.get("/sessions", tags=["sessions"], responses=problem_responses(403))
async def list_sessions(  # noqa: PLR0913 - one parameter per filter
    _actor: Reader,
    pool: Database,
    today: Today,
    days_before_departure: Annotated[int, Depends(_days_before_departure)],
    isco08: Isco08 | None = None,
    language: Language | None = None,
    provider: Provider | None = None,
    before: Annotated[Day | None, Query(description="earliest departure: only what ends in time, or is online")] = None,
    open_: Annotated[
        bool, Query(alias="open", description="true: only what has a free seat and can still be joined")
    ] = False,
    since: Annotated[Day | None, Query(description="only what ends on this day or later; default: today")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[SessionAnswer]:
    """Courses on offer, by first day. Full ones have a waiting list as long as they take requests."""
    wanted = SessionFilter(
        ending_from=since or today,
        isco08=isco08,
        language=language,
        provider=provider,
        must_end_by=None if before is None else _in_calendar(latest_end(before, days_before_departure)),
        open_on=today if open_ else None,
    )
    found = await views.find_sessions(pool, wanted, after, limit + 1)
    items = [SessionAnswer.of(session, today) for session in found[:limit]]
    return Page(items=items, next=items[-1].session_id if len(found) > limit else None)


@router.get("/sessions/{session_id}", tags=["sessions"], responses=problem_responses(403, 404))
async def read_session(session_id: UUID, actor: Reader, pool: Database, today: Today) -> SessionDetail:
    """One course; its provider and the programme also see who takes part and who waits, by case."""
    session = await views.find_session(pool, session_id)
    if session is None:
        raise Problem.of(SESSION_UNKNOWN)
    detail = SessionDetail.of(session, today)
    if actor.role == PROGRAMME_MANAGER or (actor.role == TRAINING_CLERK and actor.org == session.provider):
        places = await views.with_learners(pool, [(session, each) for each in session.enrolments])
        detail.enrolments = [_enrolment(place, actor) for place in places]
    return detail


@router.post("/enrolments", status_code=201, tags=["enrolments"], responses=problem_responses(403, 404, 409))
async def request_enrolment(body: NewEnrolment, actor: ReferralSide, run: Runner) -> EnrolmentState:
    """Asks for a seat for a person; the answer is `confirmed`, or `waitlisted` with the place on the list."""
    return EnrolmentState.model_validate(await run(RequestEnrolment(body.session_id, body.case_id), actor))


@router.post("/enrolments/{enrolment_id}/cancel", tags=["enrolments"], responses=problem_responses(403, 404, 409))
async def cancel_enrolment(enrolment_id: UUID, actor: Either, pool: Database, run: Runner) -> EnrolmentState:
    """Takes an enrolment back: scouts for the person, a clerk for the provider. The seat goes to who waits first."""
    place = await _place(pool, enrolment_id)
    return EnrolmentState.model_validate(await run(CancelEnrolment(place.session.id, enrolment_id), actor))


@router.post("/enrolments/{enrolment_id}/complete", tags=["enrolments"], responses=problem_responses(403, 404, 409))
async def complete_enrolment(
    enrolment_id: UUID, body: CourseResult, actor: Clerk, pool: Database, run: Runner
) -> EnrolmentState:
    """Records how the course ended for a person."""
    place = await _place(pool, enrolment_id)
    command = CompleteEnrolment(
        session_id=place.session.id,
        enrolment_id=enrolment_id,
        result=body.result,
        units=body.units,
        finished_on=body.finished_on,
        skills=body.skills,
    )
    return EnrolmentState.model_validate(await run(command, actor))


@router.get("/enrolments", tags=["enrolments"], responses=problem_responses(403))
async def list_enrolments(
    actor: Reader,
    pool: Database,
    case_id: UUID | None = None,
    session_id: UUID | None = None,
    status: EnrolmentStatus | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[EnrolmentAnswer]:
    """Enrolments, the latest first: a clerk's in the own provider's courses, those that scouts asked for themselves."""
    wanted = EnrolmentFilter(
        case_id=case_id,
        session_id=session_id,
        status=status,
        provider=actor.org if actor.role == TRAINING_CLERK else None,
        requested_by=actor.org if actor.role not in (TRAINING_CLERK, PROGRAMME_MANAGER) else None,
    )
    found = await views.find_enrolments(pool, wanted, after, limit + 1)
    items = [_enrolment(place, actor) for place in found[:limit]]
    return Page(items=items, next=items[-1].enrolment_id if len(found) > limit else None)


@router.get("/enrolments/{enrolment_id}", tags=["enrolments"], responses=problem_responses(403, 404))
async def read_enrolment(enrolment_id: UUID, actor: Reader, pool: Database) -> EnrolmentAnswer:
    """One enrolment. To another organisation it does not exist."""
    place = await _place(pool, enrolment_id)
    owner = place.session.provider if actor.role == TRAINING_CLERK else place.enrolment.requested_by
    if actor.role != PROGRAMME_MANAGER and actor.org != owner:
        raise Problem.of(ENROLMENT_UNKNOWN)
    return _enrolment(place, actor)


def _enrolment(place: Place, actor: Actor) -> EnrolmentAnswer:
    return EnrolmentAnswer.of(place.session, place.enrolment, place.learner, for_provider=actor.role == TRAINING_CLERK)


async def _place(pool: Database, enrolment_id: UUID) -> Place:
    place = await views.find_enrolment(pool, enrolment_id)
    if place is None:
        raise Problem.of(ENROLMENT_UNKNOWN)
    return place


def _in_calendar(day: date | Refused) -> date:
    if isinstance(day, Refused):
        raise Problem.of(day)
    return day
