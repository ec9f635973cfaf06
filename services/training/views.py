"""Reads: plain SQL on the tables of the aggregates, outside of any command and without a lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from chassis.pure.states import Codec
from training.domain.enrolment import Enrolment
from training.domain.learner import Learner
from training.domain.session import CourseSession
from training.handlers import KINDS

_LEARNERS, _SESSIONS = (Codec(kind) for kind in KINDS)

_ENROLMENT = """
select s.data, e.value->>'id' as enrolment_id
from course_session s cross join lateral jsonb_array_elements(s.data->'enrolments') e
"""


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions; what is None does not matter. `must_end_by` lets online courses through."""

    ending_from: date
    isco08: str | None = None
    language: str | None = None
    provider: str | None = None
    must_end_by: date | None = None
    open_on: date | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentFilter:
    """Which enrolments; what is None does not matter."""

    case_id: UUID | None = None
    session_id: UUID | None = None
    status: str | None = None
    provider: str | None = None
    requested_by: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An enrolment with its session and its person."""

    session: CourseSession
    enrolment: Enrolment
    learner: Learner | None


class _Where:
    """Conditions with numbered parameters. The texts are constants of this module; values never enter them."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._conditions: list[str] = []

    def add(self, condition: str, value: Any) -> None:
        """A condition whose `{}` stands for the value; none if the value is None."""
        if value is not None:
            self.values.append(value)
            self._conditions.append(condition.format(f"${len(self.values)}"))

    def __str__(self) -> str:
        return " and ".join(self._conditions) or "true"


async def find_session(pool: asyncpg.Pool, id_: UUID) -> CourseSession | None:
    """The session with this id."""
    data = await pool.fetchval("select data from course_session where id = $1", id_)
    return None if data is None else _session(data)


async def find_sessions(
    pool: asyncpg.Pool, wanted: SessionFilter, after: UUID | None, limit: int
) -> list[CourseSession]:
    """Sessions by first day, from the one that follows `after`. Days are text in ISO form: they sort as days do."""
    where = _Where()
    where.add("ends_on >= {}", wanted.ending_from.isoformat())
    where.add("isco08 = {}", wanted.isco08)
    where.add("language = {}", wanted.language)
    where.add("provider = {}", wanted.provider)
    where.add("(online or ends_on <= {})", _iso(wanted.must_end_by))
    where.add("status = 'open' and starts_on >= {}", _iso(wanted.open_on))
    where.add("(starts_on, id) > (select c.starts_on, c.id from course_session c where c.id = {})", after)
    query = f"select data from course_session where {where} order by starts_on, id limit {limit:d}"  # noqa: S608
    return [_session(row["data"]) for row in await pool.fetch(query, *where.values)]


async def find_enrolment(pool: asyncpg.Pool, id_: UUID) -> Place | None:
    """The enrolment with this id."""
    data = await pool.fetchval("select data from course_session where links @> array[$1::uuid]", id_)
    session = None if data is None else _session(data)
    enrolment = None if session is None else session.enrolment(id_)
    if session is None or enrolment is None:
        return None
    return (await with_learners(pool, [(session, enrolment)]))[0]


async def find_enrolments(pool: asyncpg.Pool, wanted: EnrolmentFilter, after: UUID | None, limit: int) -> list[Place]:
    """Enrolments, the latest request first, from the one that follows `after`. Their ids are ordered by time."""
    where = _Where()
    if wanted.case_id is not None:
        where.add("s.links @> array[{}::uuid]", wanted.case_id)
        where.add("e.value->>'case_id' = {}", str(wanted.case_id))
    where.add("s.id = {}", wanted.session_id)
    where.add("e.value->>'status' = {}", wanted.status)
    where.add("s.provider = {}", wanted.provider)
    where.add("e.value->>'requested_by' = {}", wanted.requested_by)
    where.add("(e.value->>'id')::uuid < {}", after)
    query = f"{_ENROLMENT} where {where} order by (e.value->>'id')::uuid desc limit {limit:d}"
    sessions: dict[str, CourseSession] = {}
    found = []
    for row in await pool.fetch(query, *where.values):
        session = sessions.setdefault(row["data"], _session(row["data"]))
        enrolment = session.enrolment(UUID(row["enrolment_id"]))
        if enrolment is not None:
            found.append((session, enrolment))
    return await with_learners(pool, found)


async def with_learners(pool: asyncpg.Pool, places: Iterable[tuple[CourseSession, Enrolment]]) -> list[Place]:
    """Enrolments joined by the people they belong to."""
    places = list(places)
    cases = list({enrolment.case_id for _, enrolment in places})
    rows: Sequence[Any] = []
    if cases:
        rows = await pool.fetch("select id, data from learner where id = any($1::uuid[])", cases)
    learners = {row["id"]: _LEARNERS.load(row["data"]) for row in rows}
    return [Place(session, enrolment, learners.get(enrolment.case_id)) for session, enrolment in places]


def _session(data: str) -> CourseSession:
    session: CourseSession = _SESSIONS.load(data)
    return session


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
