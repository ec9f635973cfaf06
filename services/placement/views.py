"""The lists and counts of the desks: plain SELECTs, bound to the countries of the desk that asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Listing, Order, Page, Wish
from placement.answers import (
    CandidateItem,
    Cohort,
    Counts,
    EmployerView,
    OfferItem,
    Summary,
    TargetCount,
    VacancyItem,
)
from placement.domain.candidacy import Candidacy, OfferStatus
from placement.domain.candidate import Candidate, CandidateStatus
from placement.domain.employer import Employer
from placement.domain.progress import TARGET_DAYS
from placement.domain.vacancy import Vacancy, VacancyStatus
from placement.resources import Scope
from vocabulary.terms import TargetGroup

POOL: Final[tuple[CandidateStatus, ...]] = ("pooled", "active")
"""Whom GET /candidates lists if no status is asked for."""
COUNTED: Final[TargetGroup] = "RETURNEE_DE"
"""The target group that the programme promises a job offer."""
SMALL: Final = 5
"""Counts below this, except 0, can point to a person (docs/domain.md: small-numbers)."""

EMPLOYERS: Final = Listing(
    source="employer", orders={"id": Order("id", "uuid"), "name": Order("data ->> 'name'", "text")}
)
VACANCIES: Final = Listing(
    source="vacancy", orders={"id": Order("id", "uuid"), "expires_on": Order("(data ->> 'expires_on')::date", "date")}
)
CANDIDATES: Final = Listing(
    source="candidate",
    orders={
        "id": Order("id", "uuid"),
        # who has not arrived yet comes after all who have
        "arrived_on": Order("coalesce(arrived_on::date, 'infinity')", "date"),
    },
)
OFFERS: Final = Listing(
    source="offer join vacancy on vacancy.id = offer.vacancy_id",
    id="offer.id",
    columns="""
    vacancy.id as vacancy_id, vacancy.employer_id, vacancy.country, vacancy.isco08,
    (select each from jsonb_array_elements(vacancy.data -> 'candidacies') as each
     where each -> 'offer' ->> 'id' = offer.id::text) as candidacy""",
    updated_at="vacancy.updated_at",
    orders={
        "id": Order("offer.id", "uuid"),
        "expires_at": Order("offer.expires_at", "timestamptz"),
        "starts_on": Order("offer.starts_on", "date"),
    },
)

_COVERED: Final = """
data -> 'profile' ->> 'age_band' <> 'under_18' and exists (
    select from jsonb_array_elements(data -> 'consents') as consent
    where consent ->> 'purpose' = 'matching' and not (consent ->> 'withdrawn')::boolean
      and (consent ->> 'ends_at')::timestamptz > {} and consent -> 'recipients' ?| {}::text[])
"""
_COHORTS: Final = """
select left(arrived_on, 7) as month, days,
       count(*) as arrived, count(first_offer_on) as with_offer, count(employed_on) as employed,
       count(*) filter (where arrived_on::date + days < $2) as elapsed,
       count(*) filter (where arrived_on::date + days < $2
                          and first_offer_on::date <= arrived_on::date + days) as offered,
       count(*) filter (where arrived_on::date + days >= $2 and first_offer_on is not null) as running_offered
from candidate cross join unnest($3::int[]) as days
where ($1::text[] is null or country = any($1)) and arrived_on is not null and target_group = $4
group by 1, 2 order by 1, 2
"""

_candidacy: TypeAdapter[Candidacy] = TypeAdapter(Candidacy)
_candidate: TypeAdapter[Candidate] = TypeAdapter(Candidate)
_employer: TypeAdapter[Employer] = TypeAdapter(Employer)
_vacancy: TypeAdapter[Vacancy] = TypeAdapter(Vacancy)


async def employers(documents: Documents, scope: Scope, wish: Wish) -> Page[EmployerView]:
    """Employers of the scope's countries."""
    return await documents.page(
        EMPLOYERS, _within(scope), wish, lambda row: EmployerView.model_validate(_employer.validate_json(row["data"]))
    )


async def vacancies(
    documents: Documents,
    scope: Scope,
    wish: Wish,
    status: VacancyStatus | None = None,
    isco08: str | None = None,
    employer_id: UUID | None = None,
) -> Page[VacancyItem]:
    """Vacancies of the scope's countries."""
    where = _within(scope).add("status = {}", status).add("isco08 = {}", isco08)
    where.add("employer_id = {}", None if employer_id is None else str(employer_id))
    return await documents.page(
        VACANCIES, where, wish, lambda row: VacancyItem.model_validate(_vacancy.validate_json(row["data"]))
    )


