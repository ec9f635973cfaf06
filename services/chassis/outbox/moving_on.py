"""How a database that has forgotten something goes on: behind all numbers that were given, and what holds told anew.

Call `alone` first. Then neither the reporter (`chassis/work/reporter.py`) nor whoever settles or decides on a parked
record is in between.
"""

from __future__ import annotations

from typing import Final

from chassis.outbox.lineage import Comparison
from chassis.outbox.records import renumbered
from chassis.postgres.database import Connection

REPORTER: Final = int.from_bytes(b"phreport")
"""The advisory lock of whoever tells of the service's operation."""
_REPORTS_WAIT: Final = "select pg_advisory_xact_lock($1)"
_PARKED_STANDS: Final = "lock table parked in share row exclusive mode"
_ROWS: Final = "select id, key, record from outbox where key = any($1::text[]) order by id"
_NUMBERED: Final = """
update outbox o set record = u.record from unnest($1::bigint[], $2::bytea[]) as u(id, record) where o.id = u.id
"""
_MOVE: Final = """
insert into stream (topic, key, sequence) select * from unnest($3::text[], $1::text[], $2::bigint[])
on conflict (key) do update set sequence = greatest(stream.sequence, excluded.sequence),
    recorded_at = greatest(stream.recorded_at, clock_timestamp())
"""
_RESTORED: Final = """
insert into report (at, places, restored)
select clock_timestamp(), '[]', coalesce(jsonb_agg(jsonb_build_array(topic, partition, next_offset)), '[]')
from progress where next_offset is not null
on conflict (single) do update set restored = excluded.restored
"""
"""What was told of records behind these places is undone; the worker says so before anything else."""
_PARKED: Final = "select tell_parked()"


async def alone(connection: Connection) -> None:
    """Waits for a report under way, and for who changes parked records; new ones wait for this transaction."""
    await connection.execute(_REPORTS_WAIT, REPORTER)
    await connection.execute(_PARKED_STANDS)


async def renumber(connection: Connection, found: Comparison) -> int:
    """Moves the numbers of forgotten keys behind everything published; returns how many waiting rows have new ones."""
    keys, told_already = sorted(found.numbers), set(found.told_already)
    numbers, changed = dict(found.numbers), []
    # Locks the streams, those that are not there yet, too: whoever emits must wait, and what was emitted can be seen.
    topics = [found.topics[key] for key in keys]
    await connection.execute(_MOVE, keys, [numbers[key] for key in keys], topics)
    for id_, key, record in await connection.fetch(_ROWS, keys):
        if id_ not in told_already:
            numbers[key] += 1
            changed.append((id_, renumbered(record, numbers[key])))
    if changed:
        await connection.execute(_NUMBERED, *map(list, zip(*changed, strict=True)))
    await connection.execute(_MOVE, keys, [numbers[key] for key in keys], topics)
    return len(changed)


async def tell_anew(connection: Connection) -> None:
    """Has the worker tell how far this database had read, and then all that is parked in it."""
    await connection.execute(_RESTORED)
    await connection.execute(_PARKED)
