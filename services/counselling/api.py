"""The HTTP API of the centres. Who may do what is settled in the handlers; here it is who is asking."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.http.api import Database, Runner, acting_as
from chassis.http.problems import Problem, problem_responses
from chassis.pure.decision import Actor
from counselling import commands, refusals, views
from counselling.answers import (
    ArrivalOutcome,
    AssessmentList,
    AssessmentOutcome,
    ContactOutcome,
    FilePage,
    FileView,
    InboxPage,
    RedirectionOutcome,
    ReferralOutcome,
)
from counselling.bodies import (
    Acceptance,
    ArrivalReport,
    AssessmentReport,
    Completion,
    ContactReport,
    Redirection,
    Rejection,
)
from counselling.domain.centre_file import CentreFile, FileStatus
from vocabulary.codes import Centre
from vocabulary.roles import CENTRE_STAFF, PROGRAMME_MANAGER

Staff = Annotated[Actor, acting_as(*CENTRE_STAFF)]
"""Somebody who works at a centre and acts for it."""
Reader = Annotated[Actor, acting_as(*CENTRE_STAFF, PROGRAMME_MANAGER)]
"""Staff of a centre, or the programme's management, which reads all but assessments and changes nothing."""
CentreFilter = Annotated[Centre | None, Query(description="for the programme management: one centre")]
Limit = Annotated[int, Query(ge=1, le=100, description="entries per page")]

router = APIRouter()
_ANSWERS = problem_responses(403, 404, 409)


@router.get("/inbox", tags=["inbox"], responses=problem_responses(403))
async def read_inbox(
    actor: Reader,
    database: Database,
    centre: CentreFilter = None,
    cursor: Annotated[
        str | None, Query(pattern=views.INBOX_CURSOR, description="next_cursor of the page before")
    ] = None,
    limit: Limit = 50,
) -> InboxPage:
    """Referrals that wait for an answer at the caller's centre, the most pressing first.

    Shows what a centre may know before it accepts, and nothing else: there is no profile here.
    """
    return await views.inbox(database, _scope(actor, centre), cursor, limit)


@router.post("/referrals/{referral_id}/accept", tags=["referrals"], responses=_ANSWERS)
async def accept_referral(
    referral_id: UUID, actor: Staff, database: Database, run: Runner, body: Acceptance | None = None
) -> ReferralOutcome:
    """The centre takes the person on. Needs a consent that covers the centre now. The body may be left out."""
    case_id = await _case_of(database, referral_id)
    first_appointment = body.first_appointment if body else None
    command = commands.AcceptReferral(case_id, referral_id, first_appointment)
    return ReferralOutcome.model_validate(await run(command, actor))


@router.post("/referrals/{referral_id}/reject", tags=["referrals"], responses=_ANSWERS)
async def reject_referral(
    referral_id: UUID, body: Rejection, actor: Staff, database: Database, run: Runner
) -> ReferralOutcome:
    """The centre does not take the person on; the scout is told why and looks for another way."""
    case_id = await _case_of(database, referral_id)
    command = commands.RejectReferral(case_id, referral_id, body.reason)
    return ReferralOutcome.model_validate(await run(command, actor))


@router.post("/referrals/{referral_id}/redirect", tags=["referrals"], responses=_ANSWERS)
async def redirect_referral(
    referral_id: UUID, body: Redirection, actor: Staff, database: Database, run: Runner
) -> RedirectionOutcome:
    """Passes the referral on in one step: the other centre has it in its inbox at once, with a new limit."""
    case_id = await _case_of(database, referral_id)
    command = commands.RedirectReferral(case_id, referral_id, body.to_centre, body.reason)
    return RedirectionOutcome.model_validate(await run(command, actor))


@router.post("/referrals/{referral_id}/complete", tags=["referrals"], responses=_ANSWERS)
async def complete_referral(
    referral_id: UUID, body: Completion, actor: Staff, database: Database, run: Runner
) -> ReferralOutcome:
    """Says what came of a referral in progress; the scout learns of it."""
    case_id = await _case_of(database, referral_id)
    command = commands.CompleteReferral(case_id, referral_id, body.outcome_code)
    return ReferralOutcome.model_validate(await run(command, actor))


