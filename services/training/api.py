"""The HTTP API of the providers and of the scouts who look for courses."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from chassis.http.answering import REFUSALS, answers, json_response
from chassis.http.api import CODE_LISTS, Changer, Days, Now, Reading, Runner, acting_as
from chassis.http.auditing import personal
from chassis.http.paging import paged
from chassis.http.problems import Problem, allowed
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer, root_of
from chassis.pure.calendar import UnknownCalendar
from chassis.pure.codes import Day, Language
from chassis.pure.decision import BEYOND_CALENDARS, Actor
from chassis.pure.paging import Page, Wish
from chassis.pure.states import by_id
from training import refusals, views
from training.answers import (
    EnrolmentDetail,
    EnrolmentOutcome,
    EnrolmentSummary,
    ProfileView,
    SessionDetail,
    SessionOutcome,
    SessionSummary,
)
from training.bodies import (
    CourseResult,
    NewEnrolment,
    NewSession,
    ResultCorrection,
    SessionCancellation,
    Voiding,
)
from training.commands import (
    CancelEnrolment,
    CancelSession,
    CompleteEnrolment,
    CorrectCompletion,
    RequestEnrolment,
    ScheduleSession,
    VoidCompletion,
)
from training.domain.enrolment import EnrolmentStatus
from training.domain.session import CourseSession
from training.reference import Reference
from training.resources import ENROLMENT, PROFILE, SESSION, Scope, scope_of
from vocabulary.codes import Isco08, Provider
from vocabulary.countries import GERMANY, day_at
from vocabulary.roles import PROGRAMME_MANAGER, SCOUTS_DESK, TRAINING_CLERK

Clerk = Annotated[Actor, acting_as(TRAINING_CLERK)]
ReferralSide = Annotated[Actor, acting_as(*SCOUTS_DESK)]
Either = Annotated[Actor, acting_as(TRAINING_CLERK, *SCOUTS_DESK)]
Reader = Annotated[Actor, acting_as(TRAINING_CLERK, *SCOUTS_DESK, PROGRAMME_MANAGER)]


Lists = Annotated[Reference, CODE_LISTS]


async def _listed(actor: Reader) -> Scope:
    return scope_of(actor)


Listed = Annotated[Scope, Depends(_listed)]
"""What a list of enrolments is bound to: those of a provider's courses, those that a desk asked for, or all."""


async def _period(
    now: Now,
    days: Days,
    lists: Lists,
    before: Annotated[Day | None, Query(description="earliest departure: only what ends in time, or is online")] = None,
    open_: Annotated[
        bool, Query(alias="open", description="true: only what has a free seat and can still be joined")
    ] = False,
    since: Annotated[Day | None, Query(description="only what ends on this day or later; default: today")] = None,
) -> views.Period:
    try:
        last = None if before is None else lists.latest_ends(before, days)
    except UnknownCalendar:
        raise Problem.of(BEYOND_CALENDARS.at("before")) from None
    today = day_at(GERMANY, now)
    return views.Period(
        today=today,
        ending_from=since or today,
        must_end_by=None if last is None else views.MustEndBy.of(last, lists),
        open_on=today if open_ else None,
    )


Period = Annotated[views.Period, Depends(_period)]
"""When the courses of a list take place."""

router = new_router()


@router.post("/sessions", status_code=201, tags=["sessions"], **answers(SessionOutcome, 403))
async def schedule_session(body: NewSession, actor: Clerk, run: Runner) -> Response:
    """Offers a course. A training clerk does this for the own provider."""
    return await run(
        ScheduleSession(
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
        ),
        actor,
    )


@router.post("/sessions/{session_id}/cancel", tags=["sessions"], **personal(SessionOutcome, *REFUSALS))
async def cancel_session(session_id: UUID, body: SessionCancellation, actor: Clerk, run: Changer) -> Response:
    """Calls a course off; every enrolment that is not over is cancelled with it."""
    return await run(CancelSession(session_id, body.reason), actor, SESSION, session_id)


@router.get("/sessions", tags=["sessions"], **answers(Page[SessionSummary], 403))
async def list_sessions(
    _actor: Reader,
    reading: Reading,
    period: Period,
    wish: Annotated[Wish, paged(views.SESSIONS)],
    *,
    isco08: Isco08 | None = None,
    language: Language | None = None,
    provider: Provider | None = None,
) -> Response:
    """Courses on offer, by first day. Full ones have a waiting list as long as they take requests."""
    return json_response(
        await views.sessions(reading, wish, isco08=isco08, language=language, provider=provider, period=period)
    )


@router.get("/sessions/{session_id}", tags=["sessions"], **personal(SessionDetail, 403, 404, tagged=True))
async def read_session(session_id: UUID, actor: Reader, view: Viewer) -> Response:
    """One course; its provider and the programme also see who takes part and who waits, by case.

    Its `ETag`, sent as `If-Match` with the cancellation of the course, holds it to what was shown.
    """
    return await view(SESSION, session_id, actor)


