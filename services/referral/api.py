"""The HTTP API of the scout's desk. Who may do what is settled in the handlers; here it is who is asking."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request

from chassis.http.api import Database, Runner, acting_as
from chassis.http.problems import Problem, problem_responses
from chassis.pure.decision import Actor
from chassis.telemetry.logs import get_logger
from referral import commands, refusals, views
from referral.answers import (
    CaseAnswer,
    CasePage,
    CaseView,
    ConsentAnswer,
    JourneyAnswer,
    ProfileAnswer,
    ProfileView,
    ReferralAnswer,
    ReferralDetail,
    ReferralPage,
    Timeline,
)
from referral.bodies import (
    Booking,
    Cancellation,
    DepartureReport,
    NewCase,
    NewConsent,
    NewReferral,
    Plan,
    ProfileBody,
    Rescheduling,
    Withdrawal,
)
from referral.domain.case import Case, CaseStatus
from referral.domain.case_ref import read
from referral.domain.journey import JourneyStatus
from referral.domain.referral import ReferralStatus
from referral.reference import Reference
from referral.vault import Vault, VaultError
from vocabulary.codes import Country, Org
from vocabulary.roles import CENTRE_STAFF, PLACEMENT_OFFICER, PROGRAMME_MANAGER, SCOUTS_DESK

Desk = Annotated[Actor, acting_as(*SCOUTS_DESK)]
"""Somebody at a scout's or return counsellor's desk."""
Reader = Annotated[Actor, acting_as(*SCOUTS_DESK, PROGRAMME_MANAGER)]
"""The desk, or the programme's management, which reads everything but profiles."""
ConsentTaker = Annotated[Actor, acting_as(*SCOUTS_DESK, *CENTRE_STAFF, PLACEMENT_OFFICER)]
"""The desk, or staff of the centre that has taken the person on."""
Limit = Annotated[int, Query(ge=1, le=100, description="entries per page")]
Cursor = Annotated[UUID | None, Query(description="next_cursor of the page before")]

OrgFilter = Annotated[Org | None, Query(description="whose cases; a desk sees its own only")]


async def _hidden(request: Request, actor: Reader, _started: Database) -> frozenset[str]:
    """Codes that the caller may not see: what tells of somebody's health is no concern of the management's."""
    if actor.role != PROGRAMME_MANAGER:
        return frozenset()
    reference: Reference = request.app.state.reference
    return reference.of_health


Hidden = Annotated[frozenset[str], Depends(_hidden)]

_CHANGES = problem_responses(403, 404, 409)
_READS = problem_responses(403, 404)

log = get_logger(__name__)


def build_router(vault: Vault) -> APIRouter:
    """The routes; profiles are sealed with this vault before anything else sees them."""
    router = APIRouter()
    _case_routes(router, vault)
    _profile_routes(router, vault)
    _consent_routes(router)
    _referral_routes(router)
    _journey_routes(router)
    return router


