"""The HTTP API of the scout's desk. Who may do what is settled in the handlers; here it is who is asking."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import Depends, Query
from starlette.responses import Response

from chassis.http.answering import REFUSALS, json_response
from chassis.http.api import Changer, Days, Marking, Now, Reading, Runner, Sealing, acting_as, took_effect
from chassis.http.auditing import personal
from chassis.http.paging import paged
from chassis.http.problems import Problem, allowed
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer, root_of
from chassis.pure.codes import Code
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
from chassis.telemetry.logs import get_logger
from referral import commands, refusals, views
from referral.answers import (
    Allowed,
    CaseOutcome,
    CaseSummary,
    CaseView,
    ConsentOutcome,
    HandoverOutcome,
    HandoverVoided,
    JourneyOutcome,
    KeyOwed,
    ListedReferral,
    ProfileOutcome,
    ReferralDetail,
    ReferralOutcome,
    Timeline,
)
from referral.bodies import (
    Booking,
    Cancellation,
    CaseCorrection,
    DepartureCorrection,
    DepartureReport,
    DiversionReport,
    HandoverPackage,
    MissReport,
    NewCase,
    NewConsent,
    NewReferral,
    Plan,
    Rescheduling,
    Voiding,
    Withdrawal,
)
from referral.domain.case import Case, CaseStatus
from referral.domain.journey import JourneyStatus
from referral.domain.profile import KEY_DESTROYED_WITHIN
from referral.domain.referral import ReferralStatus
from referral.domain.registered import Registered
from referral.resources import (
    ALLOWED,
    CASE,
    PROFILE,
    REFERRAL,
    TIMELINE,
)
from vocabulary.ages import Ages, ages_of
from vocabulary.case_ref import read
from vocabulary.codes import Country, Org
from vocabulary.countries import GERMANY, day_at
from vocabulary.finding import marks_of
from vocabulary.owed import OwedItem, OwedWanted
from vocabulary.profiles import ProfileBody, ProfileView, in_parts
from vocabulary.refusals import case_ref_misread, date_in_future
from vocabulary.roles import CENTRE_STAFF, DATA_PROTECTION_OFFICER, PLACEMENT_OFFICER, PROGRAMME_MANAGER, SCOUTS_DESK
from vocabulary.scopes import listed_for
from vocabulary.terms import sex_in_clear

Desk = Annotated[Actor, acting_as(*SCOUTS_DESK)]
"""Somebody at a scout's or return counsellor's desk."""
Reader = Annotated[Actor, acting_as(*SCOUTS_DESK, PROGRAMME_MANAGER)]
"""The desk, or the programme's management, which reads everything but profiles and changes nothing."""
ConsentTaker = Annotated[Actor, acting_as(*SCOUTS_DESK, *CENTRE_STAFF, PLACEMENT_OFFICER)]
"""The desk, or staff of the centre that has taken the person on."""
Protector = Annotated[Actor, acting_as(*SCOUTS_DESK, DATA_PROTECTION_OFFICER)]
"""The desk, or the data protection officer, who sees of every case what was allowed and of no person who they are."""


router = new_router()
log = get_logger(__name__)


async def _listed(
    actor: Reader, org: Annotated[Org | None, Query(description="whose cases; a desk sees its own only")] = None
) -> str | None:
    return allowed(listed_for(actor, org, refusals.OTHER_ORGANISATION_LISTED))


Listed = Annotated[str | None, Depends(_listed)]
"""What a list is bound to: the cases of one organisation, or None for all."""


@router.get("/cases", tags=["cases"], **personal(Page[CaseSummary], 403))
async def list_cases(
    reading: Reading,
    scope: Listed,
    wish: Annotated[Wish, paged(views.CASES)],
    *,
    country: Annotated[Country | None, Query()] = None,
    status: Annotated[CaseStatus | None, Query()] = None,
    journey: Annotated[JourneyStatus | None, Query()] = None,
    case_ref: Annotated[str | None, Query(max_length=20, description="as somebody reads it out")] = None,
) -> Response:
    """Cases of the caller's organisation; for the programme's management, of all or of one."""
    reference = None if case_ref is None else read(case_ref)
    if case_ref is not None and reference is None:
        raise Problem.of(case_ref_misread())
    return json_response(
        await views.cases(reading, scope, wish, country=country, status=status, journey=journey, case_ref=reference)
    )


