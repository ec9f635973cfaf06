"""What is kept, what is due by its rules, and what holds it: counts only. And the request that the worker ends it.

The worker alone erases: an operator's run is a row in `retention_run`, which it carries out within seconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.pure.retention import Agreed, Kept, Swept

OVERDUE = "P2D"
"""What is due for longer than this should have ended: a run is made every day."""

_DUE = """
select found.subject, (found.since at time zone 'UTC' + rule.term::interval) at time zone 'UTC' as due_at,
       array(
           select distinct reason from unnest(found.holds) as reason
           where reason <> all(string_to_array(rule.idle, ' '))
       ) as held_by
from ({find}) as found join unnest($1::text[], $2::text[], $3::text[]) as rule(reference, term, idle) using (reference)
"""
"""What there is of a kind, when it is due, and which holds keep it."""
_COUNTS = """
select count(*) as kept, count(*) filter (where due_at <= $4 and held_by = '{{}}') as due,
       count(*) filter (where due_at + $5::text::interval <= $4 and held_by = '{{}}') as overdue,
       count(*) filter (where due_at <= $4 and held_by <> '{{}}') as held,
       min(due_at) filter (where due_at <= $4 and held_by = '{{}}') as oldest,
       min(due_at) filter (where due_at > $4) as next
from ({due}) as it
"""
_HELD = """
select reason, count(*) from ({due}) as it, unnest(held_by) as reason where due_at <= $4 group by reason order by reason
"""
_SWEPT_COUNTS = """
select count(*) as due,
       count(*) filter (where since <= $3::timestamptz - $2::text::interval - $4::text::interval) as overdue,
       min(since) + $2::text::interval as oldest