@router.post("/enrolments", status_code=201, tags=["enrolments"], **personal(EnrolmentOutcome, *REFUSALS))
async def request_enrolment(body: NewEnrolment, actor: ReferralSide, run: Changer) -> Response:
    """Asks for a seat for a person; the answer is `confirmed`, or `waitlisted` with the place on the list."""
    return await run(RequestEnrolment(body.session_id, body.case_id), actor, SESSION, body.session_id)


@router.post("/enrolments/{enrolment_id}/cancel", tags=["enrolments"], **personal(EnrolmentOutcome, *REFUSALS))
async def cancel_enrolment(enrolment_id: UUID, actor: Either, reading: Reading, run: Changer) -> Response:
    """Takes an enrolment back: scouts for the person, a clerk for the provider. The seat goes to who waits first."""
    session_id = await root_of(reading, CourseSession, enrolment_id, refusals.ENROLMENT_NOT_FOUND)
    return await run(CancelEnrolment(session_id, enrolment_id), actor, ENROLMENT, enrolment_id)


@router.post("/enrolments/{enrolment_id}/complete", tags=["enrolments"], **personal(EnrolmentOutcome, *REFUSALS))
async def complete_enrolment(
    enrolment_id: UUID, body: CourseResult, actor: Clerk, reading: Reading, run: Changer
) -> Response:
    """Records how the course ended for a person."""
    command = CompleteEnrolment(
        session_id=await root_of(reading, CourseSession, enrolment_id, refusals.ENROLMENT_NOT_FOUND),
        enrolment_id=enrolment_id,
        result=body.result,
        units=body.units,
        finished_on=body.finished_on,
        skills=body.skills,
    )
    return await run(command, actor, ENROLMENT, enrolment_id)


@router.post(
    "/enrolments/{enrolment_id}/complete/correct", tags=["enrolments"], **personal(EnrolmentOutcome, *REFUSALS)
)
async def correct_completion(
    enrolment_id: UUID, body: ResultCorrection, actor: Clerk, reading: Reading, run: Changer
) -> Response:
    """Says how the course ended for a person, of whom it is recorded otherwise."""
    command = CorrectCompletion(
        session_id=await root_of(reading, CourseSession, enrolment_id, refusals.ENROLMENT_NOT_FOUND),
        enrolment_id=enrolment_id,
        result=body.result,
        units=body.units,
        finished_on=body.finished_on,
        skills=body.skills,
        reason=body.reason,
    )
    return await run(command, actor, ENROLMENT, enrolment_id)


@router.post("/enrolments/{enrolment_id}/complete/void", tags=["enrolments"], **personal(EnrolmentOutcome, *REFUSALS))
async def void_completion(enrolment_id: UUID, body: Voiding, actor: Clerk, reading: Reading, run: Changer) -> Response:
    """Says that there is no such result: the person has a seat, unless something has come meanwhile that ends it."""
    session_id = await root_of(reading, CourseSession, enrolment_id, refusals.ENROLMENT_NOT_FOUND)
    states = await reading.states((by_id(CourseSession, session_id),))
    session = states.get(CourseSession, session_id)
    enrolment = None if session is None else session.enrolment(enrolment_id)
    case_id = allowed(refusals.ENROLMENT_NOT_FOUND if enrolment is None else enrolment.case_id)
    return await run(VoidCompletion(session_id, enrolment_id, case_id, body.reason), actor, ENROLMENT, enrolment_id)


@router.get("/enrolments", tags=["enrolments"], **personal(Page[EnrolmentSummary], 403))
async def list_enrolments(
    reading: Reading,
    scope: Listed,
    wish: Annotated[Wish, paged(views.ENROLMENTS)],
    case_id: UUID | None = None,
    session_id: UUID | None = None,
    status: EnrolmentStatus | None = None,
) -> Response:
    """Enrolments, the oldest first: a clerk's in the own provider's courses, those that scouts asked for themselves.

    `sort=id` is the order of the requests. An enrolment has changed when its course has, or anybody's place in it.
    """
    return json_response(
        await views.enrolments(reading, scope, wish, case_id=case_id, session_id=session_id, status=status)
    )


@router.get("/enrolments/{enrolment_id}", tags=["enrolments"], **personal(EnrolmentDetail, 403, 404, tagged=True))
async def read_enrolment(enrolment_id: UUID, actor: Reader, view: Viewer) -> Response:
    """One enrolment, with what is known of the person.

    Its `ETag`, sent as `If-Match` with its cancellation or completion, holds the command to what was shown.
    """
    return await view(ENROLMENT, enrolment_id, actor)


@router.get("/enrolments/{enrolment_id}/profile", tags=["enrolments"], **personal(ProfileView, 403, 404, tagged=True))
async def read_profile(enrolment_id: UUID, actor: Clerk, view: Viewer) -> Response:
    """Who the person is and how they are reached, for the provider that has a seat for them.

    Each part says whether it is `open`, or since when its key is on its way, or revoked. On its way it is counted from
    the request for the seat, or from when the part was last told.
    """
    return await view(PROFILE, enrolment_id, actor)
