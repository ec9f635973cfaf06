"""The HTTP API of the placement desks. Who may do what is settled in the handlers; here it is who is asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from chassis.http.answering import REFUSALS, answers, json_response
from chassis.http.api import CODE_LISTS, Changer, Now, Reading, Runner, acting_as
from chassis.http.auditing import personal
from chassis.http.paging import paged
from chassis.http.problems import Problem, allowed
from chassis.http.routes import new_router
from chassis.http.viewing import Viewer
from chassis.pure.codes import Code
from chassis.pure.decision import Actor, Refused
from chassis.pure.paging import Page, Wish
from chassis.pure.states import by_link
from placement import commands, refusals, views
from placement.answers import (
    CandidacyOutcome,
    CandidacyView,
    CandidateItem,
    CandidateView,
    EmployerView,
    OfferItem,
    ProfileView,
    Summary,
    VacancyItem,
    VacancyOutcome,
    VacancyView,
)
from placement.bodies import (
    Closing,
    Decline,
    InterviewCorrection,
    InterviewReport,
    NewCandidacy,
    NewEmployer,
    NewEmployment,
    NewInterview,
    NewOffer,
    NewVacancy,
    VacancyChange,
    Voiding,
)
from placement.domain.candidacy import Candidacy, OfferStatus
from placement.domain.candidate import CandidateStatus
from placement.domain.vacancy import Vacancy, VacancyStatus
from placement.reference import Reference
from placement.resources import CANDIDACY, CANDIDATE, PROFILE, VACANCY, Scope, scope_of
from vocabulary.codes import Centre, Country, Isco08
from vocabulary.copying import replace
from vocabulary.owed import OwedItem, OwedWanted
from vocabulary.roles import PLACEMENT_OFFICER, PROGRAMME_MANAGER
from vocabulary.scopes import listed_for

Officer = Annotated[Actor, acting_as(PLACEMENT_OFFICER)]
"""Somebody who works at a centre's placement desk and acts for the desk's countries."""
Reader = Annotated[Actor, acting_as(PLACEMENT_OFFICER, PROGRAMME_MANAGER)]
"""A placement officer, or the programme's management, which reads all countries and changes nothing."""

router = new_router()


Lists = Annotated[Reference, CODE_LISTS]


async def _listed(
    actor: Reader,
    lists: Lists,
    now: Now,
    country: Annotated[
        Country | None, Query(description="one of the countries; if left out, all of the asker's")
    ] = None,
) -> Scope:
    scope = allowed(scope_of(actor, lists, now))
    if country is None:
        return scope
    if not scope.holds(country):
        raise Problem.of(refusals.OTHER_ORGANISATION.at("country"))
    return replace(scope, countries=(country,))


Listed = Annotated[Scope, Depends(_listed)]
"""What a list or count is bound to: all countries of the asker, or the one that was named."""


# --- employers and vacancies -----------------------------------------------------------------------------------------


@router.post("/employers", tags=["employers"], status_code=201, **answers(EmployerView, 403, 409))
async def register_employer(body: NewEmployer, actor: Officer, run: Runner) -> Response:
    """Keeps an employer in a country that the desk acts for."""
    return await run(commands.RegisterEmployer(body.name, body.isic, body.country), actor)


@router.get("/employers", tags=["employers"], **answers(Page[EmployerView], 403))
async def list_employers(reading: Reading, scope: Listed, wish: Annotated[Wish, paged(views.EMPLOYERS)]) -> Response:
    """Employers of the desk's countries, the oldest first."""
    return json_response(await views.employers(reading, scope, wish))


@router.post("/vacancies", tags=["vacancies"], status_code=201, **answers(VacancyOutcome, 403, 404, 409))
async def publish_vacancy(body: NewVacancy, actor: Officer, run: Runner) -> Response:
    """Publishes a vacancy. It takes people until the end of its last day in the employer's country."""
    command = commands.PublishVacancy(
        employer_id=body.employer_id,
        isco08=body.isco08,
        skills=tuple(body.skills),
        admin1=body.admin1,
        openings=body.openings,
        employment_type=body.employment_type,
        wage_band=body.wage_band,
        formal=body.formal,
        expires_on=body.expires_on,
    )
    return await run(command, actor)


