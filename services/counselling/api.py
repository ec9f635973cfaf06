"""The HTTP API of the centres. Who may do what is settled in the handlers; here it is who is asking."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from chassis.http.answering import REFUSALS, json_response
from chassis.http.api import Changer, Days, Now, Person, Reading, acting_as
from chassis.http.auditing import personal
from chassis.http.paging import paged
from chassis.http.problems import Problem, allowed
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer, root_of
from chassis.pure.codes import Code
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
from counselling import commands, refusals, views
from counselling.answers import Assessments, FileSummary, FileView, InboxItem
from counselling.bodies import (
    Acceptance,
    AgreedPlan,
    ArrivalCorrection,
    ArrivalReport,
    AssessmentReport,
    CallReport,
    Completion,
    ContactReport,
    Failure,
    Redirection,
    Rejection,
    Reopening,
    Voiding,
)
from counselling.break_glass import look
from counselling.domain.centre_file import CentreFile, FileStatus
from counselling.outcomes import (
    ArrivalOutcome,
    AssessmentOutcome,
    CallOutcome,
    ContactOutcome,
    CorrectionOutcome,
    LevelsOutcome,
    NeverArrivedOutcome,
    PlanOutcome,
    RedirectionOutcome,
    ReferralOutcome,
)
from counselling.persons import ProfileView
from counselling.resources import (
    ASSESSMENTS,
    FILE,
    PROFILE,
    Scope,
    show_assessments,
    show_file,
    show_profile,
    to_person,
)
from vocabulary.case_ref import read
from vocabulary.codes import Centre
from vocabulary.owed import OwedItem, OwedWanted
from vocabulary.refusals import case_ref_misread
from vocabulary.roles import CENTRE_STAFF, PROGRAMME_MANAGER
from vocabulary.scopes import listed_for

Staff = Annotated[Actor, acting_as(*CENTRE_STAFF)]
"""Somebody who works at a centre and acts for it."""
Reader = Annotated[Actor, acting_as(*CENTRE_STAFF, PROGRAMME_MANAGER)]
"""Staff of a centre, or the programme's management, which reads all but assessments and profiles."""
StaffOrProgramme = Annotated[Actor, acting_as(*CENTRE_STAFF, PROGRAMME_MANAGER)]
"""Staff of a centre, or whoever speaks for one that is not there any more."""


async def _listed(
    actor: Reader,
    centre: Annotated[Centre | None, Query(description="for the programme management: one centre")] = None,
) -> Scope:
    named = allowed(listed_for(actor, centre, refusals.OTHER_ORGANISATION_LISTED))
    return Scope(named, None if actor.role == PROGRAMME_MANAGER else actor.org)


Listed = Annotated[Scope, Depends(_listed)]
"""What a list is bound to: what the caller's centre may know, or all of one centre or of every one."""

router = new_router()


@router.get("/inbox", tags=["inbox"], **personal(Page[InboxItem], 403))
async def read_inbox(
    reading: Reading,
    scope: Listed,
    now: Now,
    days: Days,
    wish: Annotated[Wish, paged(views.INBOX)],
) -> Response:
    """Referrals that wait for an answer at the caller's centre, the most pressing first.

    Shows what a centre may know before it accepts, and nothing else: there is no profile here.
    """
    return json_response(await views.inbox(reading, scope, wish, now=now, days=days))


@router.post("/referrals/{referral_id}/accept", tags=["referrals"], **personal(ReferralOutcome, *REFUSALS))
async def accept_referral(
    referral_id: UUID, actor: Staff, reading: Reading, run: Changer, body: Acceptance | None = None
) -> Response:
    """The centre takes the person on. Needs a consent that covers the centre now. The body may be left out."""
    case_id = await root_of(reading, CentreFile, referral_id, refusals.REFERRAL_NOT_FOUND)
    first_appointment = body.first_appointment if body else None
    return await run(commands.AcceptReferral(case_id, referral_id, first_appointment), actor, FILE, case_id)


