"""Reads beside the commands: plain SELECTs without locks, scoped to what the caller's centre may see."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from counselling.answers import (
    AssessmentList,
    AssessmentView,
    FilePage,
    FileSummary,
    FileView,
    InboxItem,
    InboxPage,
)
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile, leading
from counselling.domain.referral import Referral

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
INBOX_CURSOR: Final = r"^[0-9]{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""Where an inbox page ended: the due time in microseconds since 1970, and the referral."""

_file: TypeAdapter[CentreFile] = TypeAdapter(CentreFile)
_referral: TypeAdapter[Referral] = TypeAdapter(Referral)
_assessment: TypeAdapter[Assessment] = TypeAdapter(Assessment)

_CASE = "select id from centre_file where links @> array[$1]::uuid[]"
_FILE = "select data from centre_file where id = $1"
_INBOX = """
select file.id, waiting.referral
from centre_file file
cross join lateral jsonb_array_elements(file.data -> 'referrals') as waiting(referral)
cross join lateral (
    select (waiting.referral ->> 'answer_due_at')::timestamptz as due_at,
           (waiting.referral ->> 'id')::uuid as id
) place
where file.data -> 'referrals' @> jsonb_build_array($1::jsonb)
  and waiting.referral @> $1::jsonb
  and (place.due_at, place.id) > ($2, $3)
order by place.due_at, place.id limit $4
"""
_FILES = "select data from centre_file where id > $1{conditions} order by id limit $2"
_ASSESSMENTS = "select data from assessment where links @> array[$1]::uuid[] order by id"


async def case_of(database: asyncpg.Pool, referral_id: UUID) -> UUID | None:
    """The case that a referral belongs to."""
    case_id: UUID | None = await database.fetchval(_CASE, referral_id)
    return case_id


async def file_of(database: asyncpg.Pool, case_id: UUID) -> CentreFile | None:
    """The file of a case."""
    data = await database.fetchval(_FILE, case_id)
    return None if data is None else _file.validate_json(data)


async def inbox(database: asyncpg.Pool, centre: str | None, cursor: str | None, limit: int) -> InboxPage:
    """Referrals that wait for an answer, at one centre or at all, by the time it is due."""
    wanted = {"status": "received"} if centre is None else {"status": "received", "centre": centre}
    due_at, after = EPOCH, UUID(int=0)
    if cursor is not None:
        microseconds, _, id_ = cursor.partition("_")
        due_at, after = EPOCH + int(microseconds) * MICROSECOND, UUID(id_)
    rows = await database.fetch(_INBOX, json.dumps(wanted), due_at, after, limit + 1)
    waiting = [(row["id"], _referral.validate_json(row["referral"])) for row in rows[:limit]]
    more = len(rows) > limit
    return InboxPage(
        items=[_inbox_item(case_id, referral) for case_id, referral in waiting],
        next_cursor=_place(waiting[-1][1]) if more else None,
    )


async def files(
    database: asyncpg.Pool, centre: str | None, status: str | None, cursor: UUID | None, limit: int
) -> FilePage:
    """Files that a centre may read, or all, by id."""
    conditions, arguments = "", [cursor or UUID(int=0), limit + 1]
    filters: dict[str, Any] = {"data -> 'centres' ?": centre, "status =": status}
    for condition, value in filters.items():
        if value is not None:
            arguments.append(value)
            conditions += f" and {condition} ${len(arguments)}"
    rows = await database.fetch(_FILES.format(conditions=conditions), *arguments)
    found = [_file.validate_json(row["data"]) for row in rows[:limit]]
    more = len(rows) > limit
    return FilePage(items=[_summary(file) for file in found], next_cursor=found[-1].id if more else None)


async def assessments(database: asyncpg.Pool, case_id: UUID) -> AssessmentList:
    """Every assessment of a case with its levels. The caller has made sure who is asking."""
    rows = await database.fetch(_ASSESSMENTS, case_id)
    found = [_assessment.validate_json(row["data"]) for row in rows]
    found.sort(key=lambda each: (each.assessed_on, each.id), reverse=True)
    return AssessmentList(items=[_assessment_view(each) for each in found])


def file_view(file: CentreFile, *, preview_only: bool) -> FileView:
    """The file as one reader may see it."""
    view = FileView.model_validate(file)
    if preview_only:
        hidden = {"courses": None, "offers": None, "employments": None, "assessment": None}
        return view.model_copy(update=hidden)
    return view


def _inbox_item(case_id: UUID, referral: Referral) -> InboxItem:
    return InboxItem.model_validate(
        {
            "case_id": case_id,
            "referral_id": referral.id,
            "root_referral_id": referral.root_id,
            "centre": referral.centre,
            "received_at": referral.received_at,
            "answer_due_at": referral.answer_due_at,
            "overdue_level": referral.overdue_level,
            "preview": referral.preview,
        }
    )


def _place(referral: Referral) -> str:
    return f"{(referral.answer_due_at - EPOCH) // MICROSECOND}_{referral.id}"


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


def _assessment_view(assessment: Assessment) -> AssessmentView:
    return AssessmentView(
        assessment_ref=assessment.id,
        centre=assessment.centre,
        assessed_on=assessment.assessed_on,
        levels={each.domain: each.level for each in assessment.levels},
    )
