"""Reads beside the commands: plain SELECTs without locks, scoped to the organisation that keeps the case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from referral.answers import CasePage, CaseSummary, ListedReferral, ReferralPage, ReferralView
from referral.domain.case import Case
from referral.domain.profile import Profile
from referral.domain.referral import Referral

_case: TypeAdapter[Case] = TypeAdapter(Case)
_referral: TypeAdapter[Referral] = TypeAdapter(Referral)
_profile: TypeAdapter[Profile] = TypeAdapter(Profile)

_BY_LINK = "select id from case_file where links @> array[$1]::uuid[]"
_BY_ID = "select data from case_file where id = $1"
_PROFILE = "select data from profile where id = $1"
_CASES = "select data from case_file where id > $1{conditions} order by id limit $2"
_REFERRALS = """
select file.id as case_id, file.case_ref, listed.referral
from case_file file
cross join lateral jsonb_array_elements(file.data -> 'referrals') as listed(referral)
where (listed.referral ->> 'id')::uuid > $1{conditions}
order by (listed.referral ->> 'id')::uuid limit $2
"""


async def home_of(database: asyncpg.Pool, linked: UUID) -> UUID | None:
    """The case that a consent or a referral belongs to."""
    case_id: UUID | None = await database.fetchval(_BY_LINK, linked)
    return case_id


async def case_of(database: asyncpg.Pool, case_id: UUID) -> Case | None:
    """The case."""
    data = await database.fetchval(_BY_ID, case_id)
    return None if data is None else _case.validate_json(data)


async def profile_of(database: asyncpg.Pool, case_id: UUID) -> Profile | None:
    """The sealed profile."""
    data = await database.fetchval(_PROFILE, case_id)
    return None if data is None else _profile.validate_json(data)


async def cases(
    database: asyncpg.Pool, org: str | None, country: str | None, status: str | None, cursor: UUID | None, limit: int
) -> CasePage:
    """Cases of one organisation, or of all, by id."""
    filters = {"opened_by =": org, "country =": country, "status =": status}
    query, arguments = _filtered(_CASES, filters, cursor, limit)
    rows = await database.fetch(query, *arguments)
    found = [_case.validate_json(row["data"]) for row in rows[:limit]]
    return CasePage(
        items=[CaseSummary.model_validate(case) for case in found],
        next_cursor=found[-1].id if len(rows) > limit else None,
    )


async def referrals(
    database: asyncpg.Pool, org: str | None, status: str | None, overdue: bool | None, cursor: UUID | None, limit: int
) -> ReferralPage:
    """Referrals of one organisation's cases, or of all, by id: what became of each."""
    filters = {
        "file.opened_by =": org,
        "listed.referral ->> 'status' =": status,
        "(listed.referral ->> 'overdue_level')::int > 0 =": overdue,
    }
    query, arguments = _filtered(_REFERRALS, filters, cursor, limit)
    rows = await database.fetch(query, *arguments)
    found = [_listed(row) for row in rows[:limit]]
    return ReferralPage(items=found, next_cursor=found[-1].id if len(rows) > limit else None)


def _listed(row: asyncpg.Record) -> ListedReferral:
    view = ReferralView.model_validate(_referral.validate_json(row["referral"]))
    return ListedReferral(case_id=row["case_id"], case_ref=row["case_ref"], **view.model_dump())


def _filtered(query: str, filters: dict[str, Any], cursor: UUID | None, limit: int) -> tuple[str, list[Any]]:
    """The query with a condition per filter that is set. The conditions are constants of this module."""
    conditions, arguments = "", [cursor or UUID(int=0), limit + 1]
    for condition, value in filters.items():
        if value is not None:
            arguments.append(value)
            conditions += f" and ({condition} ${len(arguments)})"
    return query.format(conditions=conditions), arguments
