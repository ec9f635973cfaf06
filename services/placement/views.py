"""The lists and counts of the desks: plain SELECTs, bound to the countries of the desk that asks."""

from __future__ import annotations

from collections.abc import Sequence
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
    VacancyItem,
)
from placement.domain.candidacy import Candidacy, OfferStatus
from placement.domain.candidate import Candidate, CandidateStatus
from placement.domain.employer import Employer
from placement.domain.progress import TARGET_DAYS
from placement.domain.vacancy import Vacancy, VacancyStatus
from placement.handlers.deadlines import JOB_OFFER_TARGET
from placement.resources import Scope
from vocabulary.owed import CONDITIONS, OwedItem, OwedWanted, listing, owed_item
from vocabulary.terms import TargetGroup

POOL: Final[tuple[CandidateStatus, ...]] = ("pooled", "active")
"""Whom GET /candidates lists if no status is asked for."""
COUNTED: Final[TargetGroup] = "RETURNEE_DE"
"""The target group that the programme promises a job offer."""

EMPLOYERS: Final = Listing(source="employer", orders={"name": Order("data ->> 'name'", "text")})
VACANCIES: Final = Listing(source="vacancy", orders={"expires_on": Order("(data ->> 'expires_on')::date", "date")})
CANDIDATES: Final = Listing(
    source="candidate",
    orders={
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
        "expires_at": Order("offer.expires_at", "timestamptz"),
        "starts_on": Order("offer.starts_on", "date"),
    },
)
DEADLINES: Final = listing()

_COVERED: Final = """
status <> 'deceased' and data -> 'profile' ->> 'age_band' <> 'under_18' and exists (
    select from jsonb_array_elements(data -> 'consents') as consent
    where consent ->> 'purpose' = 'matching' and not (consent ->> 'withdrawn')::boolean
      and (consent ->> 'ends_at')::timestamptz > {0}
      and ({1}::text[] is null or consent -> 'recipients' ?| {1}::text[]))
"""
"""The people of whom a consent holds at this time for one of these recipients (`placement.domain.sight.Eyes.know`), or
for any. `known_to_desk` says the same of one person; called for every row of the pool, it would take more than twice as
long."""
_SEEN: Final = """
(vacancy.data -> 'candidacies' @> jsonb_build_array(jsonb_build_object(
    'offer', jsonb_build_object('id', offer.id), 'centre', {0}::text, 'status', 'offered'))
 or vacancy.data -> 'candidacies' @> jsonb_build_array(jsonb_build_object(
    'offer', jsonb_build_object('id', offer.id), 'centre', {0}::text, 'status', 'accepted'))
 or vacancy.data -> 'candidacies' @> jsonb_build_array(jsonb_build_object(
    'offer', jsonb_build_object('id', offer.id), 'centre', {0}::text, 'referral_end', 'deceased'))
 or known_to_desk(offer.case_id, {1}::text[], {2}::text[], {3}))::int <> 0
"""
"""Which offers a desk sees: `placement.domain.sight.Eyes.see`, of candidacies with an offer. A number that is not 0,
because PostgreSQL takes that for most of them, as it is; of a condition that lets few pass it would sort all."""
_PERSON: Final = "coalesce({0}.data ->> 'person', {0}.id::text)"
"""The case under which the person counts (`placement.domain.persons`)."""
_ORDER: Final = "({0}.data ->> 'person' is not null, {0}.id)"
"""Of a person's cases: the one under which they count comes first."""
_ONCE: Final = f"""
(cardinality(candidate.links) = 0 or not exists (
    select from candidate as other
    where other.links && (candidate.links || candidate.id) and {_PERSON.format("other")} = {_PERSON.format("candidate")}
      and {_ORDER.format("other")} < {_ORDER.format("candidate")} and {{}}))
"""
"""The first of a person's cases that fit a condition, which names no table: whoever is in a list is there once."""
_MAY_BE_PLACED: Final = f"($1::text[] is null or country = any($1)) and {_COVERED.format('$5', '$6')}"
_COHORTS: Final = f"""
with person as (
    select arrived_on, first_offer_on, employed_on from candidate
    where cardinality(links) = 0 and arrived_on is not null and target_group = $4 and {_MAY_BE_PLACED}
    union all
    select (array_agg(arrived_on order by data -> 'arrival_told' ->> 'reported_at' desc nulls last)
            filter (where arrived_on is not null))[1],
           min(first_offer_on), min(employed_on)
    from candidate where cardinality(links) > 0 and {_MAY_BE_PLACED}
    group by {_PERSON.format("candidate")}
    having (array_agg(target_group order by {_ORDER.format("candidate")}))[1] = $4 and count(arrived_on) > 0
)
select left(arrived_on, 7) as month, days,
       count(*) as arrived, count(first_offer_on) as with_offer, count(employed_on) as employed,
       count(*) filter (where arrived_on::date + days < $2) as elapsed,
       count(*) filter (where arrived_on::date + days >= $2) as running,
       count(*) filter (where arrived_on::date + days < $2
                          and first_offer_on::date <= arrived_on::date + days) as offered,
       count(*) filter (where arrived_on::date + days >= $2 and first_offer_on is not null) as running_offered
from person cross join unnest($3::int[]) as days
group by 1, 2 order by 1, 2
"""  # noqa: S608 - from code
"""A person of whom several cases may be counted is one, with what these tell: the arrival that was told last, the first
offer, the first work."""

_OF_TARGET: Final = ("elapsed", "offered", "running", "running_offered")

