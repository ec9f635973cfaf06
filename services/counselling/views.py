"""The lists of the centres: plain SELECTs, scoped to what the caller's centre may see."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Listing, Order, Page, Wish
from counselling.answers import FileSummary, InboxItem
from counselling.domain.centre_file import CentreFile, leading
from counselling.domain.referral import Referral

# Few referrals wait at any time, and an index finds them. PostgreSQL would rather walk through all files in order of
# their last change: `interval '0'` keeps the index of that order out.
INBOX: Final = Listing(
    source="""
    centre_file file
    cross join lateral jsonb_array_elements(file.data -> 'referrals') as waiting(referral)
    cross join lateral (
        select (waiting.referral ->> 'answer_due_at')::timestamptz as due_at,
               (waiting.referral ->> 'received_at')::timestamptz as received_at,
               (waiting.referral ->> 'id')::uuid as id,
               file.updated_at + interval '0' as updated_at
    ) place""",
    id="place.id",
    columns="file.id as case_id, waiting.referral",
    updated_at="place.updated_at",
    orders={
        "answer_due_at": Order("place.due_at", "timestamptz"),
        "received_at": Order("place.received_at", "timestamptz"),
    },
)
FILES: Final = Listing(source="centre_file", orders={"arrived_on": Order("arrived_on", "text")}, usual="id")

_file: TypeAdapter[CentreFile] = TypeAdapter(CentreFile)
_referral: TypeAdapter[Referral] = TypeAdapter(Referral)


async def inbox(documents: Documents, centre: str | None, wish: Wish) -> Page[InboxItem]:
    """Referrals that wait for an answer, at one centre or at all."""
    wanted = json.dumps({"status": "received"} if centre is None else {"status": "received", "centre": centre})
    where = Where()
    where.add("file.data -> 'referrals' @> jsonb_build_array({}::jsonb)", wanted)  # what the index answers
    where.add("waiting.referral @> {}::jsonb", wanted)
    return await documents.page(INBOX, where, wish, _inbox_item)


async def files(documents: Documents, centre: str | None, status: str | None, wish: Wish) -> Page[FileSummary]:
    """Files that a centre may read, or all."""
    where = Where()
    where.add("data -> 'centres' ? {}", centre)
    where.add("status = {}", status)
    return await documents.page(FILES, where, wish, lambda row: _summary(_file.validate_json(row["data"])))


def _inbox_item(row: Any) -> InboxItem:
    referral = _referral.validate_json(row["referral"])
    return InboxItem.model_validate(
        {
            "case_id": row["case_id"],
            "referral_id": referral.id,
            "root_referral_id": referral.root_id,
            "centre": referral.centre,
            "received_at": referral.received_at,
            "answer_due_at": referral.answer_due_at,
            "overdue_level": referral.overdue_level,
            "preview": referral.preview,
        }
    )


def _summary(file: CentreFile) -> FileSummary:
    last = leading(file)
    return FileSummary.model_validate(
        {
            "case_id": file.id,
            "status": file.status,
            "centre": file.centre,
            "country": file.country,
            "priority": last.preview.priority if last else None,
            "needs": last.preview.needs if last else (),
            "language": last.preview.language if last else None,
            "vulnerability_present": file.vulnerability_present,
            "departure": file.departure,
            "arrival": file.arrival,
            "readiness": file.assessment.readiness if file.assessment else None,
        }
    )
