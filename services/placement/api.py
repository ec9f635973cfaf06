"""The HTTP API of the placement desks. Who may do what is settled in the handlers; here it is who is asking."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Request

from chassis.http.api import Database, Runner, acting_as
from chassis.http.problems import Problem, problem_responses
from chassis.pure.decision import Actor, Refused
from placement import commands, refusals, views
from placement.answers import (
    CandidacyState,
    CaseOffer,
    EmployerAnswer,
    Page,
    VacancyAnswer,
    VacancyDetail,
    VacancyState,
)
from placement.bodies import (
    Closing,
    Decline,
    NewCandidacy,
    NewEmployer,
    NewEmployment,
    NewOffer,
    NewVacancy,
)
from placement.candidate_answers import CandidateAnswer, CandidateDetail, Summary
from placement.domain.candidacy import OfferStatus
from placement.domain.candidate import CandidateStatus
from placement.domain.consents import covered
from placement.domain.vacancy import VacancyStatus
from placement.handlers.desk import desk_at
from placement.summary import summary
from vocabulary.codes import Country, Isco08
from vocabulary.roles import PLACEMENT_OFFICER, PROGRAMME_MANAGER

Officer = Annotated[Actor, acting_as(PLACEMENT_OFFICER)]
"""Somebody who works at a centre's placement desk and acts for the desk's countries."""
Reader = Annotated[Actor, acting_as(PLACEMENT_OFFICER, PROGRAMME_MANAGER)]
"""A placement officer, or the programme's management, which reads all countries and changes nothing."""

router = APIRouter()
_ANSWERS = problem_responses(403, 404, 409)
_READS = problem_responses(403, 404)


def _cut(
    limit: Annotated[int, Query(ge=1, le=100, description="entries per page")] = 50,
    after: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
) -> views.Cut:
    return views.Cut(limit, after)


def _scope(
    request: Request,
    actor: Reader,
    country: Annotated[
        Country | None, Query(description="one of the countries; if left out, all of the asker's")
    ] = None,
) -> views.Scope:
    now = request.app.state.clock.now()
    if actor.role == PROGRAMME_MANAGER:
        return views.Scope(None if country is None else (country,), None, now.date())
    own = desk_at(actor.org, request.app.state.reference, now)
    if isinstance(own, Refused):
        raise Problem.of(own)
    if country is not None and country not in own.countries:
        raise Problem.of(refusals.at(refusals.OTHER_COUNTRY, "country"))
    return views.Scope(own.countries if country is None else (country,), own.recipients, own.today)


Cut = Annotated[views.Cut, Depends(_cut)]
Scope = Annotated[views.Scope, Depends(_scope)]


# --- employers and vacancies -----------------------------------------------------------------------------------------


@router.post("/employers", tags=["employers"], status_code=201, responses=problem_responses(403, 409))
async def register_employer(body: NewEmployer, actor: Officer, run: Runner) -> EmployerAnswer:
    """Keeps an employer in a country that the desk acts for."""
    command = commands.RegisterEmployer(body.name, body.isic, body.country)
    return EmployerAnswer.model_validate(await run(command, actor))


@router.get("/employers", tags=["employers"], responses=problem_responses(403))
async def list_employers(database: Database, scope: Scope, cut: Cut) -> Page[EmployerAnswer]:
    """Employers of the desk's countries, the oldest first."""
    return await views.employers(database, scope, cut)


@router.post("/vacancies", tags=["vacancies"], status_code=201, responses=_ANSWERS)
async def publish_vacancy(body: NewVacancy, actor: Officer, run: Runner) -> VacancyState:
    """Publishes a vacancy. It takes people until the end of its last day in the employer's country."""
    command = commands.PublishVacancy(**{**body.model_dump(), "skills": tuple(body.skills)})
    return VacancyState.model_validate(await run(command, actor))


