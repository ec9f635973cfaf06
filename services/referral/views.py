"""The lists of the scout's desk: plain SELECTs, scoped to the organisation that keeps the cases."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents, Where
from chassis.pure.calendar import WorkingDays
from chassis.pure.paging import Listing, Order, Page, Wish
from referral.answers import AdoptionView, CaseSummary, CountryView, FoundCase, FoundCases, KeyOwed, ListedReferral
from referral.domain.case import Case
from referral.domain.country import CountrySwitch
from referral.domain.elsewhere import Elsewhere
from referral.domain.profile import KEY_DESTROYED_WITHIN, Share
from referral.domain.referral import Referral
from vocabulary.finding import MOST_FOUND, Sought, conditions, fit_of
from vocabulary.owed import CONDITIONS, OwedItem, OwedWanted, listing, owed_item

CASES: Final = Listing(
    source="case_file",
    # a summary tells of none of these
    columns="data - '{timeline,consents,centre_consents,care_key,profile_keys,shares,engagements}'::text[] as data",
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
KEYS: Final = Listing(
    source="""
    (select * from case_file
     where data @? '$.shares[*] ? (@.destroyed_at == null && (@.revoked_at != null || @.shared_at == null))') file
    cross join lateral jsonb_array_elements(file.data -> 'shares') as listed(share)
    cross join lateral (
        select (listed.share ->> 'id')::uuid as id, (listed.share ->> 'revoked_at')::timestamptz as revoked_at,
               (listed.share ->> 'destroyed_at')::timestamptz as destroyed_at,
               (listed.share ->> 'shared_at')::timestamptz as shared_at,
               coalesce((listed.share ->> 'revoked_at')::timestamptz, (listed.share ->> 'wanted_at')::timestamptz,
                   file.updated_at) as since
    ) place""",
    id="place.id",
    columns="file.id as case_id, file.case_ref, listed.share, place.since",
    updated_at="file.updated_at",
    orders={"since": Order("place.since", "timestamptz")},
    usual="since",
)
"""Its condition on the cases is that of the index `case_file_keys_owed`, word by word."""
NOT_DESTROYED: Final = f"""
select count(*) from {KEYS.source}
where place.destroyed_at is null and place.revoked_at < $1::timestamptz - interval '{KEY_DESTROYED_WITHIN.days} days'
"""  # noqa: S608 - constants
AWAITED: Final = f"""
select count(*) from {KEYS.source}
where place.revoked_at is null and place.shared_at is null and place.since < $1::timestamptz - interval '1 hour'
"""  # noqa: S608 - constants
DEADLINES: Final = listing()
ADOPTIONS: Final = Listing(
    source="case_elsewhere",
    columns="data #- '{asked,heard}' as data",
    orders={"asked_at": Order("(data #>> '{asked,at}')::timestamptz", "timestamptz")},
    usual="-asked_at",
)
"""Without what is kept unseen."""
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
_share: TypeAdapter[Share] = TypeAdapter(Share)
_elsewhere: TypeAdapter[Elsewhere] = TypeAdapter(Elsewhere)
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


async def keys_owed(documents: Documents, scope: str | None, wish: Wish, *, before: datetime) -> Page[KeyOwed]:
    """Keys that were taken back before then, and of which their receivers have not told that they are destroyed; and
    those that a receiver waits for."""
    where = Where()
    where.add("file.opened_by = {}", scope)
    waits = "place.revoked_at is null and place.shared_at is null"
    where.add(f"place.destroyed_at is null and (place.revoked_at < {{}} or {waits})", before)
    return await documents.page(KEYS, where, wish, _key_owed)


async def deadlines(documents: Documents, scope: str | None, wish: Wish, *, wanted: OwedWanted) -> Page[OwedItem]:
    """What an organisation owes, or any."""
    where = Where().add("owed.org is not null")
    where.add("owed.org = {}", scope)
    for condition, value in zip(CONDITIONS, wanted, strict=True):
        where.add(condition, value)
    return await documents.page(DEADLINES, where, wish, owed_item)


_FOUND: Final = """
select file.id, file.case_ref, {exact} as exact
from case_file file left join profile using (id)
where file.opened_by = $2 and ($1::text is null or file.case_ref = $1) and {fits}
order by exact desc, file.id limit $3
"""
_MARKS: Final = "profile.data -> 'marks'"
"""What the index `profile_marks` has."""


async def found(documents: Documents, desk: str, looked_for: Sought) -> FoundCases:
    """Cases that this desk has opened, of whoever is looked for; by reference also those without a profile."""
    fits, exact, marks = conditions(_MARKS, looked_for.wanted, 4)
    asked = _FOUND.format(fits=fits, exact=exact)
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        rows = await connection.fetch(asked, looked_for.case_ref, desk, MOST_FOUND, *marks)
    return FoundCases(
        items=tuple(FoundCase(case_id=row["id"], case_ref=row["case_ref"], fit=fit_of(row["exact"])) for row in rows)
    )


async def countries(documents: Documents, wish: Wish, *, now: datetime) -> Page[CountryView]:
    """Every country that was ever switched, or is to be."""
    return await documents.page(
        COUNTRIES, Where(), wish, lambda row: CountryView.of(_country.validate_json(row["data"]), now)
    )


async def elsewhere(documents: Documents, case_ref: str) -> UUID | None:
    """The case that a centre has opened under this reference."""
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        found: UUID | None = await connection.fetchval(
            "select id from case_elsewhere where data ->> 'case_ref' = $1", case_ref
        )
    return found


async def adoptions(documents: Documents, scope: str, wish: Wish) -> Page[AdoptionView]:
    """What this desk has asked for last."""
    where = Where().add("data #>> '{{asked,desk}}' is not null")  # what the index answers
    where.add("data #>> '{{asked,desk}}' = {}", scope)
    return await documents.page(
        ADOPTIONS, where, wish, lambda row: AdoptionView.of(_elsewhere.validate_json(row["data"]))
    )


def _summary(row: Any) -> CaseSummary:
    return CaseSummary.model_validate(_case.validate_json(row["data"]))


def _key_owed(row: Any) -> KeyOwed:
    share = _share.validate_json(row["share"])
    told = {"receiver": share.receiver, "part": share.part, "status": share.status, "since": row["since"]}
    return KeyOwed.model_validate({"case_id": row["case_id"], "case_ref": row["case_ref"], **told})


def _listed(row: Any, days: WorkingDays) -> ListedReferral:
    referral = _referral.validate_json(row["referral"])
    return ListedReferral.shown(referral, days, case_id=row["case_id"], case_ref=row["case_ref"])