from ({find}) as found where reference = $1 and since <= $3::timestamptz - $2::text::interval
"""
"""Of what is swept only what is due, by the index that finds it: there may be millions that are not."""
_SOME = """
select subject from ({due}) as it where due_at <= $4 and held_by = '{{}}' and subject > $5 order by subject limit $6
"""
_STILL = "select subject from ({due}) as it where due_at <= $4 and held_by = '{{}}' and subject = any($5)"
AUDIT: Final = Swept(
    "audit",
    frozenset({"written"}),
    "erased",
    "select null::uuid as subject, 'written' as reference, at as since, '{}'::text[] as holds from audit",
    None,
)
"""Who did or saw what. The chain over it is cut by `audit/cut.py`, in a run."""
SWEPT: Final = (
    AUDIT,
    Swept(
        "answer",
        frozenset({"created"}),
        "erased",
        "select null::uuid as subject, 'created' as reference, created_at as since, '{}'::text[] as holds "
        "from idempotency",
        "delete from idempotency where created_at < clock_timestamp() - $1::text::interval",
    ),
    Swept(
        "discarded_record",
        frozenset({"discarded"}),
        "erased",
        "select null::uuid as subject, 'discarded' as reference, decided_at as since, '{}'::text[] as holds "
        "from parked where state = 'discarded' and size is not null",
        "update parked set headers = '[]', payload = null, size = null where state = 'discarded' and size is not null "
        "and decided_at < clock_timestamp() - $1::text::interval",
    ),
)
"""What every service keeps: answers to commands, by which a repeated request gets the first one's; and what a record
said that an operator has discarded. Its row stays with the reason, and with the digest by which it is known again."""
SYSTEM: Final = "system"
"""Who has asked for the run of each day."""
_ASK = "insert into retention_run (asked_at, asked_by, reason) values ($1, $2, $3) returning id"
_WAIT = "update retention_run set asked_at = greatest(asked_at, $1) where ended_at is null"
_RUN = "select id, asked_at, asked_by, reason, ended_at, report from retention_run where id = $1"
_RUNS = "select id, asked_at, asked_by, reason, ended_at, report from retention_run order by id desc limit $1"


class Line(NamedTuple):
    """What there is of one kind. `held_by`: how many of the held ones each reason holds."""

    kind: str
    kept: int | None
    """None: of what is swept only what is due is counted."""
    due: int
    overdue: int
    held: int
    held_by: dict[str, int]
    oldest: datetime | None
    """Since when the oldest of what is due has been."""
    next: datetime | None
    """When the next falls due; None also for what is swept."""


class Run(NamedTuple):
    """One run. `report`: what has ended so far, per kind."""

    id: int
    asked_at: datetime
    asked_by: str
    reason: str
    ended_at: datetime | None
    report: dict[str, int]


async def plan(connection: Connection, agreed: Agreed, now: datetime) -> list[Line]:
    """Counts, and changes nothing."""
    return [await line_of(connection, agreed, kind, now) for kind in agreed.kinds]


async def line_of(connection: Connection, agreed: Agreed, kind: Kept | Swept, now: datetime) -> Line:
    """Counts one kind."""
    if isinstance(kind, Swept):
        counts = _SWEPT_COUNTS.format(find=kind.find)
        rows = [
            await connection.fetchrow(counts, rule.reference, rule.term, now, OVERDUE)
            for rule in agreed.rules[kind.kind]
        ]
        due, overdue, oldest = zip(*(row or (0, 0, None) for row in rows), strict=True)
        first = min((each for each in oldest if each is not None), default=None)
        return Line(kind.kind, None, sum(due), sum(overdue), 0, {}, first, None)
    asked, terms = due_of(kind), terms_of(agreed, kind)
    row = await connection.fetchrow(_COUNTS.format(due=asked), *terms, now, OVERDUE)
    assert row is not None, "a count has one row"
    holds = await connection.fetch(_HELD.format(due=asked), *terms, now) if row["held"] else []
    return Line(kind=kind.kind, held_by={each["reason"]: each["count"] for each in holds}, **row)


async def sweep(connection: Connection, agreed: Agreed) -> None:
    """Ends what belongs to no subject and is older than its term."""
    for kind in agreed.kinds:
        if isinstance(kind, Swept) and kind.sweep is not None:
            for rule in agreed.rules[kind.kind]:
                await connection.execute(kind.sweep, rule.term)


async def some_due(
    connection: Connection, agreed: Agreed, kind: Kept, now: datetime, after: UUID, limit: int
) -> list[UUID]:
    """Subjects whose records of this kind are due, by id, from `after` on."""
    statement = _SOME.format(due=due_of(kind))
    return [row[0] for row in await connection.fetch(statement, *terms_of(agreed, kind), now, after, limit)]


async def still_due(
    connection: Connection, agreed: Agreed, kind: Kept, now: datetime, subjects: Sequence[UUID]
) -> set[UUID]:
    """Those of them that still are, once they are locked: somebody may have set a hold meanwhile."""
    statement = _STILL.format(due=due_of(kind))
    return {row[0] for row in await connection.fetch(statement, *terms_of(agreed, kind), now, subjects)}


def due_of(kind: Kept | Swept) -> str:
    """SQL for what there is of a kind, with the three columns of its rules as $1 to $3."""
    return _DUE.format(find=kind.find)


def terms_of(agreed: Agreed, kind: Kept | Swept) -> tuple[list[str], list[str], list[str]]:
    """The rules of a kind as the statements take them: the reference, the term, and the reasons that hold nothing. A
    reason that no rule names, since its code is newer than the file, holds everything."""
    rules = agreed.rules[kind.kind]
    named = {reason for those in agreed.rules.values() for rule in those for reason in rule.holds}
    idle = [" ".join(sorted(named.difference(rule.holds))) for rule in rules]
    return [each.reference for each in rules], [each.term for each in rules], idle


async def ask(connection: Connection, by: str, reason: str, now: datetime) -> int:
    """Asks the worker for a run; returns its number."""
    found: int = await connection.fetchval(_ASK, now, by, reason)
    return found


async def wait(connection: Connection, until: datetime) -> None:
    """Asks for a run then, and lets none begin or go on before it, but for one that an operator asks for meanwhile."""
    await connection.execute(_WAIT, until)
    await ask(connection, SYSTEM, "after a restore", until)


async def run_of(connection: Connection, id_: int) -> Run:
    """A run as it stands. Raises `LookupError` if there is none."""
    row = await connection.fetchrow(_RUN, id_)
    if row is None:
        raise LookupError(f"there is no run {id_}")
    return _run(row)


async def runs(connection: Connection, limit: int) -> list[Run]:
    """The last runs, the last first."""
    return [_run(row) for row in await connection.fetch(_RUNS, limit)]


def _run(row: Any) -> Run:
    return Run(**{**row, "report": json.loads(row["report"])})
