"""Durable timers: rows that survive restarts, fired through the same decide-and-save path as everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.writes import Writes
from chassis.pure.decision import Cleared, Deadline, DeadlineDue

_SET = """
insert into deadline (name, subject, owner, due_at, level)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::int[])
on conflict (name, subject) do update set owner = excluded.owner, due_at = excluded.due_at, level = excluded.level
returning true
"""
_CLEAR = """
delete from deadline d using unnest($1::text[], $2::uuid[]) as gone(name, subject)
where d.name = gone.name and d.subject = gone.subject returning true
"""
_DUE = """
select name, subject, owner, due_at, level from deadline
where due_at <= $1 and name = any($2::text[]) order by due_at, name, subject limit $3
"""
_CLAIM = """
delete from deadline d
using unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::int[]) as due(name, subject, at, level)
where d.name = due.name and d.subject = due.subject and d.due_at = due.at and d.level = due.level
returning d.name, d.subject
"""
_POSTPONE = "update deadline set due_at = $3 where name = $1 and subject = $2 and due_at = $4 and level = $5"


def save(writes: Writes, timers: Iterable[Deadline | Cleared]) -> None:
    """Sets and clears timers."""
    timers = list(timers)
    clear = [timer for timer in timers if isinstance(timer, Cleared)]
    if clear:
        writes.add("timers_cleared", _CLEAR, [timer.name for timer in clear], [timer.subject for timer in clear])
    running = sorted((timer for timer in timers if isinstance(timer, Deadline)), key=lambda t: (t.name, t.subject))
    if running:
        writes.add(
            "timers_set",
            _SET,
            [timer.name for timer in running],
            [timer.subject for timer in running],
            [timer.owner for timer in running],
            [timer.due_at for timer in running],
            [timer.level for timer in running],
        )


async def due(connection: Connection, now: datetime, names: Iterable[str], limit: int) -> list[DeadlineDue]:
    """What is due, without locking it: aggregates are locked first, everywhere."""
    return [DeadlineDue(*row) for row in await connection.fetch(_DUE, now, list(names), limit)]


async def postpone(connection: Connection, timer: DeadlineDue, delta: timedelta) -> None:
    """Moves a timer that cannot fire, so that it does not stand in the way of others, unless somebody has moved it."""
    await connection.execute(_POSTPONE, timer.name, timer.subject, timer.due_at + delta, timer.due_at, timer.level)


async def claim(connection: Connection, timers: Sequence[DeadlineDue]) -> list[DeadlineDue]:
    """Takes the timers that are still as they were read. Call it with their owners locked: what another worker has
    fired, or a command has moved meanwhile, is left out."""
    rows = await connection.fetch(
        _CLAIM,
        [timer.name for timer in timers],
        [timer.subject for timer in timers],
        [timer.due_at for timer in timers],
        [timer.level for timer in timers],
    )
    claimed: set[tuple[str, UUID]] = {(row["name"], row["subject"]) for row in rows}
    return [timer for timer in timers if (timer.name, timer.subject) in claimed]