@router.get("/files", tags=["files"], responses=problem_responses(403))
async def list_files(
    actor: Reader,
    database: Database,
    status: Annotated[FileStatus | None, Query(description="only files in this stage")] = None,
    centre: CentreFilter = None,
    cursor: Annotated[UUID | None, Query(description="next_cursor of the page before")] = None,
    limit: Limit = 50,
) -> FilePage:
    """Files of the caller's centre, in order of id."""
    return await views.files(database, _scope(actor, centre), status, cursor, limit)


@router.get("/files/{case_id}", tags=["files"], responses=problem_responses(403, 404))
async def read_file(case_id: UUID, actor: Reader, database: Database) -> FileView:
    """One file. Until the caller's centre has taken the person on, only what the scout referred is shown."""
    file = await _readable(database, case_id, actor)
    preview_only = actor.role != PROGRAMME_MANAGER and not file.taken_on_by(actor.org)
    return views.file_view(file, preview_only=preview_only)


@router.get("/files/{case_id}/assessments", tags=["files"], responses=problem_responses(403, 404))
async def read_assessments(case_id: UUID, actor: Staff, database: Database) -> AssessmentList:
    """Every assessment with its levels, for the centre that has the person in its care, or had to the end."""
    file = await _readable(database, case_id, actor)
    if not file.taken_on_by(actor.org):
        raise Problem.of(refusals.ASSESSMENTS_CLOSED)
    return await views.assessments(database, case_id)


@router.post("/files/{case_id}/arrival", tags=["files"], status_code=201, responses=_ANSWERS)
async def confirm_arrival(case_id: UUID, body: ArrivalReport, actor: Staff, run: Runner) -> ArrivalOutcome:
    """Records that the person is in the country; the limit of the first contact begins."""
    command = commands.ConfirmArrival(case_id, body.arrived_on, body.method, body.admin1)
    return ArrivalOutcome.model_validate(await run(command, actor))


@router.post("/files/{case_id}/contacts", tags=["files"], status_code=201, responses=_ANSWERS)
async def record_contact(case_id: UUID, body: ContactReport, actor: Staff, run: Runner) -> ContactOutcome:
    """Records that the centre has spoken with the person after the arrival."""
    command = commands.RecordContact(case_id, body.channel, body.attempts, body.contacted_on)
    return ContactOutcome.model_validate(await run(command, actor))


@router.post("/files/{case_id}/assessments", tags=["files"], status_code=201, responses=_ANSWERS)
async def record_assessment(case_id: UUID, body: AssessmentReport, actor: Staff, run: Runner) -> AssessmentOutcome:
    """Keeps an assessment of needs. Its levels stay in this service; it may be done again."""
    command = commands.RecordAssessment(case_id, body.readiness, body.priority, body.levels, body.assessed_on)
    return AssessmentOutcome.model_validate(await run(command, actor))


def _scope(actor: Actor, centre: str | None) -> str | None:
    """The centre to list for; None is all. Staff see their own, whatever they ask for."""
    if actor.role == PROGRAMME_MANAGER:
        return centre
    if centre not in (None, actor.org):
        raise Problem.of(refusals.NOT_YOUR_CENTRE_TO_LIST)
    return actor.org


async def _case_of(database: Database, referral_id: UUID) -> UUID:
    case_id = await views.case_of(database, referral_id)
    if case_id is None:
        raise Problem.of(refusals.REFERRAL_NOT_FOUND)
    return case_id


async def _readable(database: Database, case_id: UUID, actor: Actor) -> CentreFile:
    """The file, if the caller may read it."""
    file = await views.file_of(database, case_id)
    if file is None or (file.status == "unknown" and actor.role != PROGRAMME_MANAGER):
        raise Problem.of(refusals.FILE_NOT_FOUND)
    if actor.role != PROGRAMME_MANAGER and actor.org not in file.centres:
        raise Problem.of(refusals.NOT_YOUR_CENTRE)
    return file
