"""Reads beside the commands: plain SELECTs without locks, scoped to the organisation that keeps the case."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from referral.answers import CasePage, CaseSummary, Hop, ListedReferral, ReferralDetail, ReferralPage, ReferralView
from referral.domain.case import Case
from referral.domain.profile import Profile
from referral.domain.referral import Referral

_case: TypeAdapter[Case] = TypeAdapter(Case)
_referral: TypeAdapter[Referral] = TypeAdapter(Referral)
_profile: TypeAdapter[Profile] = TypeAdapter(Profile)

FIRST: Final = UUID(int=0)
"""Comes before every id."""

_BY_LINK = "select id from case_file where links @> array[$1]::uuid[]"
_BY_ID = "select data from case_file where id = $1"
_PROFILE = "select data from profile where id = $1"
_CASES = "select data - 'timeline' as data from case_file where id > $1{conditions} order by id limit $2"
_REFERRALS = """
select file.id as case_id, file.case_ref, listed.referral
from case_file file
cross join lateral jsonb_array_elements(file.data -> 'referrals') as listed(referral)
where file.id >= $1 and (file.id, (listed.referral ->> 'id')::uuid) > ($1, $3){conditions}
order by file.id, (listed.referral ->> 'id')::uuid limit $2
"""
"""By case and not by referral: an index has that order, and the page is full after a few cases."""
_OVERDUE = (
    "(listed.referral ->> 'overdue_level')::int > 0 and listed.referral ->> 'status' in ('submitted', 'received')"
)
_HAS_OVERDUE = '$[*] ? ((@.status == "submitted" || @.status == "received") && @.overdue_level > 0)'


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shall have; None: no matter."""

    org: str | None = None
    country: str | None = None
    status: str | None = None
    journey: str | None = None
    case_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ReferralFilter:
    """Which referrals a list shall have; None: no matter."""

    org: str | None = None
    status: str | None = None
    overdue: bool | None = None


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


async def cases(database: asyncpg.Pool, wanted: CaseFilter, cursor: UUID | None, limit: int) -> CasePage:
    """Cases in order of id, a page at a time."""
    filters = {
        "opened_by = {}": wanted.org,
        "country = {}": wanted.country,
        "status = {}": wanted.status,
        "data -> 'journey' ->> 'status' = {}": wanted.journey,
        "case_ref = {}": wanted.case_ref,
    }
    query, arguments = _filtered(_CASES, filters, cursor or FIRST, limit + 1)
    rows = await database.fetch(query, *arguments)
    found = [_case.validate_json(row["data"]) for row in rows[:limit]]
    return CasePage(
        items=[CaseSummary.model_validate(case) for case in found],
        next_cursor=found[-1].id if len(rows) > limit else None,
    )


async def referrals(
    database: asyncpg.Pool, wanted: ReferralFilter, cursor: UUID | None, limit: int
) -> ReferralPage | None:
    """Referrals in order of their case's id, then their own: what became of each. None: the cursor is no referral.

    The conditions on the case's whole list of referrals say nothing new: they are what the index answers.
    """
    home = FIRST if cursor is None else await home_of(database, cursor)
    if home is None:
        return None
    status = wanted.status
    filters = {
        "file.opened_by = {}": wanted.org,
        "file.data -> 'referrals' @> {}::jsonb": None if status is None else json.dumps([{"status": status}]),
        "listed.referral ->> 'status' = {}": status,
        "file.data -> 'referrals' @? {}::jsonpath": _HAS_OVERDUE if wanted.overdue else None,
        f"({_OVERDUE}) = {{}}": wanted.overdue,
    }
    query, arguments = _filtered(_REFERRALS, filters, home, limit + 1, cursor or FIRST)
    rows = await database.fetch(query, *arguments)
    found = [_listed(row) for row in rows[:limit]]
    return ReferralPage(items=found, next_cursor=found[-1].id if len(rows) > limit else None)


def detail(case: Case, referral: Referral) -> ReferralDetail:
    """One referral, with the chain of redirections that it is part of."""
    view = ReferralView.model_validate(referral).model_dump()
    chain = tuple(Hop.model_validate(each) for each in case.chain(referral.root_id))
    return ReferralDetail(case_id=case.id, case_ref=case.case_ref, chain=chain, **view)


def _listed(row: asyncpg.Record) -> ListedReferral:
    view = ReferralView.model_validate(_referral.validate_json(row["referral"]))
    return ListedReferral(case_id=row["case_id"], case_ref=row["case_ref"], **view.model_dump())


def _filtered(query: str, filters: dict[str, Any], *first: Any) -> tuple[str, list[Any]]:
    """The query with a condition per filter that is set. The conditions are constants of this module."""
    conditions, arguments = "", list(first)
    for condition, value in filters.items():
        if value is not None:
            arguments.append(value)
            conditions += f" and {condition.format(f'${len(arguments)}')}"
    return query.format(conditions=conditions), arguments
