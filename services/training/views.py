"""The lists of courses and enrolments: plain SELECTs that lock nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Listing, Order, Page, Wish
from training.answers import EnrolmentSummary, SessionSummary
from training.domain.enrolment import EnrolmentStatus
from training.domain.session import CourseSession
from training.reference import Reference
from training.resources import Scope
from vocabulary.countries import GERMANY

SESSIONS: Final = Listing(
    source="course_session",
    orders={"starts_on": Order("starts_on", "text"), "ends_on": Order("ends_on", "text")},
    usual="starts_on",
)
ENROLMENTS: Final = Listing(
    source="enrolment join course_session session on session.id = enrolment.session_id",
    id="enrolment.id",
    columns="enrolment.id as enrolment_id, session.id as session_id, session.data",
    updated_at="session.updated_at",
    orders={"starts_on": Order("session.starts_on", "text")},
)

_session: TypeAdapter[CourseSession] = TypeAdapter(CourseSession)


@dataclass(frozen=True, slots=True)
class MustEndBy:
    """By when a course must have ended: by the working days of its provider's Land, or of Germany."""

    everywhere: date
    by_provider: Mapping[str, date]

    @classmethod
    def of(cls, last: Mapping[str, date], reference: Reference) -> MustEndBy:
        """From the last days by region."""
        others = {each.code: last[each.admin1] for each in reference.providers if last[each.admin1] != last[GERMANY]}
        return cls(last[GERMANY], others)


@dataclass(frozen=True, slots=True)
class Period:
    """When courses take place; what is None does not matter. `must_end_by` lets online courses through."""

    today: date
    ending_from: date
    must_end_by: MustEndBy | None
    open_on: date | None


async def sessions(
    documents: Documents,
    wish: Wish,
    *,
    isco08: str | None,
    language: str | None,
    provider: str | None,
    period: Period,
) -> Page[SessionSummary]:
    """Courses on offer. Their days are text in ISO form, which sorts as days do."""
    where = Where()
    where.add("ends_on >= {}", period.ending_from.isoformat())
    where.add("isco08 = {}", isco08)
    where.add("language = {}", language)
    where.add("provider = {}", provider)
    if period.must_end_by is not None:
        by_provider = json.dumps({code: day.isoformat() for code, day in period.must_end_by.by_provider.items()})
        everywhere = period.must_end_by.everywhere.isoformat()
        where.add("(online or ends_on <= coalesce({}::jsonb ->> provider, {}))", by_provider, everywhere)
    where.add("status = 'open' and starts_on >= {}", period.open_on and period.open_on.isoformat())
    return await documents.page(
        SESSIONS, where, wish, lambda row: SessionSummary.on(_session.validate_json(row["data"]), period.today)
    )


async def enrolments(
    documents: Documents,
    scope: Scope,
    wish: Wish,
    *,
    case_id: UUID | None,
    session_id: UUID | None,
    status: EnrolmentStatus | None,
) -> Page[EnrolmentSummary]:
    """Enrolments, each as its session shows it."""
    where = Where()
    where.add("enrolment.case_id = {}", case_id)
    where.add("enrolment.session_id = {}", session_id)
    where.add("enrolment.status = {}", status)
    where.add("enrolment.requested_by = {}", scope.requested_by)
    # An index has those of a provider by id; one of the sessions has them by first day, and by time of change.
    its = "enrolment" if wish.sort.endswith("id") and wish.updated_since is None else "session"
    where.add(f"{its}.provider = {{}}", scope.provider)
    read: dict[UUID, CourseSession] = {}  # people of one course stand on one page more often than not

    def item(row: Any) -> EnrolmentSummary:
        session = read.get(row["session_id"])
        if session is None:
            session = read[row["session_id"]] = _session.validate_json(row["data"])
        enrolment = session.enrolment(row["enrolment_id"])
        assert enrolment is not None, "an enrolment is never removed from its session"
        return EnrolmentSummary.of(session, enrolment)

    return await documents.page(ENROLMENTS, where, wish, item)