@router.get("/cases/{case_id}", tags=["cases"], **personal(CaseView, 403, 404, tagged=True))
async def read_case(case_id: UUID, actor: Reader, view: Viewer) -> Response:
    """One case with its consents, referrals and journey.

    Its `ETag`, sent as `If-Match` with a command on the case, its consents or its journey, or with a new referral,
    holds the command to it.
    """
    return await view(CASE, case_id, actor)


@router.post("/cases/{case_id}/correct", tags=["cases"], **personal(CaseOutcome, *REFUSALS))
async def correct_case(case_id: UUID, body: CaseCorrection, actor: Desk, run: Changer) -> Response:
    """Says what is right of what was registered when the case was opened: all is as if that had been registered at
    once."""
    right = Registered(**body.model_dump(exclude={"reason"}))
    return await run(commands.CorrectCase(case_id, right, body.reason), actor, CASE, case_id)


@router.post("/cases/{case_id}/void", tags=["cases"], **personal(CaseOutcome, *REFUSALS))
async def void_case(case_id: UUID, body: Voiding, actor: Desk, run: Changer) -> Response:
    """Says that the case was opened in error: for another person, or twice. Its consents are taken back."""
    return await run(commands.VoidCase(case_id, body.reason), actor, CASE, case_id)


@router.get("/cases/{case_id}/timeline", tags=["cases"], **personal(Timeline, 403, 404, tagged=True))
async def read_timeline(case_id: UUID, actor: Reader, view: Viewer) -> Response:
    """What happened to the case, here and in the other services. No command is held to its `ETag`."""
    return await view(TIMELINE, case_id, actor)


@router.get("/cases/{case_id}/consents", tags=["consents"], **personal(Allowed, 403, 404, tagged=True))
async def read_consents(case_id: UUID, actor: Protector, view: Viewer) -> Response:
    """What the person has allowed, to whom, until when, and which centres were asked. No command takes its `ETag`."""
    return await view(ALLOWED, case_id, actor)


@router.post("/cases/{case_id}/consents", tags=["consents"], status_code=201, **personal(ConsentOutcome, *REFUSALS))
async def grant_consent(case_id: UUID, body: NewConsent, actor: ConsentTaker, run: Changer) -> Response:
    """Records what the person allows, to whom and until when."""
    command = commands.GrantConsent(
        case_id=case_id,
        purpose=body.purpose,
        recipients=body.recipients,
        text_version=body.text_version,
        language=body.language,
        evidence_ref=body.evidence_ref,
        granted_on=body.granted_on,
        valid_until=body.valid_until,
        guardian=body.guardian,
    )
    return await run(command, actor, ALLOWED, case_id)


@router.post("/consents/{consent_id}/withdraw", tags=["consents"], **personal(ConsentOutcome, *REFUSALS))
async def withdraw_consent(consent_id: UUID, actor: ConsentTaker, reading: Reading, run: Changer) -> Response:
    """Takes a consent back, with effect at once: unanswered referrals that rest on it are withdrawn too."""
    case_id = await root_of(reading, Case, consent_id, refusals.CONSENT_NOT_FOUND)
    return await run(commands.WithdrawConsent(case_id, consent_id), actor, CASE, case_id)


@router.post("/cases/{case_id}/referrals", tags=["referrals"], status_code=201, **personal(ReferralOutcome, *REFUSALS))
async def refer(case_id: UUID, body: NewReferral, actor: Desk, run: Changer) -> Response:
    """Refers the person to the centre of their region, or to the one named. Needs their consent for it."""
    command = commands.Refer(case_id, body.to_centre, body.priority, body.needs, body.wishes, body.skills)
    return await run(command, actor, CASE, case_id)


@router.post("/referrals/{referral_id}/withdraw", tags=["referrals"], **personal(ReferralOutcome, *REFUSALS))
async def withdraw_referral(
    referral_id: UUID, body: Withdrawal, actor: Desk, reading: Reading, run: Changer
) -> Response:
    """Takes a referral back. Once the person is in the centre's care, the centre says what becomes of the support."""
    case_id = await root_of(reading, Case, referral_id, refusals.REFERRAL_NOT_FOUND)
    return await run(commands.WithdrawReferral(case_id, referral_id, body.reason), actor, REFERRAL, referral_id)


@router.post("/referrals/{referral_id}/handover", tags=["referrals"], **personal(HandoverOutcome, *REFUSALS))
async def send_handover_package(
    referral_id: UUID, body: HandoverPackage, actor: Desk, reading: Reading, run: Changer
) -> Response:
    """Records what the desk has handed over to the centre that has accepted; the centre sees it in its file."""
    case_id = await root_of(reading, Case, referral_id, refusals.REFERRAL_NOT_FOUND)
    return await run(commands.SendHandoverPackage(case_id, referral_id, body.items), actor, REFERRAL, referral_id)