@router.post("/referrals/{referral_id}/reject", tags=["referrals"], **personal(ReferralOutcome, *REFUSALS))
async def reject_referral(referral_id: UUID, body: Rejection, actor: Staff, reading: Reading, run: Changer) -> Response:
    """The centre does not take the person on; the scout is told why and looks for another way."""
    case_id = await root_of(reading, CentreFile, referral_id, refusals.REFERRAL_NOT_FOUND)
    return await run(commands.RejectReferral(case_id, referral_id, body.reason), actor, FILE, case_id)


@router.post("/referrals/{referral_id}/redirect", tags=["referrals"], **personal(RedirectionOutcome, *REFUSALS))
async def redirect_referral(
    referral_id: UUID, body: Redirection, actor: Staff, reading: Reading, run: Changer
) -> Response:
    """Passes the referral on in one step: the other centre has it in its inbox at once, with a new limit."""
    case_id = await root_of(reading, CentreFile, referral_id, refusals.REFERRAL_NOT_FOUND)
    command = commands.RedirectReferral(case_id, referral_id, body.to_centre, body.reason)
    return await run(command, actor, FILE, case_id)


@router.post("/referrals/{referral_id}/complete", tags=["referrals"], **personal(ReferralOutcome, *REFUSALS))
async def complete_referral(
    referral_id: UUID, body: Completion, actor: Staff, reading: Reading, run: Changer
) -> Response:
    """Says what came of a referral in progress; the scout learns of it."""
    case_id = await root_of(reading, CentreFile, referral_id, refusals.REFERRAL_NOT_FOUND)
    return await run(commands.CompleteReferral(case_id, referral_id, body.outcome_code), actor, FILE, case_id)


@router.post("/referrals/{referral_id}/fail", tags=["referrals"], **personal(ReferralOutcome, *REFUSALS))
async def fail_referral(
    referral_id: UUID, body: Failure, actor: StaffOrProgramme, reading: Reading, run: Changer
) -> Response:
    """Says why nothing more comes of a referral that the centre has accepted; the scout learns of it.

    A reason that ends the case, such as a death, ends every referral that the centre holds. Once the centre has closed,
    or while its country is not active, the programme's management may say it, though not of a death.
    """
    case_id = await root_of(reading, CentreFile, referral_id, refusals.REFERRAL_NOT_FOUND)
    return await run(commands.FailReferral(case_id, referral_id, body.reason), actor, FILE, case_id)


@router.post("/referrals/{referral_id}/reopen", tags=["referrals"], **personal(ReferralOutcome, *REFUSALS))
async def reopen_referral(referral_id: UUID, body: Reopening, actor: Staff, reading: Reading, run: Changer) -> Response:
    """Goes on with a referral that was completed or has failed. Needs a consent that covers the centre now."""
    case_id = await root_of(reading, CentreFile, referral_id, refusals.REFERRAL_NOT_FOUND)
    return await run(commands.ReopenReferral(case_id, referral_id, body.reason), actor, FILE, case_id)


@router.get("/deadlines", tags=["deadlines"], **personal(Page[OwedItem], 403))
async def list_deadlines(
    reading: Reading,
    scope: Listed,
    now: Now,
    wish: Annotated[Wish, paged(views.DEADLINES)],
    *,
    deadline_type: Annotated[Code | None, Query(alias="type", description="a code of deadline_types")] = None,
    level: Annotated[int | None, Query(ge=1, le=3, description="only what has got so far")] = None,
) -> Response:
    """What the caller's centre owes, the most pressing first; for the programme's management, what any does."""
    wanted = OwedWanted(deadline_type, level)
    return json_response(await views.deadlines(reading, scope, wish, wanted=wanted, now=now))