@router.get("/vacancies", tags=["vacancies"], **answers(Page[VacancyItem], 403))
async def list_vacancies(
    reading: Reading,
    scope: Listed,
    wish: Annotated[Wish, paged(views.VACANCIES)],
    status: Annotated[VacancyStatus | None, Query(description="only these")] = None,
    isco08: Annotated[Isco08 | None, Query()] = None,
    employer_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Vacancies of the desk's countries, the oldest first."""
    return json_response(
        await views.vacancies(reading, scope, wish, status=status, isco08=isco08, employer_id=employer_id)
    )


@router.get("/vacancies/{vacancy_id}", tags=["vacancies"], **personal(VacancyView, 403, 404, tagged=True))
async def read_vacancy(vacancy_id: UUID, actor: Reader, view: Viewer) -> Response:
    """One vacancy, with everybody who is or was on the way to it.

    Its `ETag`, sent as `If-Match` when the vacancy is changed or closed, holds that to it.
    """
    return await view(VACANCY, vacancy_id, actor)


@router.post("/vacancies/{vacancy_id}/update", tags=["vacancies"], **personal(VacancyOutcome, *REFUSALS))
async def update_vacancy(vacancy_id: UUID, body: VacancyChange, actor: Officer, run: Changer) -> Response:
    """The employer looks for something else, for more or fewer people, or until another day.

    A vacancy that was filled or has expired takes people again if an opening is free and its last day is not over; one
    that the employer took back stays so.
    """
    command = commands.UpdateVacancy(
        vacancy_id=vacancy_id,
        skills=tuple(body.skills),
        admin1=body.admin1,
        openings=body.openings,
        wage_band=body.wage_band,
        formal=body.formal,
        expires_on=body.expires_on,
    )
    return await run(command, actor, VACANCY, vacancy_id)


@router.post("/vacancies/{vacancy_id}/close", tags=["vacancies"], **personal(VacancyOutcome, *REFUSALS))
async def close_vacancy(vacancy_id: UUID, actor: Officer, run: Changer) -> Response:
    """The employer takes the vacancy back. Candidacies without an offer close; offers that were made remain."""
    return await run(commands.CloseVacancy(vacancy_id), actor, VACANCY, vacancy_id)


# --- people ----------------------------------------------------------------------------------------------------------


async def _owing(
    actor: Reader,
    lists: Lists,
    now: Now,
    org: Annotated[Centre | None, Query(description="for the programme management: one centre")] = None,
) -> tuple[Scope, str | None]:
    return allowed(scope_of(actor, lists, now)), allowed(listed_for(actor, org, refusals.OTHER_ORGANISATION.at("org")))


@router.get("/deadlines", tags=["deadlines"], **personal(Page[OwedItem], 403))
async def list_deadlines(
    reading: Reading,
    owing: Annotated[tuple[Scope, str | None], Depends(_owing)],
    wish: Annotated[Wish, paged(views.DEADLINES)],
    *,
    deadline_type: Annotated[Code | None, Query(alias="type", description="a code of deadline_types")] = None,
    level: Annotated[int | None, Query(ge=1, le=3, description="only what has got so far")] = None,
) -> Response:
    """What the caller's desk owes, the most pressing first; for the programme's management, what any does."""
    scope, org = owing
    return json_response(await views.deadlines(reading, scope, wish, org=org, wanted=OwedWanted(deadline_type, level)))


@router.get("/candidates", tags=["candidates"], **personal(Page[CandidateItem], 403))
async def list_candidates(
    reading: Reading,
    scope: Listed,
    wish: Annotated[Wish, paged(views.CANDIDATES)],
    status: Annotated[CandidateStatus | None, Query(description="if left out: pooled and active")] = None,
    skill: Annotated[Isco08 | None, Query(description="only people with this skill, verified or not")] = None,
) -> Response:
    """The pool. A desk sees people of its countries whose consent `matching` holds for it now."""
    return json_response(await views.candidates(reading, scope, wish, status=status, skill=skill))


@router.get("/candidates/{case_id}", tags=["candidates"], **personal(CandidateView, 403, 404, tagged=True))
async def read_candidate(case_id: UUID, actor: Reader, view: Viewer) -> Response:
    """One person. A desk sees them with a consent `matching`, or while they are on the way into a vacancy there.

    Its `ETag`, sent as `If-Match` when the person is picked for a vacancy, holds the pick to it. What follows from the
    day alone (`days_since_arrival`, `targets`) does not count.
    """
    return await view(CANDIDATE, case_id, actor)


# --- candidacies, offers, employments --------------------------------------------------------------------------------


@router.post("/candidacies", tags=["candidacies"], status_code=201, **personal(CandidacyOutcome, *REFUSALS))
async def shortlist(body: NewCandidacy, actor: Officer, run: Changer) -> Response:
    """A human picks a person for a vacancy. No employer learns of it, and no opening is reserved."""
    return await run(commands.Shortlist(body.vacancy_id, body.case_id), actor, CANDIDATE, body.case_id)


@router.get("/candidacies/{candidacy_id}", tags=["candidacies"], **personal(CandidacyView, 403, 404, tagged=True))
async def read_candidacy(candidacy_id: UUID, actor: Reader, view: Viewer) -> Response:
    """One person's way into one vacancy.

    Its `ETag`, sent as `If-Match` with a command on the candidacy, its offer or its employment, holds that to it.
    """
    return await view(CANDIDACY, candidacy_id, actor)


@router.get("/candidacies/{candidacy_id}/profile", tags=["candidacies"], **personal(ProfileView, 403, 404, tagged=True))
async def read_profile(candidacy_id: UUID, actor: Officer, view: Viewer) -> Response:
    """Who the person is and how they are reached, for the desk that has picked them.

    Each part says whether it is `open`, or since when its key is on its way, or revoked. On its way it is counted from
    the day of the pick, or from when the part was last told.
    """
    return await view(PROFILE, candidacy_id, actor)


@router.post("/candidacies/{candidacy_id}/present", tags=["candidacies"], **personal(CandidacyOutcome, *REFUSALS))
async def present(candidacy_id: UUID, actor: Officer, reading: Reading, run: Changer) -> Response:
    """Names the person to the employer: needs the person's consent for exactly this employer."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.Present(*ids), actor, CANDIDACY, candidacy_id)


@router.post("/candidacies/{candidacy_id}/interview", tags=["candidacies"], **personal(CandidacyOutcome, *REFUSALS))
async def arrange_interview(
    candidacy_id: UUID, body: NewInterview, actor: Officer, reading: Reading, run: Changer
) -> Response:
    """Employer and person are to meet.

    Once more: what nobody has reported on is moved and keeps its id; after a report it is a further interview.
    """
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.ArrangeInterview(*ids, body.at, body.mode), actor, CANDIDACY, candidacy_id)


@router.post(
    "/candidacies/{candidacy_id}/interview/held", tags=["candidacies"], **personal(CandidacyOutcome, *REFUSALS)
)
async def report_interview(
    candidacy_id: UUID, body: InterviewReport, actor: Officer, reading: Reading, run: Changer
) -> Response:
    """They met, or one of them did not come. It decides nothing by itself."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.ReportInterview(*ids, body.held_on, body.outcome), actor, CANDIDACY, candidacy_id)


@router.post(
    "/candidacies/{candidacy_id}/interview/held/correct", tags=["candidacies"], **personal(CandidacyOutcome, *REFUSALS)
)
async def correct_interview(
    candidacy_id: UUID, body: InterviewCorrection, actor: Officer, reading: Reading, run: Changer
) -> Response:
    """Says what became of the interview, of which something else was told; the employer's answer is owed as if that had
    been told at once."""
    ids = await candidacy_ids(reading, candidacy_id)
    command = commands.CorrectInterview(*ids, body.held_on, body.outcome, body.reason)
    return await run(command, actor, CANDIDACY, candidacy_id)


@router.post(
    "/candidacies/{candidacy_id}/interview/held/void", tags=["candidacies"], **personal(CandidacyOutcome, *REFUSALS)
)
async def void_interview(candidacy_id: UUID, body: Voiding, actor: Officer, reading: Reading, run: Changer) -> Response:
    """Says that the interview has not been: it is arranged as it was before that was told."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.VoidInterview(*ids, body.reason), actor, CANDIDACY, candidacy_id)


@router.post(
    "/candidacies/{candidacy_id}/offer", tags=["candidacies"], status_code=201, **personal(CandidacyOutcome, *REFUSALS)
)
async def make_offer(candidacy_id: UUID, body: NewOffer, actor: Officer, reading: Reading, run: Changer) -> Response:
    """The employer, who knows the person, offers work; an opening is reserved until the offer ends."""
    vacancy_id, case_id, _ = await candidacy_ids(reading, candidacy_id)
    command = commands.MakeOffer(
        vacancy_id=vacancy_id,
        case_id=case_id,
        candidacy_id=candidacy_id,
        employment_type=body.employment_type,
        hours_per_week=body.hours_per_week,
        wage_band=body.wage_band,
        starts_on=body.starts_on,
        expires_at=body.expires_at,
        formal=body.formal,
        subsidised=body.subsidised,
    )
    return await run(command, actor, CANDIDACY, candidacy_id)


@router.post("/candidacies/{candidacy_id}/close", tags=["candidacies"], **personal(CandidacyOutcome, *REFUSALS))
async def close_candidacy(
    candidacy_id: UUID, body: Closing, actor: Officer, reading: Reading, run: Changer
) -> Response:
    """Ends a candidacy for a coded reason; an opening that it held is free again. A new candidacy may begin at once."""
    ids = await candidacy_ids(reading, candidacy_id)
    return await run(commands.CloseCandidacy(*ids, body.reason, body.by), actor, CANDIDACY, candidacy_id)


@router.get("/offers", tags=["offers"], **personal(Page[OfferItem], 403))
async def list_offers(
    reading: Reading,
    scope: Listed,
    wish: Annotated[Wish, paged(views.OFFERS)],
    case_id: Annotated[UUID | None, Query(description="only this person's")] = None,
    status: Annotated[OfferStatus | None, Query()] = None,
) -> Response:
    """Job offers in the desk's countries, the oldest first."""
    return json_response(await views.offers(reading, scope, wish, case_id=case_id, status=status))


@router.post("/offers/{offer_id}/accept", tags=["offers"], **personal(CandidacyOutcome, *REFUSALS))
async def accept_offer(offer_id: UUID, actor: Officer, reading: Reading, run: Changer) -> Response:
    """The person takes the offer. Whoever takes the last opening fills the vacancy."""
    ids = await _offered(reading, offer_id)
    return await run(commands.AcceptOffer(*ids), actor, CANDIDACY, ids[-1])


@router.post("/offers/{offer_id}/decline", tags=["offers"], **personal(CandidacyOutcome, *REFUSALS))
async def decline_offer(offer_id: UUID, body: Decline, actor: Officer, reading: Reading, run: Changer) -> Response:
    """The person does not take the offer. It never counts against them."""
    ids = await _offered(reading, offer_id)
    return await run(commands.DeclineOffer(*ids, body.reason), actor, CANDIDACY, ids[-1])


@router.post("/employments", tags=["employments"], status_code=201, **personal(CandidacyOutcome, *REFUSALS))
async def start_employment(body: NewEmployment, actor: Officer, reading: Reading, run: Changer) -> Response:
    """The person has begun to work; formal only with evidence stronger than self-declaration."""
    ids = await _offered(reading, body.offer_id, "/offer_id")
    command = commands.StartEmployment(*ids, body.started_on, body.evidence_type)
    return await run(command, actor, CANDIDACY, ids[-1])


@router.get("/summary", tags=["summary"], **answers(Summary, 403))
async def read_summary(reading: Reading, scope: Listed) -> Response:
    """Job-offer coverage: who arrived, who has an offer, within 90 and 180 days, by month of arrival."""
    return json_response(await views.summary(reading, scope))


Ids = tuple[UUID, UUID, UUID]
"""Of a vacancy, of a person and of the person's candidacy there."""


async def candidacy_ids(reading: Reading, id_: UUID) -> Ids:
    """Those of the vacancy, the person and the candidacy."""
    return await _found(reading, id_, Vacancy.candidacy, refusals.CANDIDACY_NOT_FOUND)


async def _offered(reading: Reading, id_: UUID, field: str = "") -> Ids:
    """The ids of the candidacy that an offer belongs to."""
    return await _found(reading, id_, Vacancy.candidacy_of_offer, refusals.OFFER_NOT_FOUND.at(field))


async def _found(
    reading: Reading, id_: UUID, find: Callable[[Vacancy, UUID], Candidacy | None], otherwise: Refused
) -> Ids:
    states = await reading.states([by_link(Vacancy, id_)])
    for vacancy in states.linked(Vacancy, id_):
        candidacy = find(vacancy, id_)
        if candidacy is not None:
            return vacancy.id, candidacy.case_id, candidacy.id
    raise Problem.of(otherwise)