async def candidates(
    documents: Documents, scope: Scope, wish: Wish, status: CandidateStatus | None = None, skill: str | None = None
) -> Page[CandidateItem]:
    """The pool: for a desk, people whose consent `matching` holds for it now."""
    where = _within(scope).add("status = any({}::text[])", POOL if status is None else (status,))
    where.add("data -> 'skills' ? {}", skill)
    if scope.recipients is not None:
        where.add(_COVERED, scope.now, scope.recipients)
    return await documents.page(
        CANDIDATES, where, wish, lambda row: CandidateItem.of(_candidate.validate_json(row["data"]), scope.today)
    )


async def offers(
    documents: Documents, scope: Scope, wish: Wish, case_id: UUID | None = None, status: OfferStatus | None = None
) -> Page[OfferItem]:
    """Job offers in the scope's countries."""
    where = Where().add("offer.country = any({}::text[])", scope.countries)
    where.add("offer.case_id = {}", case_id)
    where.add("offer.status = {}", status)
    return await documents.page(OFFERS, where, wish, _offer)


async def summary(documents: Documents, scope: Scope) -> Summary:
    """K1, the programme's headline: who has a job offer how many days after arrival.

    Nothing is suppressed here: both roles that may read it may read every case that it counts, so a blank would hide
    nothing from them. Cohorts with counts of 1 to 4 are marked, so that nobody publishes them by mistake; what leaves
    the programme belongs into a reporting service that suppresses them (docs/domain.md: small-numbers).
    """
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        rows = await connection.fetch(_COHORTS, scope.countries, scope.today, TARGET_DAYS, COUNTED)
    months = [(month, counts(list(group))) for month, group in groupby(rows, key=lambda row: row["month"])]
    return Summary(
        countries=scope.countries,
        target_group=COUNTED,
        as_of=scope.today,
        total=added(each for _, each in months),
        cohorts=tuple(Cohort(month=month, small_cells=has_small_cells(each), **dict(each)) for month, each in months),
    )


def counts(rows: Sequence[asyncpg.Record]) -> Counts:
    """One month: its rows differ by target only."""
    first = rows[0]
    return Counts(
        arrived=first["arrived"],
        with_offer=first["with_offer"],
        employed=first["employed"],
        targets=tuple(
            TargetCount(
                days=row["days"],
                elapsed=row["elapsed"],
                offered=row["offered"],
                running=row["arrived"] - row["elapsed"],
                running_offered=row["running_offered"],
            )
            for row in rows
        ),
    )


def added(months: Iterable[Counts]) -> Counts:
    """All months together."""
    total = Counts(arrived=0, with_offer=0, employed=0, targets=tuple(_none(days) for days in TARGET_DAYS))
    for each in months:
        total = Counts(
            arrived=total.arrived + each.arrived,
            with_offer=total.with_offer + each.with_offer,
            employed=total.employed + each.employed,
            targets=tuple(_sum(*pair) for pair in zip(total.targets, each.targets, strict=True)),
        )
    return total


def has_small_cells(of: Counts) -> bool:
    """Whether a count can point to a person."""
    cells = [of.arrived, of.with_offer, of.employed]
    for target in of.targets:
        cells += [target.elapsed, target.offered, target.running, target.running_offered]
    return any(0 < cell < SMALL for cell in cells)


def _within(scope: Scope) -> Where:
    return Where().add("country = any({}::text[])", scope.countries)


def _offer(row: Any) -> OfferItem:
    vacancy = {name: row[name] for name in ("vacancy_id", "employer_id", "country", "isco08")}
    return OfferItem.of(_candidacy.validate_json(row["candidacy"]), **vacancy)


def _none(days: int) -> TargetCount:
    return TargetCount(days=days, elapsed=0, offered=0, running=0, running_offered=0)


def _sum(one: TargetCount, other: TargetCount) -> TargetCount:
    return TargetCount(
        days=one.days,
        elapsed=one.elapsed + other.elapsed,
        offered=one.offered + other.offered,
        running=one.running + other.running,
        running_offered=one.running_offered + other.running_offered,
    )