def _files_wanted(
    status: Annotated[FileStatus | None, Query(description="only files in this stage")] = None,
    consent: Annotated[
        Literal["lost"] | None,
        Query(description="only people whom the centre has in its care without a consent that covers it now"),
    ] = None,
    adoption: Annotated[
        Literal["asked"] | None, Query(description="only cases for which a desk in Germany waits for an answer")
    ] = None,
    case_ref: Annotated[str | None, Query(max_length=20, description="as somebody reads it out")] = None,
) -> views.FilesWanted:
    reference = None if case_ref is None else read(case_ref)
    if case_ref is not None and reference is None:
        raise Problem.of(case_ref_misread())
    return views.FilesWanted(status, reference, consent == "lost", adoption == "asked")


@router.get("/files", tags=["files"], **personal(Page[FileSummary], 403))
async def list_files(
    reading: Reading,
    scope: Listed,
    now: Now,
    days: Days,
    wish: Annotated[Wish, paged(views.FILES)],
    wanted: Annotated[views.FilesWanted, Depends(_files_wanted)],
) -> Response:
    """Files of the people whom the caller's centre has in its care, or had to the end. Who waits is in the inbox.

    A line of somebody whom no consent lets the centre know now has the id alone, and comes in the order of ids only.
    """
    return json_response(await views.files(reading, scope, wish, wanted=wanted, now=now, days=days))


@router.get("/files/{case_id}", tags=["files"], **personal(FileView, 403, 404, tagged=True))
async def read_file(case_id: UUID, actor: Reader, person: Person, request: Request, view: Viewer) -> Response:
    """One file. Until the caller's centre has taken the person on, only what the scout referred is shown.

    Its `ETag`, sent as `If-Match` with a command on the file or one of its referrals, holds the command to it. What is
    shown by break-glass has none.
    """
    return await look(request, view, to_person(FILE, show_file, person), case_id, actor)


@router.get("/files/{case_id}/profile", tags=["files"], **personal(ProfileView, 403, 404, tagged=True))
async def read_profile(case_id: UUID, actor: Staff, person: Person, request: Request, view: Viewer) -> Response:
    """Who the person is, how they are reached and what they need, for the centre that has them in its care.

    Of somebody whom a scout has referred, what Germany has handed over, opened for this look with the centre's own key;
    of somebody who has walked in, what the centre itself has taken down. Every look is a row of the audit.
    """
    return await look(request, view, to_person(PROFILE, show_profile, person), case_id, actor)


@router.get("/files/{case_id}/assessments", tags=["files"], **personal(Assessments, 403, 404, tagged=True))
async def read_assessments(case_id: UUID, actor: Staff, person: Person, request: Request, view: Viewer) -> Response:
    """Every assessment with its levels, for the centre that has the person in its care; after the end, its own."""
    return await look(request, view, to_person(ASSESSMENTS, show_assessments, person), case_id, actor)


@router.post("/files/{case_id}/pre-departure-call", tags=["files"], **personal(CallOutcome, *REFUSALS))
async def record_pre_departure_call(case_id: UUID, body: CallReport, actor: Staff, run: Changer) -> Response:
    """Records that the centre has spoken with the person before they leave Germany; the desk is told what came of it.

    Needs a consent that covers the centre now.
    """
    command = commands.RecordPreDepartureCall(case_id, body.channel, body.attempts, body.outcome, body.held_on)
    return await run(command, actor, FILE, case_id)


@router.post("/files/{case_id}/arrival", tags=["files"], **personal(ArrivalOutcome, *REFUSALS))
async def confirm_arrival(case_id: UUID, body: ArrivalReport, actor: Staff, run: Changer) -> Response:
    """Records that the person is in the country; the limit of the first contact begins."""
    command = commands.ConfirmArrival(case_id, body.arrived_on, body.method, body.admin1)
    return await run(command, actor, FILE, case_id)