@router.get("/vacancies", tags=["vacancies"], responses=problem_responses(403))
async def list_vacancies(
    database: Database,
    scope: Scope,
    cut: Cut,
    status: Annotated[VacancyStatus | None, Query(description="only these")] = None,
    isco08: Annotated[Isco08 | None, Query()] = None,
    employer_id: Annotated[UUID | None, Query()] = None,
) -> Page[VacancyAnswer]:
    """Vacancies of the desk's countries, the oldest first."""
    return await views.vacancies(database, scope, cut, status, isco08, employer_id)


@router.get("/vacancies/{vacancy_id}", tags=["vacancies"], responses=_READS)
async def read_vacancy(vacancy_id: UUID, database: Database, scope: Scope) -> VacancyDetail:
    """One vacancy, with everybody who is or was on the way to it."""
    vacancy = await views.vacancy(database, vacancy_id)
    if vacancy is None:
        raise Problem.of(refusals.VACANCY_UNKNOWN)
    if not scope.holds(vacancy.country):
        raise Problem.of(refusals.OTHER_COUNTRY)
    return VacancyDetail.of(vacancy)


@router.post("/vacancies/{vacancy_id}/close", tags=["vacancies"], responses=_ANSWERS)
async def close_vacancy(vacancy_id: UUID, actor: Officer, run: Runner) -> VacancyState:
    """The employer takes the vacancy back. Candidacies without an offer close; offers that were made remain."""
    return VacancyState.model_validate(await run(commands.CloseVacancy(vacancy_id), actor))


# --- people ----------------------------------------------------------------------------------------------------------


@router.get("/candidates", tags=["candidates"], responses=problem_responses(403))
async def list_candidates(
    database: Database,
    scope: Scope,
    cut: Cut,
    status: Annotated[CandidateStatus | None, Query(description="if left out: pooled and active")] = None,
    skill: Annotated[Isco08 | None, Query(description="only people with this skill, verified or not")] = None,
) -> Page[CandidateAnswer]:
    """The pool. A desk sees people of its countries whose consent `matching` holds for it today."""
    return await views.candidates(database, scope, cut, status, skill)


@router.get("/candidates/{case_id}", tags=["candidates"], responses=_READS)
async def read_candidate(case_id: UUID, database: Database, scope: Scope) -> CandidateDetail:
    """One person. A desk sees them with a consent `matching`, or while they are on the way into a vacancy there."""
    candidate = await views.candidate(database, case_id)
    vacancies = [each for each in await views.linked(database, case_id) if scope.holds(each.country)]
    on_the_way = any(each.live_candidacy_of(case_id) for each in vacancies)
    if candidate is None:
        raise Problem.of(refusals.CANDIDATE_UNKNOWN)
    if scope.recipients is not None and not on_the_way:
        consents = candidate.consents
        seen = covered(consents, "matching", scope.recipients, scope.today) and scope.holds(candidate.country)
        if candidate.status == "unknown" or candidate.minor or not seen:
            raise Problem.of(refusals.CANDIDATE_UNKNOWN)
    return CandidateDetail.with_candidacies(candidate, vacancies, scope.today)


# --- candidacies, offers, employments --------------------------------------------------------------------------------


@router.post("/candidacies", tags=["candidacies"], status_code=201, responses=_ANSWERS)
async def shortlist(body: NewCandidacy, actor: Officer, run: Runner) -> CandidacyState:
    """A human picks a person for a vacancy; one of its openings is reserved. No employer learns of it."""
    return CandidacyState.model_validate(await run(commands.Shortlist(body.vacancy_id, body.case_id), actor))


@router.post("/candidacies/{candidacy_id}/present", tags=["candidacies"], responses=_ANSWERS)
async def present(candidacy_id: UUID, actor: Officer, database: Database, run: Runner) -> CandidacyState:
    """Names the person to the employer: needs the person's consent for exactly this employer."""
    command = commands.Present(*await _candidacy(database, candidacy_id))
    return CandidacyState.model_validate(await run(command, actor))