@router.post("/referrals/{referral_id}/handover/void", tags=["referrals"], **personal(HandoverVoided, *REFUSALS))
async def void_handover_package(
    referral_id: UUID, body: Voiding, actor: Desk, reading: Reading, run: Changer
) -> Response:
    """Says that what is recorded was not handed over, or not like that. Until it has handed over a package, it owes
    one."""
    case_id = await root_of(reading, Case, referral_id, refusals.REFERRAL_NOT_FOUND)
    return await run(commands.VoidHandoverPackage(case_id, referral_id, body.reason), actor, REFERRAL, referral_id)


@router.get("/deadlines", tags=["deadlines"], **personal(Page[OwedItem], 403))
async def list_deadlines(
    reading: Reading,
    scope: Listed,
    wish: Annotated[Wish, paged(views.DEADLINES)],
    *,
    deadline_type: Annotated[Code | None, Query(alias="type", description="a code of deadline_types")] = None,
    level: Annotated[int | None, Query(ge=1, le=3, description="only what has got so far")] = None,
) -> Response:
    """What the caller's organisation owes, the most pressing first; for the programme's management, what any does."""
    return json_response(await views.deadlines(reading, scope, wish, wanted=OwedWanted(deadline_type, level)))


@router.get("/referrals", tags=["referrals"], **personal(Page[ListedReferral], 403))
async def list_referrals(
    reading: Reading,
    scope: Listed,
    days: Days,
    wish: Annotated[Wish, paged(views.REFERRALS)],
    *,
    status: Annotated[ReferralStatus | None, Query()] = None,
    overdue: Annotated[
        bool | None, Query(description="whether a confirmation or an answer is owed that should have come")
    ] = None,
) -> Response:
    """What became of each referral of the caller's organisation."""
    shown = await views.referrals(reading, scope, wish, status=status, overdue=overdue, days=days)
    return json_response(shown)


@router.get("/referrals/{referral_id}", tags=["referrals"], **personal(ReferralDetail, 403, 404, tagged=True))
async def read_referral(referral_id: UUID, actor: Reader, view: Viewer) -> Response:
    """What became of one referral, with all centres that it was redirected to.

    Its `ETag`, sent as `If-Match` with the withdrawal or the package of this referral, holds that to it.
    """
    return await view(REFERRAL, referral_id, actor)


