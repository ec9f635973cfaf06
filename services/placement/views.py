"""Reads beside the commands: plain SELECTs without locks, bound to the countries of the desk that asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from placement.answers import CaseOffer, EmployerAnswer, Page, VacancyAnswer
from placement.candidate_answers import CandidateAnswer
from placement.domain.candidacy import OfferStatus
from placement.domain.candidate import Candidate, CandidateStatus
from placement.domain.employer import Employer
from placement.domain.vacancy import Vacancy, VacancyStatus

T = TypeVar("T")

POOL: Final[tuple[CandidateStatus, ...]] = ("pooled", "active")
"""Whom GET /candidates lists if no status is asked for."""

_candidate: TypeAdapter[Candidate] = TypeAdapter(Candidate)
_employer: TypeAdapter[Employer] = TypeAdapter(Employer)
_vacancy: TypeAdapter[Vacancy] = TypeAdapter(Vacancy)


@dataclass(frozen=True, slots=True)
class Scope:
    """Who reads. A desk sees its countries, and people whose consent names one of `recipients`.

    For the programme's management `countries` may be None (all), and there are no `recipients` (it reads what is
    pseudonymous anyway).
    """

    countries: tuple[str, ...] | None
    recipients: tuple[str, ...] | None
    today: date

    def holds(self, country: str | None) -> bool:
        """Whether what belongs to `country` may be read."""
        return self.countries is None or country in self.countries


@dataclass(frozen=True, slots=True)
class Cut:
    """Which piece of a list: `limit` rows behind the id `after`."""

    limit: int
    after: UUID | None


_EMPLOYERS = """
select id, data from employer
where ($1::text[] is null or country = any($1)) and ($2::uuid is null or id > $2)
order by id limit $3
"""
_VACANCIES = """
select id, data from vacancy
where ($1::text[] is null or country = any($1)) and ($2::uuid is null or id > $2)
  and ($4::text is null or status = $4) and ($5::text is null or isco08 = $5) and ($6::text is null or employer_id = $6)
order by id limit $3
"""
_CANDIDATES = """
select id, data from candidate
where ($1::text[] is null or country = any($1)) and ($2::uuid is null or id > $2)
  and status = any($4::text[]) and ($5::text is null or data -> 'skills' ? $5)
  and ($6::text[] is null or data -> 'profile' ->> 'age_band' <> 'under_18' and exists (
      select from jsonb_array_elements(data -> 'consents') consent
      where consent ->> 'purpose' = 'matching' and not (consent ->> 'withdrawn')::boolean
        and consent ->> 'valid_until' >= $7 and consent -> 'recipients' ?| $6))
order by id limit $3
"""
_OFFERS = """
select (candidacy -> 'offer' ->> 'id')::uuid as id, data
from vacancy, jsonb_array_elements(data -> 'candidacies') candidacy
where ($1::text[] is null or country = any($1)) and ($2::uuid is null or (candidacy -> 'offer' ->> 'id')::uuid > $2)
  and ($4::uuid is null or links @> array[$4::uuid]) and ($4::uuid is null or candidacy ->> 'case_id' = $4::text)
  and ($5::text is null or candidacy -> 'offer' ->> 'status' = $5) and candidacy -> 'offer' ->> 'id' is not null
order by 1 limit $3
"""
_CANDIDATE = "select data from candidate where id = $1"
_VACANCY = "select data from vacancy where id = $1"
_LINKED = "select data from vacancy where links @> array[$1::uuid] order by id"


async def employers(database: asyncpg.Pool, scope: Scope, cut: Cut) -> Page[EmployerAnswer]:
    """Employers, the oldest first."""
    rows = await database.fetch(_EMPLOYERS, scope.countries, cut.after, cut.limit + 1)
    return _page(rows, cut, lambda row: EmployerAnswer.model_validate(_employer.validate_json(row["data"])))


async def vacancies(
    database: asyncpg.Pool,
    scope: Scope,
    cut: Cut,
    status: VacancyStatus | None,
    isco08: str | None,
    employer_id: UUID | None,
) -> Page[VacancyAnswer]:
    """Vacancies, the oldest first."""
    employer = None if employer_id is None else str(employer_id)
    rows = await database.fetch(_VACANCIES, scope.countries, cut.after, cut.limit + 1, status, isco08, employer)
    return _page(rows, cut, lambda row: VacancyAnswer.model_validate(_vacancy.validate_json(row["data"])))


async def candidates(
    database: asyncpg.Pool, scope: Scope, cut: Cut, status: CandidateStatus | None, skill: str | None
) -> Page[CandidateAnswer]:
    """The pool: for a desk, people whose consent `matching` holds for it today."""
    rows = await database.fetch(
        _CANDIDATES,
        scope.countries,
        cut.after,
        cut.limit + 1,
        POOL if status is None else (status,),
        skill,
        scope.recipients,
        scope.today.isoformat(),
    )
    return _page(rows, cut, lambda row: CandidateAnswer.of(_candidate.validate_json(row["data"]), scope.today))


async def offers(
    database: asyncpg.Pool, scope: Scope, cut: Cut, case_id: UUID | None, status: OfferStatus | None
) -> Page[CaseOffer]:
    """Job offers, the oldest first."""
    rows = await database.fetch(_OFFERS, scope.countries, cut.after, cut.limit + 1, case_id, status)
    return _page(rows, cut, lambda row: _offer(row["id"], _vacancy.validate_json(row["data"])))


async def candidate(database: asyncpg.Pool, case_id: UUID) -> Candidate | None:
    """One person."""
    data = await database.fetchval(_CANDIDATE, case_id)
    return None if data is None else _candidate.validate_json(data)


async def vacancy(database: asyncpg.Pool, vacancy_id: UUID) -> Vacancy | None:
    """One vacancy."""
    data = await database.fetchval(_VACANCY, vacancy_id)
    return None if data is None else _vacancy.validate_json(data)


async def linked(database: asyncpg.Pool, id_: UUID) -> list[Vacancy]:
    """The vacancies of a person, or the one that a candidacy or offer belongs to."""
    return [_vacancy.validate_json(row["data"]) for row in await database.fetch(_LINKED, id_)]


def _offer(offer_id: UUID, vacancy: Vacancy) -> CaseOffer:
    candidacy = vacancy.candidacy_of_offer(offer_id)
    if candidacy is None or candidacy.offer is None:
        raise ValueError("the row was found by this offer")
    return CaseOffer.model_validate(
        {
            **{name: getattr(candidacy.offer, name) for name in candidacy.offer.__slots__},
            "case_id": candidacy.case_id,
            "candidacy_id": candidacy.id,
            "candidacy_status": candidacy.status,
            "vacancy_id": vacancy.id,
            "employer_id": vacancy.employer_id,
            "country": vacancy.country,
            "isco08": vacancy.isco08,
        }
    )


def _page(rows: Sequence[asyncpg.Record], cut: Cut, answer: Callable[[asyncpg.Record], T]) -> Page[T]:
    shown = rows[: cut.limit]
    return Page(items=[answer(row) for row in shown], next=shown[-1]["id"] if len(rows) > cut.limit else None)