@router.post("/candidacies/{candidacy_id}/offer", tags=["candidacies"], status_code=201, responses=_ANSWERS)
async def make_offer(
    candidacy_id: UUID, body: NewOffer, actor: Officer, database: Database, run: Runner
) -> CandidacyState:
    """The employer, who knows the person, offers work."""
    command = commands.MakeOffer(*await _candidacy(database, candidacy_id), **body.model_dump())
    return CandidacyState.model_validate(await run(command, actor))


@router.post("/candidacies/{candidacy_id}/close", tags=["candidacies"], responses=_ANSWERS)
async def close_candidacy(
    candidacy_id: UUID, body: Closing, actor: Officer, database: Database, run: Runner
) -> CandidacyState:
    """Ends a candidacy for a coded reason; its opening is free again, and a new candidacy may begin at once."""
    command = commands.CloseCandidacy(*await _candidacy(database, candidacy_id), body.reason, body.by)
    return CandidacyState.model_validate(await run(command, actor))


@router.get("/offers", tags=["offers"], responses=problem_responses(403))
async def list_offers(
    database: Database,
    scope: Scope,
    cut: Cut,
    case_id: Annotated[UUID | None, Query(description="only this person's")] = None,
    status: Annotated[OfferStatus | None, Query()] = None,
) -> Page[CaseOffer]:
    """Job offers in the desk's countries, the oldest first."""
    return await views.offers(database, scope, cut, case_id, status)


@router.post("/offers/{offer_id}/accept", tags=["offers"], responses=_ANSWERS)
async def accept_offer(offer_id: UUID, actor: Officer, database: Database, run: Runner) -> CandidacyState:
    """The person takes the offer. Whoever takes the last opening fills the vacancy."""
    command = commands.AcceptOffer(*await _offer(database, offer_id))
    return CandidacyState.model_validate(await run(command, actor))


@router.post("/offers/{offer_id}/decline", tags=["offers"], responses=_ANSWERS)
async def decline_offer(
    offer_id: UUID, body: Decline, actor: Officer, database: Database, run: Runner
) -> CandidacyState:
    """The person does not take the offer. It never counts against them."""
    command = commands.DeclineOffer(*await _offer(database, offer_id), body.reason)
    return CandidacyState.model_validate(await run(command, actor))


@router.post("/employments", tags=["employments"], status_code=201, responses=_ANSWERS)
async def start_employment(body: NewEmployment, actor: Officer, database: Database, run: Runner) -> CandidacyState:
    """The person has begun to work; formal only with evidence stronger than self-declaration."""
    ids = await _offer(database, body.offer_id, "/offer_id")
    command = commands.StartEmployment(*ids, body.started_on, body.evidence_type)
    return CandidacyState.model_validate(await run(command, actor))


@router.get("/summary", tags=["summary"], responses=problem_responses(403))
async def read_summary(database: Database, scope: Scope) -> Summary:
    """Job-offer coverage: who arrived, who has an offer, within 90 and 180 days, by month of arrival."""
    return await summary(database, scope)


async def _candidacy(database: asyncpg.Pool, id_: UUID) -> tuple[UUID, UUID, UUID]:
    """The ids of a candidacy's vacancy, person and itself."""
    for vacancy in await views.linked(database, id_):
        candidacy = vacancy.candidacy(id_)
        if candidacy is not None:
            return vacancy.id, candidacy.case_id, candidacy.id
    raise Problem.of(refusals.CANDIDACY_UNKNOWN)


async def _offer(database: asyncpg.Pool, id_: UUID, field: str = "") -> tuple[UUID, UUID, UUID]:
    """The ids of the vacancy, person and candidacy that an offer belongs to."""
    for vacancy in await views.linked(database, id_):
        candidacy = vacancy.candidacy_of_offer(id_)
        if candidacy is not None:
            return vacancy.id, candidacy.case_id, candidacy.id
    raise Problem.of(refusals.at(refusals.OFFER_UNKNOWN, field))
