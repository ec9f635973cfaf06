"""Deadlines as rows: they survive restarts, and decisions set, move and clear them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.writes import Part, Writes
from chassis.pure.decision import Cleared, Counted, Deadline, DeadlineDue, DeadlineMove

_SET = Part(
    "deadlines_set",
    """
insert into deadline (name, subject, owner, due_at, level, counted_at, counted_from, counted_days,
    role, org, about, approaches_at, missed)
select u.name, u.subject, u.owner, u.due_at, u.level, u.counted_at, u.counted_from, u.counted_days,
    u.role, u.org, u.about, u.approaches_at, coalesce(u.missed, false) from {rows}
on conflict (name, subject) do update set owner = excluded.owner, due_at = excluded.due_at, level = excluded.level,
    counted_at = excluded.counted_at, counted_from = excluded.counted_from, counted_days = excluded.counted_days,
    role = excluded.role, org = excluded.org, about = excluded.about, approaches_at = excluded.approaches_at,
    missed = excluded.missed, changed_at = clock_timestamp()
returning true
""",
    (
        *("name text", "subject uuid", "owner uuid", "due_at timestamptz", "level int"),
        *("counted_at text", "counted_from timestamptz", "counted_days int"),
        *("role text", "org text", "about uuid", "approaches_at timestamptz", "missed boolean"),
    ),
)
_CLEARED = Part(
    "deadlines_cleared",
    "delete from deadline d using {rows} where d.name = u.name and d.subject = u.subject returning true",
    ("name text", "subject uuid"),
)
_ERASED = Part(
    "deadlines_erased",
    "delete from deadline d using {rows} where d.owner = u.owner returning true",
    ("owner uuid",),
)
_DUE = """
select name, subject, owner, due_at, level, due_at > $1 as approaching from deadline
where not missed and least(due_at, approaches_at) <= $1 and name = any($2::text[])
order by least(due_at, approaches_at), name, subject limit $3
"""
_CLAIM = """
with due as (
    select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::int[], $5::boolean[])
        as due(name, subject, at, level, approaching)
), fired as (
    delete from deadline d using due where not due.approaching and not d.missed
        and d.name = due.name and d.subject = due.subject and d.due_at = due.at and d.level = due.level
    returning d.name, d.subject
), reminded as (
    update deadline d set approaches_at = null from due where due.approaching and d.approaches_at is not null
        and d.name = due.name and d.subject = due.subject and d.due_at = due.at and d.level = due.level
    returning d.name, d.subject
)
select name, subject from fired union all select name, subject from reminded
"""
_COUNTED = """
select name, subject, owner, due_at, level, counted_at, counted_from, counted_days from deadline
where counted_at is not null and not missed and due_at > $1 and name = any($2::text[]) and (subject, name) > ($3, $4)
order by subject, name limit $5
"""
_MOVE = """
update deadline d set due_at = u.moved, approaches_at = u.moved - (d.due_at - d.approaches_at),
    changed_at = clock_timestamp()
from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::int[], $5::timestamptz[])
    as u(name, subject, at, level, moved)
where d.name = u.name and d.subject = u.subject and d.due_at = u.at and d.level = u.level and not d.missed
returning d.name, d.subject
"""
_POSTPONE = """
update deadline set due_at = due_at + case when $6 then interval '0' else $3 end, approaches_at = approaches_at + $3
where name = $1 and subject = $2 and due_at = $4 and level = $5 and not missed
"""


def save(writes: Writes, changes: Iterable[Deadline | Cleared]) -> None:
    """Sets and clears deadlines."""
    changes = list(changes)
    writes.add(_CLEARED, [(each.name, each.subject) for each in changes if isinstance(each, Cleared)])
    wanted = (
        (*each[:5], *(each.counted or (None,) * 3), *(each.owed or (None,) * 5))
        for each in changes
        if isinstance(each, Deadline)
    )
    writes.add(_SET, sorted(wanted, key=lambda row: (row[0], row[1])))


def erase(writes: Writes, owners: Sequence[tuple[UUID]]) -> None:
    """Removes every deadline of aggregates whose rows go."""
    writes.add(_ERASED, sorted(set(owners)))


async def due(connection: Connection, now: datetime, names: Iterable[str], limit: int) -> list[DeadlineDue]:
    """What is due or approaches, without locking it: every transaction locks aggregates before deadlines."""
    return [DeadlineDue(*row) for row in await connection.fetch(_DUE, now, list(names), limit)]


async def postpone(connection: Connection, deadline: DeadlineDue, delta: timedelta) -> None:
    """Moves a deadline that cannot fire out of the way of the others, unless somebody else has moved it."""
    await connection.execute(
        *(_POSTPONE, deadline.name, deadline.subject, delta),
        *(deadline.due_at, deadline.level, deadline.approaching),
    )


async def claim(connection: Connection, due: Sequence[DeadlineDue]) -> list[DeadlineDue]:
    """Takes the deadlines that are still as they were read, and leaves those that another worker has fired or a command
    has moved meanwhile. One that approaches stays, and approaches no more. Call it with their owners locked."""
    rows = await connection.fetch(
        _CLAIM,
        [each.name for each in due],
        [each.subject for each in due],
        [each.due_at for each in due],
        [each.level for each in due],
        [each.approaching for each in due],
    )
    claimed: set[tuple[str, UUID]] = {(row["name"], row["subject"]) for row in rows}
    return [each for each in due if (each.name, each.subject) in claimed]


async def counted(
    connection: Connection, now: datetime, names: Iterable[str], after: tuple[UUID, str], limit: int
) -> list[Deadline]:
    """Deadlines ahead that were counted in working days, by subject and name, without locking them."""
    rows = await connection.fetch(_COUNTED, now, list(names), *after, limit)
    return [
        Deadline(name, subject, owner, due_at, level, Counted(*what))
        for name, subject, owner, due_at, level, *what in rows
    ]


async def move(connection: Connection, moves: Sequence[DeadlineMove]) -> list[DeadlineMove]:
    """Moves the deadlines that are still as they were read, and leaves those that were fired, moved or set meanwhile.
    Call it with their owners locked."""
    rows = await connection.fetch(
        _MOVE,
        [each.name for each in moves],
        [each.subject for each in moves],
        [each.old_due_at for each in moves],
        [each.level for each in moves],
        [each.due_at for each in moves],
    )
    moved: set[tuple[str, UUID]] = {(row["name"], row["subject"]) for row in rows}
    return [each for each in moves if (each.name, each.subject) in moved]
