"""Tells what became of parked records, and now and then how far the service has come (chassis/pure/operations.py).

A trigger notes each change of a parked record in the transaction that makes it; whichever worker has the advisory lock
tells the notes in order and deletes them in the same transaction. A report follows at most once a minute while the
service reads on, and every quarter of an hour whatever happens, by the database's clock. The notes are looked at after
the places that were read: so whatever is parked below these has been told. While the database is known to be an earlier
one nothing is told. Then `ph restore reconcile` has written down how far it had read, and that is told first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import asyncpg
import uuid_utils

from chassis.outbox.append import Emitted, append
from chassis.outbox.moving_on import REPORTER
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection
from chassis.postgres.writes import Part, Writes
from chassis.pure.decision import Actor
from chassis.pure.messages import Event
from chassis.pure.operations import Operations, ReadUpTo, reader_of
from chassis.work.workshop import Workshop

BATCH: Final = 500
SOONEST: Final = timedelta(minutes=1)
"""Between two reports while the service reads on."""
LATEST: Final = timedelta(minutes=15)
"""Between two reports whatever happens: whoever has heard nothing for longer knows that something is wrong."""
OPERATOR: Final = "operator"
OTHER: Final = "other"
_FAILURE = re.compile(r"[a-z][a-z_]{1,63}")

_READ = """
select coalesce(jsonb_agg(jsonb_build_array(topic, partition, next_offset) order by topic, partition), '[]')
from progress where next_offset is not null
"""
_IS_DUE = """
report.at is null or report.restored is not null or report.at > clock_timestamp()
or report.at <= clock_timestamp() - case when report.places = read.places then $2::interval else $1::interval end
"""
_ANYTHING = f"""
select exists (select from parked_change) or {_IS_DUE}
from (select ({_READ})) as read(places) left join report on true
"""  # noqa: S608 - here and below: nothing but constants is filled in
_STANDING = f"""
select clock_timestamp() as now, read.places, report.at as reported_at, report.restored, {_IS_DUE} as due,
       (select max(id) from parked_change) as last,
       (select extract(epoch from clock_timestamp() - created_at)::float8 from outbox order by id limit 1) as oldest
from (select ({_READ})) as read(places) left join report on true
"""  # noqa: S608
_TAKEN = """
with taken as (
    delete from parked_change where id = any(array(select id from parked_change order by id limit $1)) returning *
)
select * from taken order by id
"""
_PARKED = "select count(*) from parked where state <> 'discarded'"
_NOTED = "select exists (select from parked_change)"
_FORGOTTEN = "delete from parked_change"
_REPORTED = Part(
    "reported",
    """
insert into report (at, places) select u.at, u.places::jsonb from {rows}
on conflict (single) do update set at = excluded.at, places = excluded.places, restored = null returning true
""",
    ("at timestamptz", "places text"),
    exact=True,
)


class _Due(NamedTuple):
    """A report that waits until what was noted by then, up to the id `last`, is told."""

    reported_at: datetime | None
    places: str
    last: int


class Reporter:
    """Of one worker. `tells`: the service's own events; without them, what is noted is forgotten."""

    def __init__(self, workshop: Workshop, service: str, tells: Operations | None) -> None:
        self._shop = workshop
        self._key = reader_of(service)
        self._tells = tells
        self._due: _Due | None = None

    async def step(self) -> int:
        """Tells up to one batch of changes, and the report if it is due; returns how many events."""
        if self._shop.gate.closed:
            return 0
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            if self._tells is None:
                if await connection.fetchval(_NOTED):
                    await connection.execute(_FORGOTTEN)
                return 0
            if not await connection.fetchval(_ANYTHING, SOONEST, LATEST):
                return 0
            async with connection.transaction():
                if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", REPORTER):
                    return 0
                told = await self._tell(connection, self._tells)
        self._shop.wake_relay()
        return told

    async def _tell(self, connection: Connection, tells: Operations) -> int:
        standing = await connection.fetchrow(_STANDING, SOONEST, LATEST)
        assert standing is not None, "a select of one row and at most one more"
        changes = await connection.fetch(_TAKEN, BATCH)
        parked = await connection.fetchval(_PARKED) if standing["due"] else 0
        events: list[Emitted] = []
        if standing["restored"] is not None:
            events.append(self._emitted(self._report(tells, standing, standing["restored"], parked, restored=True)))
        events += [self._changed(tells, each) for each in changes]
        writes = Writes()
        places = self._may_report(standing, changes)
        if places is not None:
            events.append(self._emitted(self._report(tells, standing, places, parked, restored=False)))
            writes.add(_REPORTED, [(standing["now"], places)])
        elif standing["restored"] is not None:
            writes.add(_REPORTED, [(standing["now"], standing["restored"])])
        append(writes, events, standing["now"])
        await writes.execute(connection)
        return len(events)

    def _may_report(self, standing: asyncpg.Record, changes: Sequence[asyncpg.Record]) -> str | None:
        """The places of a report that is due; None while changes wait that belong before it. Changes that keep coming
        put it off no longer than those that were noted when it became due: it tells the places of then."""
        if not standing["due"]:
            return None
        if len(changes) < BATCH:
            return str(standing["places"])
        since = standing["reported_at"]
        if self._due is None or self._due.reported_at != since or standing["restored"] is not None:
            self._due = _Due(since, standing["places"], standing["last"])
        return self._due.places if changes[-1]["id"] >= self._due.last else None

    def _report(
        self, tells: Operations, standing: asyncpg.Record, places: str, parked: int, *, restored: bool
    ) -> Event:
        read: Sequence[tuple[str, int, int]] = json.loads(places)
        return tells.progressed(
            reader_id=self._key,
            places=tuple(ReadUpTo(topic=topic, partition=part, next_offset=offset) for topic, part, offset in read),
            parked=parked,
            outbox_oldest_seconds=max(0, int(standing["oldest"] or 0)),
            restored=restored,
        )

    def _changed(self, tells: Operations, row: asyncpg.Record) -> Emitted:
        failure: str = row["failure"]
        event = tells.of(row["change"])(
            reader_id=self._key,
            record_topic=row["topic"],
            record_partition=row["partition"],
            record_offset=row["record_offset"],
            failure=failure if _FAILURE.fullmatch(failure) else OTHER,
            attempt=row["attempt"],
        )
        decided = row["change"] in {"retried", "discarded"}
        actor = Actor(OPERATOR, self._shop.actor.org) if decided else self._shop.actor
        return self._emitted(event, actor, row["at"])

    def _emitted(self, event: Event, actor: Actor | None = None, at: datetime | None = None) -> Emitted:
        trace = self._shop.tracer.root()
        return Emitted(event, str(self._key), str(uuid_utils.uuid7()), actor or self._shop.actor, trace, "", at)
