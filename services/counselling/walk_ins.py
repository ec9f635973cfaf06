"""The routes of people who walk in: nobody referred them, and the centre asks nobody in Germany."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from starlette.responses import Response

from chassis.http.answering import REFUSALS, json_response
from chassis.http.api import Changer, Marking, Now, Reading, Runner, Sealing, acting_as
from chassis.http.auditing import personal
from chassis.http.problems import Problem, allowed
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer
from chassis.pure.decision import Actor
from counselling import commands, views
from counselling.bodies import ConsentSheet, NewFile, SignedBody
from counselling.outcomes import FileOpened, SignedOutcome, WalkInOutcome
from counselling.persons import Found, SignedConsents
from counselling.resources import PROFILE, SIGNED
from vocabulary.ages import Ages, ages_of
from vocabulary.countries import GERMANY, TIME_ZONES, day_at
from vocabulary.finding import Search, marks_of, sought
from vocabulary.profiles import ProfileBody, in_parts
from vocabulary.refusals import date_in_future
from vocabulary.roles import CENTRE_STAFF, DATA_PROTECTION_OFFICER, PLACEMENT_OFFICER

Staff = Annotated[Actor, acting_as(*CENTRE_STAFF)]
"""Somebody who works at a centre and acts for it."""
ConsentTaker = Annotated[Actor, acting_as(*CENTRE_STAFF, PLACEMENT_OFFICER)]
"""Staff of a centre, its placement desk included: whoever sits with the person when they sign."""
Evidence = Annotated[Actor, acting_as(*CENTRE_STAFF, PLACEMENT_OFFICER, DATA_PROTECTION_OFFICER)]
"""The same, or the data protection officer, who sees of everybody what was signed and of nobody who they are; people
may write to that officer to take it back."""

router = new_router(tags=["walk-ins"])


@router.post("/files", status_code=201, **personal(FileOpened, 403, 409))
async def open_file(body: NewFile, actor: Staff, now: Now, vault: Sealing, marking: Marking, run: Runner) -> Response:
    """Takes in a person whom nobody referred, with the consent that they sign at the centre."""
    case_id = uuid4()
    if body.profile is not None:
        _check_birth(body.profile, actor, now, "/profile")
    command = commands.OpenFile(
        case_id=case_id,
        target_group=body.target_group,
        country=body.country,
        admin1=body.admin1,
        language=body.language,
        return_type=body.return_type,
        age_band=body.age_band,
        sex=body.sex,
        household_size=body.household_size,
        vulnerability_present=body.vulnerability_present,
        priority=body.priority,
        needs=body.needs,
        wishes=body.wishes,
        skills=body.skills,
        consent=_sheet(body.consent),
        profile=None if body.profile is None else in_parts(vault, case_id, body.profile.texts(), uuid4),
        marks=() if body.profile is None else _marks(marking, body.profile),
        ages=None if body.profile is None else _ages(body.profile, actor, now),
    )
    return await run(command, actor)


@router.post("/files/search", **personal(Found, 403))
async def search_files(body: Search, actor: Staff, reading: Reading, now: Now, marking: Marking) -> Response:
    """Who was at the caller's centre before: by reference, or, of those who walked in there, by name or phone,
    and birth date, as the centre has taken them down.

    It changes nothing. Who is looked for is personal, so it comes in a body: addresses are kept in logs on the way.
    """
    return json_response(await views.found(reading, actor.org, allowed(sought(body, marking)), now))


@router.put("/files/{case_id}/profile", **personal(WalkInOutcome, *REFUSALS))
async def set_profile(
    case_id: UUID, body: ProfileBody, actor: Staff, now: Now, vault: Sealing, marking: Marking, run: Changer
) -> Response:
    """Sets or replaces who somebody is who has walked in. It rests encrypted; the keys before are destroyed."""
    _check_birth(body, actor, now)
    sealed = in_parts(vault, case_id, body.texts(), uuid4)
    command = commands.SetProfile(case_id, sealed, _marks(marking, body), _ages(body, actor, now))
    return await run(command, actor, PROFILE, case_id)


@router.get("/files/{case_id}/consents", **personal(SignedConsents, 403, 404, tagged=True))
async def read_consents(case_id: UUID, actor: Evidence, view: Viewer) -> Response:
    """What the person has signed at the caller's centre, and at one that has closed if the caller's has, or had, the
    person in its care; for the data protection officer, at any."""
    return await view(SIGNED, case_id, actor)


@router.post("/files/{case_id}/consents", status_code=201, **personal(SignedOutcome, *REFUSALS))
async def record_consent(case_id: UUID, body: SignedBody, actor: ConsentTaker, run: Changer) -> Response:
    """Records what the person signs at the centre: to be advised there, or to be placed.

    Whose file has lost its consent, or who comes back after the end, is known to the centre again by it.
    """
    command = commands.RecordConsent(case_id, body.purpose, body.recipients, _sheet(body))
    return await run(command, actor, SIGNED, case_id)


@router.post("/files/{case_id}/consents/{consent_id}/withdraw", **personal(SignedOutcome, *REFUSALS))
async def take_back_consent(case_id: UUID, consent_id: UUID, actor: Evidence, run: Changer) -> Response:
    """Takes back what was signed at the centre, with effect at once. What was signed at a centre that has closed, also
    where the person is, or was, in care since; the data protection officer takes back any."""
    return await run(commands.WithdrawConsent(case_id, consent_id), actor, SIGNED, case_id)


def _check_birth(profile: ProfileBody, actor: Actor, now: datetime, where: str = "") -> None:
    """A handler sees the profile sealed: whether the day has come is asked before."""
    if profile.birth_date is not None and profile.birth_date > _today(actor, now):
        raise Problem.of(date_in_future(f"{where}/birth_date"))


def _ages(profile: ProfileBody, actor: Actor, now: datetime) -> Ages | None:
    """A handler sees the profile sealed: this is all that it may know of the birth date."""
    return None if profile.birth_date is None else ages_of(profile.birth_date, _today(actor, now))


def _today(actor: Actor, now: datetime) -> date:
    """The day at the desk, in the country that its token names."""
    return day_at(actor.country if actor.country in TIME_ZONES else GERMANY, now)


def _marks(marking: Marking, profile: ProfileBody) -> tuple[str, ...]:
    """By what the person is found. Made after the keys: where another generation begins in between, the worker finds
    the keys, and makes both anew."""
    return marks_of(marking, profile.texts())


def _sheet(body: ConsentSheet) -> commands.Sheet:
    return commands.Sheet(
        body.text_version, body.language, body.evidence_ref, body.granted_on, body.valid_until, body.guardian
    )
