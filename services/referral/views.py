"""The lists of the scout's desk: plain SELECTs, scoped to the organisation that keeps the cases."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.postgres.documents import Documents, Where
from chassis.pure.calendar import WorkingDays
from chassis.pure.paging import Listing, Order, Page, Wish
from referral.answers import CaseSummary, CountryView, ListedReferral
from referral.domain.case import Case
from referral.domain.country import CountrySwitch
from referral.domain.referral import Referral

CASES: Final = Listing(
    source="case_file",
    columns="data - '{timeline,consents,care_key}'::text[] as data",  # a summary tells of none of them
    orders={"opened_at": Order("(data ->> 'opened_at')::timestamptz", "timestamptz")},
)
REFERRALS: Final = Listing(
    source="""
    case_file file
    cross join lateral jsonb_array_elements(file.data -> 'referrals') as listed(referral)
    cross join lateral (
        select (listed.referral ->> 'id')::uuid as id,
               (listed.referral ->> 'referred_at')::timestamptz as referred_at,
               coalesce((listed.referral ->> 'answer_due_at')::timestamptz, 'infinity') as answer_due_at
    ) place""",
    id="place.id",
    columns="file.id as case_id, file.case_ref, listed.referral",
    updated_at="file.updated_at",
    orders={
        "case_id": Order("file.id", "uuid"),
        "referred_at": Order("place.referred_at", "timestamptz"),
        "answer_due_at": Order("place.answer_due_at", "timestamptz"),
    },
    usual="case_id",
)
"""Usually by case and not by referral: an index has that order, and a page is full after a few cases."""
COUNTRIES: Final = Listing(
    source="country_status", orders={"country": Order("data ->> 'country'", "text")}, usual="country"
)

_OVERDUE: Final = """
    listed.referral ->> 'status' in ('submitted', 'received') and (listed.referral ->> 'overdue_level')::int > 0
    or listed.referral ->> 'status' = 'submitted' and coalesce((listed.referral ->> 'receipt_overdue')::boolean, false)
"""
_HAS_OVERDUE: Final = (
    '$[*] ? ((@.status == "submitted" || @.status == "received") && @.overdue_level > 0'
    ' || @.status == "submitted" && @.receipt_overdue == true)'
)


_case: TypeAdapter[Case] = TypeAdapter(Case)
_referral: TypeAdapter[Referral] = TypeAdapter(Referral)
_country: TypeAdapter[CountrySwitch] = TypeAdapter(CountrySwitch)


async def cases(
    documents: Documents,
    scope: str | None,
    wish: Wish,
    *,
    country: str | None,
    status: str | None,
    journey: str | None,
    case_ref: str | None,
) -> Page[CaseSummary]:
    """Cases of one organisation, or of all; a filter that is None lets all pass."""
    where = Where()
    where.add("opened_by = {}", scope)
    where.add("country = {}", country)
    where.add("status = {}", status)
    where.add("data -> 'journey' ->> 'status' = {}", journey)
    where.add("case_ref = {}", case_ref)
    return await documents.page(CASES, where, wish, _summary)


async def referrals(
    documents: Documents,
    scope: str | None,
    wish: Wish,
    *,
    status: str | None,
    overdue: bool | None,
    days: WorkingDays,
) -> Page[ListedReferral]:
    """Referrals of one organisation, or of all. No box is opened: a list tells of nobody's needs.

    The conditions on a case's whole list of referrals say nothing new: the index answers them.
    """
    where = Where()
    where.add("file.opened_by = {}", scope)
    where.add("file.data -> 'referrals' @> {}::jsonb", None if status is None else json.dumps([{"status": status}]))
    where.add("listed.referral ->> 'status' = {}", status)
    where.add("file.data -> 'referrals' @? {}::jsonpath", _HAS_OVERDUE if overdue else None)
    where.add(f"({_OVERDUE}) = {{}}", overdue)
    return await documents.page(REFERRALS, where, wish, lambda row: _listed(row, days))


async def countries(documents: Documents, wish: Wish, *, now: datetime) -> Page[CountryView]:
    """Every country that was ever switched, or is to be."""
    return await documents.page(
        COUNTRIES, Where(), wish, lambda row: CountryView.of(_country.validate_json(row["data"]), now)
    )


def _summary(row: Any) -> CaseSummary:
    return CaseSummary.model_validate(_case.validate_json(row["data"]))


def _listed(row: Any, days: WorkingDays) -> ListedReferral:
    referral = _referral.validate_json(row["referral"])
    return ListedReferral.shown(referral, days, case_id=row["case_id"], case_ref=row["case_ref"])