def _case_routes(router: APIRouter, vault: Vault) -> None:
    @router.post("/cases", tags=["cases"], status_code=201, responses=problem_responses(403, 409))
    async def open_case(body: NewCase, actor: Desk, run: Runner) -> CaseAnswer:
        """Registers a person. Nothing is shared with anybody before a consent and a referral."""
        case_id = uuid4()
        profile = None if body.profile is None else _sealed(vault, case_id, body.profile)
        fields = body.model_dump(exclude={"profile"})
        return CaseAnswer.model_validate(await run(commands.OpenCase(case_id, profile=profile, **fields), actor))

    @router.get("/cases", tags=["cases"], responses=problem_responses(403))
    async def list_cases(  # noqa: PLR0913 - one parameter per filter
        actor: Reader,
        database: Database,
        *,
        country: Annotated[Country | None, Query()] = None,
        status: Annotated[CaseStatus | None, Query()] = None,
        journey: Annotated[JourneyStatus | None, Query()] = None,
        case_ref: Annotated[str | None, Query(max_length=20, description="as somebody reads it out")] = None,
        org: OrgFilter = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> CasePage:
        """Cases of the caller's organisation; for the programme's management, of all or of one."""
        reference = None if case_ref is None else read(case_ref)
        if case_ref is not None and reference is None:
            raise Problem.of(refusals.CASE_REF_MISREAD)
        wanted = views.CaseFilter(_scope(actor, org), country, status, journey, reference)
        return await views.cases(database, wanted, cursor, limit)

    @router.get("/cases/{case_id}", tags=["cases"], responses=_READS)
    async def read_case(case_id: UUID, actor: Reader, database: Database, hidden: Hidden) -> CaseView:
        """One case with its consents, referrals and journey."""
        return CaseView.model_validate(await _readable(database, case_id, actor)).without(hidden)

    @router.get("/cases/{case_id}/timeline", tags=["cases"], responses=_READS)
    async def read_timeline(case_id: UUID, actor: Reader, database: Database) -> Timeline:
        """What happened to the case, here and in the other services."""
        case = await _readable(database, case_id, actor)
        return Timeline.model_validate({"case_id": case.id, "entries": case.timeline}, from_attributes=True)


def _profile_routes(router: APIRouter, vault: Vault) -> None:
    @router.put("/cases/{case_id}/profile", tags=["profile"], responses=_CHANGES)
    async def set_profile(case_id: UUID, body: ProfileBody, actor: Desk, run: Runner) -> ProfileAnswer:
        """Sets or replaces the profile. It rests encrypted; the key before is destroyed."""
        command = commands.SetProfile(case_id, _sealed(vault, case_id, body))
        answer = ProfileAnswer.model_validate(await run(command, actor))
        _audit("profile_set", case_id, actor)
        return answer

    @router.get("/cases/{case_id}/profile", tags=["profile"], responses=_READS)
    async def read_profile(case_id: UUID, actor: Desk, database: Database) -> ProfileView:
        """The profile in clear. Every look is logged: which role of which organisation, at which case, never what."""
        await _readable(database, case_id, actor)
        profile = await views.profile_of(database, case_id)
        if profile is None:
            raise Problem.of(refusals.PROFILE_NOT_FOUND)
        if profile.wrapped_key is None:
            raise Problem.of(refusals.PROFILE_DESTROYED)
        _audit("profile_read", case_id, actor)
        try:
            fields = vault.open(case_id, profile.wrapped_key, profile.fields)
        except VaultError:
            log.error("profile_locked", case_id=str(case_id))
            raise Problem.of(refusals.VAULT_LOCKED) from None
        return ProfileView.model_validate({"case_id": case_id, **fields})

    @router.delete("/cases/{case_id}/profile", tags=["profile"], responses=_CHANGES)
    async def destroy_profile(case_id: UUID, actor: Desk, run: Runner) -> ProfileAnswer:
        """Destroys the key: no copy, and no backup, can be read any more."""
        answer = ProfileAnswer.model_validate(await run(commands.DestroyProfile(case_id), actor))
        _audit("profile_destroyed", case_id, actor)
        return answer


def _consent_routes(router: APIRouter) -> None:
    @router.post("/cases/{case_id}/consents", tags=["consents"], status_code=201, responses=_CHANGES)
    async def grant_consent(case_id: UUID, body: NewConsent, actor: ConsentTaker, run: Runner) -> ConsentAnswer:
        """Records what the person allows, to whom and until when."""
        return ConsentAnswer.model_validate(await run(commands.GrantConsent(case_id, **body.model_dump()), actor))

    @router.post("/consents/{consent_id}/withdraw", tags=["consents"], responses=_CHANGES)
    async def withdraw_consent(consent_id: UUID, actor: ConsentTaker, database: Database, run: Runner) -> ConsentAnswer:
        """Takes a consent back, with effect at once: unanswered referrals that rest on it are withdrawn too."""
        case_id = await views.home_of(database, consent_id)
        if case_id is None:
            raise Problem.of(refusals.CONSENT_NOT_FOUND)
        return ConsentAnswer.model_validate(await run(commands.WithdrawConsent(case_id, consent_id), actor))


def _referral_routes(router: APIRouter) -> None:
    @router.post("/cases/{case_id}/referrals", tags=["referrals"], status_code=201, responses=_CHANGES)
    async def refer(case_id: UUID, body: NewReferral, actor: Desk, run: Runner) -> ReferralAnswer:
        """Refers the person to the centre of their region, or to the one named. Needs their consent for it."""
        return ReferralAnswer.model_validate(await run(commands.Refer(case_id, **body.model_dump()), actor))

    @router.post("/referrals/{referral_id}/withdraw", tags=["referrals"], responses=_CHANGES)
    async def withdraw_referral(
        referral_id: UUID, body: Withdrawal, actor: Desk, database: Database, run: Runner
    ) -> ReferralAnswer:
        """Takes a referral back before the centre has answered."""
        case_id = await _case_id_of(database, referral_id)
        command = commands.WithdrawReferral(case_id, referral_id, body.reason)
        return ReferralAnswer.model_validate(await run(command, actor))

    @router.get("/referrals", tags=["referrals"], responses=problem_responses(403))
    async def list_referrals(
        actor: Reader,
        database: Database,
        hidden: Hidden,
        *,
        status: Annotated[ReferralStatus | None, Query()] = None,
        overdue: Annotated[bool | None, Query(description="whether an answer is owed that should have come")] = None,
        org: OrgFilter = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> ReferralPage:
        """What became of each referral of the caller's organisation."""
        wanted = views.ReferralFilter(_scope(actor, org), status, overdue)
        page = await views.referrals(database, wanted, cursor, limit)
        if page is None:
            raise Problem.of(refusals.UNKNOWN_CURSOR)
        return page.without(hidden)

    @router.get("/referrals/{referral_id}", tags=["referrals"], responses=_READS)
    async def read_referral(referral_id: UUID, actor: Reader, database: Database, hidden: Hidden) -> ReferralDetail:
        """What became of one referral, with all centres that it was redirected to."""
        case = await _readable(database, await _case_id_of(database, referral_id), actor)
        referral = case.referral(referral_id)
        if referral is None:
            raise Problem.of(refusals.REFERRAL_NOT_FOUND)
        return views.detail(case, referral).without(hidden)


def _journey_routes(router: APIRouter) -> None:
    @router.post("/cases/{case_id}/journey/plan", tags=["journey"], responses=_CHANGES)
    async def plan_departure(case_id: UUID, body: Plan, actor: Desk, run: Runner) -> JourneyAnswer:
        """A window in which the person can leave."""
        return JourneyAnswer.model_validate(await run(commands.PlanDeparture(case_id, **body.model_dump()), actor))

    @router.post("/cases/{case_id}/journey/book", tags=["journey"], responses=_CHANGES)
    async def book_departure(case_id: UUID, body: Booking, actor: Desk, run: Runner) -> JourneyAnswer:
        """The day is booked."""
        return JourneyAnswer.model_validate(await run(commands.BookDeparture(case_id, **body.model_dump()), actor))

    @router.post("/cases/{case_id}/journey/reschedule", tags=["journey"], responses=_CHANGES)
    async def reschedule_departure(case_id: UUID, body: Rescheduling, actor: Desk, run: Runner) -> JourneyAnswer:
        """The departure moves; courses and the centre learn of it."""
        command = commands.RescheduleDeparture(case_id, **body.model_dump())
        return JourneyAnswer.model_validate(await run(command, actor))

    @router.post("/cases/{case_id}/journey/cancel", tags=["journey"], responses=_CHANGES)
    async def cancel_departure(case_id: UUID, body: Cancellation, actor: Desk, run: Runner) -> JourneyAnswer:
        """The departure will not take place; it may be planned anew."""
        return JourneyAnswer.model_validate(await run(commands.CancelDeparture(case_id, body.reason), actor))

    @router.post("/cases/{case_id}/journey/depart", tags=["journey"], responses=_CHANGES)
    async def confirm_departure(case_id: UUID, body: DepartureReport, actor: Desk, run: Runner) -> JourneyAnswer:
        """The person has left Germany."""
        return JourneyAnswer.model_validate(await run(commands.ConfirmDeparture(case_id, **body.model_dump()), actor))


def _sealed(vault: Vault, case_id: UUID, profile: ProfileBody) -> commands.Sealed:
    wrapped_key, fields = vault.seal(case_id, profile.texts())
    return commands.Sealed(wrapped_key, fields)


def _audit(event: str, case_id: UUID, actor: Actor) -> None:
    """A line in the log for every touch of a profile: no values, and no names of people."""
    log.info(event, case_id=str(case_id), role=actor.role, owner=actor.org)


def _scope(actor: Actor, org: str | None) -> str | None:
    """The organisation whose cases are listed; None for all, which the programme's management alone may ask for."""
    if actor.role == PROGRAMME_MANAGER:
        return org
    if org not in {None, actor.org}:
        raise Problem.of(refusals.NOT_YOUR_ORGANISATION)
    return actor.org


async def _readable(database: Database, case_id: UUID, actor: Actor) -> Case:
    case = await views.case_of(database, case_id)
    if case is None:
        raise Problem.of(refusals.CASE_NOT_FOUND)
    if actor.role != PROGRAMME_MANAGER and case.opened_by != actor.org:
        raise Problem.of(refusals.NOT_YOUR_CASE)
    return case


async def _case_id_of(database: Database, referral_id: UUID) -> UUID:
    case_id = await views.home_of(database, referral_id)
    if case_id is None:
        raise Problem.of(refusals.REFERRAL_NOT_FOUND)
    return case_id