_candidacy: TypeAdapter[Candidacy] = TypeAdapter(Candidacy)
_candidate: TypeAdapter[Candidate] = TypeAdapter(Candidate)
_employer: TypeAdapter[Employer] = TypeAdapter(Employer)
_vacancy: TypeAdapter[Vacancy] = TypeAdapter(Vacancy)


async def deadlines(
    documents: Documents, scope: Scope, wish: Wish, *, org: str | None, wanted: OwedWanted
) -> Page[OwedItem]:
    """What a desk owes, or any. That somebody waits for an offer is shown to who may know the person; what is owed on a
    candidacy, to the desk that has begun it."""
    where = Where().add("owed.org is not null")
    where.add("owed.org = {}", org)
    for condition, value in zip(CONDITIONS, wanted, strict=True):
        where.add(condition, value)
    if scope.eyes is not None:
        known = _COVERED.format("{1}", "{2}")
        where.add(
            f"(owed.name <> {{0}} or exists (select from candidate where candidate.id = owed.about and {known}))",
            *(JOB_OFFER_TARGET, scope.now, scope.eyes.recipients),
        )
    return await documents.page(DEADLINES, where, wish, owed_item)


async def employers(documents: Documents, scope: Scope, wish: Wish) -> Page[EmployerView]:
    """Employers of the scope's countries."""
    return await documents.page(
        EMPLOYERS, _within(scope), wish, lambda row: EmployerView.model_validate(_employer.validate_json(row["data"]))
    )


async def vacancies(
    documents: Documents,
    scope: Scope,
    wish: Wish,
    *,
    status: VacancyStatus | None,
    isco08: str | None,
    employer_id: UUID | None,
) -> Page[VacancyItem]:
    """Vacancies of the scope's countries."""
    where = _within(scope).add("status = {}", status).add("isco08 = {}", isco08)
    where.add("employer_id = {}", None if employer_id is None else str(employer_id))
    return await documents.page(
        VACANCIES, where, wish, lambda row: VacancyItem.model_validate(_vacancy.validate_json(row["data"]))
    )


async def candidates(
    documents: Documents, scope: Scope, wish: Wish, *, status: CandidateStatus | None, skill: str | None
) -> Page[CandidateItem]:
    """The pool: for a desk, people whose consent `matching` holds for it now; each of them once."""
    where = _within(scope).add("status = any({}::text[])", POOL if status is None else (status,))
    where.add("data -> 'skills' ? {}", skill)
    if scope.eyes is not None:
        where.add(_COVERED, scope.now, scope.eyes.recipients)
    where.add(_ONCE.format(where))
    return await documents.page(
        CANDIDATES, where, wish, lambda row: CandidateItem.of(_candidate.validate_json(row["data"]), scope.today)
    )


async def offers(
    documents: Documents, scope: Scope, wish: Wish, *, case_id: UUID | None, status: OfferStatus | None
) -> Page[OfferItem]:
    """Job offers in the scope's countries, of people whom the reader may see."""
    # An index has those of one country in each order; for the time of change, it is one of the vacancies.
    its = "vacancy" if wish.sort.endswith("updated_at") or wish.updated_since is not None else "offer"
    where = Where()
    if scope.countries is not None and len(scope.countries) == 1:
        where.add(f"{its}.country = {{}}", scope.countries[0])
    else:
        where.add(f"{its}.country = any({{}}::text[])", scope.countries)
    if scope.eyes is not None:
        eyes = scope.eyes
        where.add(_SEEN, eyes.centre, eyes.countries, eyes.recipients, eyes.now)
    where.add("offer.case_id = {}", case_id)
    where.add("offer.status = {}", status)
    return await documents.page(OFFERS, where, wish, _offer)


async def summary(documents: Documents, scope: Scope) -> Summary:
    """The programme's promise: who has a job offer how many days after arrival.

    Counted are adults whose consent `matching` holds now: for the desk that asks, or for any, if the programme asks;
    each of them once, whatever cases they have.
    Every number is coarsened by itself (docs/domain.md: small-numbers).
    """
    recipients = None if scope.eyes is None else scope.eyes.recipients
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        rows = await connection.fetch(
            _COHORTS, scope.countries, scope.today, TARGET_DAYS, COUNTED, scope.now, recipients
        )
    months = groupby(rows, key=lambda row: row["month"])
    return Summary(
        countries=scope.countries,
        target_group=COUNTED,
        as_of=scope.today,
        total=Counts.model_validate(_added(rows)),
        cohorts=tuple(Cohort.model_validate({"month": month, **_added(list(group))}) for month, group in months),
    )


def _added(rows: Sequence[asyncpg.Record]) -> dict[str, Any]:
    """The exact counts of these rows, of which there is one per month and target. A month counts people once."""
    by_days = {days: [row for row in rows if row["days"] == days] for days in TARGET_DAYS}
    people = {name: sum(row[name] for row in by_days[TARGET_DAYS[0]]) for name in ("arrived", "with_offer", "employed")}
    targets = [
        {"days": days} | {name: sum(row[name] for row in found) for name in _OF_TARGET}
        for days, found in by_days.items()
    ]
    return {**people, "targets": targets}


def _within(scope: Scope) -> Where:
    return Where().add("country = any({}::text[])", scope.countries)


def _offer(row: Any) -> OfferItem:
    vacancy = {name: row[name] for name in ("vacancy_id", "employer_id", "country", "isco08")}
    return OfferItem.of(_candidacy.validate_json(row["candidacy"]), **vacancy)