@router.post("/files/{case_id}/arrival/correct", tags=["files"], **personal(CorrectionOutcome, *REFUSALS))
async def correct_arrival(
    case_id: UUID, body: ArrivalCorrection, actor: Staff, person: Person, run: Changer
) -> Response:
    """Asks for the arrival to be recorded otherwise. Nothing changes before somebody else of the centre confirms it.

    After seven days the request lapses.
    """
    right = (body.arrived_on, body.method, body.admin1)
    return await run(commands.CorrectArrival(case_id, *right, body.reason, person), actor, FILE, case_id)


@router.post("/files/{case_id}/arrival/void", tags=["files"], **personal(CorrectionOutcome, *REFUSALS))
async def void_arrival(case_id: UUID, body: Voiding, actor: Staff, person: Person, run: Changer) -> Response:
    """Asks for the arrival to be void, because there was none; not once contacts after it are recorded."""
    return await run(commands.VoidArrival(case_id, body.reason, person), actor, FILE, case_id)


@router.post("/files/{case_id}/correction/confirm", tags=["files"], **personal(CorrectionOutcome, *REFUSALS))
async def confirm_correction(case_id: UUID, actor: Staff, person: Person, run: Changer) -> Response:
    """Does what somebody else of the centre has asked for: from now on all is as if it had been recorded so at once."""
    return await run(commands.ConfirmCorrection(case_id, person), actor, FILE, case_id)


@router.post("/files/{case_id}/correction/reject", tags=["files"], **personal(CorrectionOutcome, *REFUSALS))
async def reject_correction(case_id: UUID, actor: Staff, person: Person, run: Changer) -> Response:
    """Does not do what somebody else of the centre has asked for."""
    return await run(commands.RejectCorrection(case_id, person), actor, FILE, case_id)


@router.post("/files/{case_id}/never-arrived", tags=["files"], **personal(NeverArrivedOutcome, *REFUSALS))
async def report_never_arrived(case_id: UUID, actor: Staff, run: Changer) -> Response:
    """Records that the person did not come: every referral that the centre holds fails."""
    return await run(commands.ReportNeverArrived(case_id), actor, FILE, case_id)


@router.post("/files/{case_id}/contacts", tags=["files"], **personal(ContactOutcome, *REFUSALS))
async def record_contact(case_id: UUID, body: ContactReport, actor: Staff, run: Changer) -> Response:
    """Records that the centre has spoken with the person after the arrival."""
    command = commands.RecordContact(case_id, body.channel, body.attempts, body.contacted_on)
    return await run(command, actor, FILE, case_id)


@router.post("/files/{case_id}/assessments", tags=["files"], status_code=201, **personal(AssessmentOutcome, *REFUSALS))
async def record_assessment(case_id: UUID, body: AssessmentReport, actor: Staff, run: Changer) -> Response:
    """Keeps an assessment of needs. Needs a consent that covers the centre now; it may be done again.

    Its levels stay in this service.
    """
    command = commands.RecordAssessment(case_id, body.readiness, body.priority, body.levels, body.assessed_on)
    return await run(command, actor, ASSESSMENTS, case_id)


@router.post("/files/{case_id}/plans", tags=["files"], status_code=201, **personal(PlanOutcome, *REFUSALS))
async def agree_plan(case_id: UUID, body: AgreedPlan, actor: Staff, run: Changer) -> Response:
    """Records what the centre and the person have agreed on, in place of what they had agreed on before.

    Needs a consent that covers the centre now. The desk is told that there is a plan, and which measures stand in it.
    """
    return await run(commands.AgreePlan(case_id, body.measures, body.agreed_on), actor, FILE, case_id)


@router.delete("/files/{case_id}/assessments", tags=["files"], **personal(LevelsOutcome, *REFUSALS))
async def destroy_levels(case_id: UUID, actor: Staff, run: Changer) -> Response:
    """Destroys the keys of levels: that there were assessments stays known, what they said does not.

    Of the whole case, for the centre that has the person in its care and may read them; of its own, for any other.
    """
    return await run(commands.DestroyLevels(case_id), actor, ASSESSMENTS, case_id)