@router.post("/cases/{case_id}/journey/plan", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def plan_departure(case_id: UUID, body: Plan, actor: Desk, run: Changer) -> Response:
    """A window in which the person can leave."""
    command = commands.PlanDeparture(case_id, body.earliest, body.latest, body.transport, body.arrival_point)
    return await run(command, actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/book", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def book_departure(case_id: UUID, body: Booking, actor: Desk, run: Changer) -> Response:
    """The day is booked."""
    return await run(commands.BookDeparture(case_id, body.on, body.transport, body.arrival_point), actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/reschedule", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def reschedule_departure(case_id: UUID, body: Rescheduling, actor: Desk, run: Changer) -> Response:
    """The departure moves; courses and the centre learn of it."""
    command = commands.RescheduleDeparture(case_id, body.earliest, body.latest, body.reason)
    return await run(command, actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/cancel", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def cancel_departure(case_id: UUID, body: Cancellation, actor: Desk, run: Changer) -> Response:
    """The departure will not take place; it may be planned anew."""
    return await run(commands.CancelDeparture(case_id, body.reason), actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/miss", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def miss_departure(case_id: UUID, body: MissReport, actor: Desk, run: Changer) -> Response:
    """The departure took place without the person, or not at all; it may be planned anew."""
    return await run(commands.MissDeparture(case_id, body.missed_on, body.reason), actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/divert", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def divert_departure(case_id: UUID, body: DiversionReport, actor: Desk, run: Changer) -> Response:
    """The person has left Germany, and is in another country than the one they return to."""
    command = commands.DivertDeparture(case_id, body.diverted_on, body.to_country, body.reason)
    return await run(command, actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/depart", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def confirm_departure(case_id: UUID, body: DepartureReport, actor: Desk, run: Changer) -> Response:
    """The person has left Germany, by a plan or without one."""
    command = commands.ConfirmDeparture(case_id, body.departed_on, body.arrival_expected_on, body.assistance_codes)
    return await run(command, actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/depart/correct", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def correct_departure(case_id: UUID, body: DepartureCorrection, actor: Desk, run: Changer) -> Response:
    """Says how the departure was that is recorded otherwise: all is as if that had been reported at once."""
    told = (body.departed_on, body.arrival_expected_on, body.assistance_codes)
    return await run(commands.CorrectDeparture(case_id, *told, body.reason), actor, CASE, case_id)


@router.post("/cases/{case_id}/journey/depart/void", tags=["journey"], **personal(JourneyOutcome, *REFUSALS))
async def void_departure(case_id: UUID, body: Voiding, actor: Desk, run: Changer) -> Response:
    """Says that the person has not left: the journey is where it was before that was reported."""
    return await run(commands.VoidDeparture(case_id, body.reason), actor, CASE, case_id)


@router.post("/cases", tags=["cases"], status_code=201, **personal(CaseOutcome, 403, 409))
async def open_case(body: NewCase, actor: Desk, now: Now, vault: Sealing, marking: Marking, run: Runner) -> Response:
    """Registers a person. Nothing is shared with anybody before a consent and a referral."""
    case_id = uuid4()
    if body.profile is not None:
        _check_birth(body.profile, now, "/profile")
    command = commands.OpenCase(
        case_id=case_id,
        target_group=body.target_group,
        country=body.country,
        admin1=body.admin1,
        language=body.language,
        return_type=body.return_type,
        sex=body.sex or (sex_in_clear(body.profile.sex) if body.profile else None),
        age_band=body.age_band,
        household_id=body.household_id,
        household_size=body.household_size,
        vulnerability_present=body.vulnerability_present,
        profile=None if body.profile is None else in_parts(vault, case_id, body.profile.texts(), uuid4),
        marks=() if body.profile is None else marks_of(marking, body.profile.texts()),
        ages=None if body.profile is None else _ages(body.profile, now),
    )
    return await run(command, actor)


@router.put("/cases/{case_id}/profile", tags=["profile"], **personal(ProfileOutcome, *REFUSALS))
async def set_profile(
    case_id: UUID, body: ProfileBody, actor: Desk, now: Now, vault: Sealing, marking: Marking, run: Changer
) -> Response:
    """Sets or replaces the profile. It rests encrypted; the key before is destroyed."""
    _check_birth(body, now)
    sealed = in_parts(vault, case_id, body.texts(), uuid4)
    command = commands.SetProfile(case_id, sealed, _ages(body, now), marks_of(marking, body.texts()))
    answer = await run(command, actor, PROFILE, case_id)
    if took_effect(answer):
        _audit("profile_set", case_id, actor)
    return answer


@router.get("/cases/{case_id}/profile", tags=["profile"], **personal(ProfileView, 403, 404, tagged=True))
async def read_profile(case_id: UUID, actor: Desk, view: Viewer) -> Response:
    """The profile in clear. Every look is logged: which role of which organisation, at which case, never what.

    Its `ETag`, sent as `If-Match` with PUT of the profile, holds that to it.
    """
    answer = await view(PROFILE, case_id, actor)
    _audit("profile_read", case_id, actor)
    return answer


@router.get("/profile-keys", tags=["profile"], **personal(Page[KeyOwed], 403))
async def list_keys_owed(
    reading: Reading, scope: Listed, now: Now, wish: Annotated[Wish, paged(views.KEYS)]
) -> Response:
    """Keys that were taken back more than seven days ago and are not known to be destroyed: ask their receivers. And
    keys that their receivers wait for: see that the list of public keys has theirs."""
    return json_response(await views.keys_owed(reading, scope, wish, before=now - KEY_DESTROYED_WITHIN))


def _check_birth(profile: ProfileBody, now: datetime, where: str = "") -> None:
    """A handler sees the profile sealed: whether the day has come is asked before."""
    if profile.birth_date is not None and profile.birth_date > day_at(GERMANY, now):
        raise Problem.of(date_in_future(f"{where}/birth_date"))


def _ages(profile: ProfileBody, now: datetime) -> Ages | None:
    """A handler sees the profile sealed: this is all that it may know of the birth date."""
    return None if profile.birth_date is None else ages_of(profile.birth_date, day_at(GERMANY, now))


def _audit(event: Literal["profile_set", "profile_read"], case_id: UUID, actor: Actor) -> None:
    """A line in the log for every touch of a profile: no values, and no names of people."""
    log.info(event, case_id=str(case_id), role=actor.role, owner=actor.org)
