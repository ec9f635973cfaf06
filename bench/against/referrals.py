"""What `consumer`, `hop` and `relay` share: a topic of referrals, and the counselling service that reads it.

Half of the events are first referrals of new cases, half are second ones of the same cases.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import asyncpg
from aiokafka import TopicPartition

from bench.against.api import Incomparable
from bench.against.builds import Build
from bench.against.field import Field, Service
from bench.against.topics import SILENCE_SECONDS, begin_at, ends_of, events_in
from bench.seed import referral, send

SOURCE, TARGET, SERVICE = "ph.referral.v1", "ph.counselling.v1", "counselling"
EVENTS = 20_000
QUIET_SECONDS = 1.0
"""Nothing more has come for so long: a build has published all that it makes of the topic."""
LEADS_SECONDS = 10
OUTBOXES = ("outbox",)
"""Names that builds have given to the table in which events wait for the relay."""
WAITING = "select to_regclass($1) is not null"
LOCKS = """
select distinct (classid::bigint << 32) | objid::bigint from pg_locks
where locktype = 'advisory' and granted and objsubid = 1
and database = (select oid from pg_database where datname = current_database())
"""


@contextmanager
def reading(field: Field, build: Build, database: str) -> Iterator[Service]:
    """The counselling service of a build, started to read all referrals into that database."""
    field.wait(begin_at(field.bootstrap, SERVICE, field.wait(_source(field))))
    with field.started(build, SERVICE, database, "worker") as service:
        yield service


async def _source(field: Field) -> Mapping[TopicPartition, int]:
    """Where the referrals begin; they are put into the topic when somebody first asks for them."""
    ends = await ends_of(field.bootstrap, SOURCE)
    if not sum(ends.values()):
        await send(field.bootstrap, SOURCE, (referral(number, EVENTS // 2) for number in range(EVENTS)))
    return dict.fromkeys(ends, 0)


# --- what a build makes of the topic, found out before anything is measured ------------------------------------------


def published_by_both(field: Field) -> int:
    """How many events each build publishes for all referrals. Raises `Incomparable` if they differ in it.

    Found once, by a run that also warms up the broker.
    """
    for build in field.builds:
        if build.label not in field.published:
            field.tick(f"first run, {build.label} {build.short}")
            with field.copied(field.template(build, SERVICE)) as database:
                before = sum(field.wait(ends_of(field.bootstrap, TARGET)).values())
                with reading(field, build, database) as service:
                    field.published[build.label] = field.wait(_settled(field, service)) - before
        else:
            field.tick("the first runs are done")
    if len(set(field.published.values())) > 1:
        raise Incomparable(f"of {EVENTS} referrals the builds make different numbers of events: {field.published}")
    return next(iter(field.published.values()))


async def _settled(field: Field, service: Service) -> int:
    """How many events the topic has when no more come."""
    async with events_in(field.bootstrap, TARGET) as ends:
        before = now = await ends()
        moved_at = begun = time.monotonic()
        while now == before or time.monotonic() - moved_at < QUIET_SECONDS:
            service.program.require_alive()
            if now == before and time.monotonic() - begun > SILENCE_SECONDS:
                raise TimeoutError(f"{service.program.name} publishes nothing; see {service.program.log}")
            await asyncio.sleep(0.1)
            if (latest := await ends()) != now:
                now, moved_at = latest, time.monotonic()
        return now


# --- the relay kept waiting ------------------------------------------------------------------------------------------


def outbox_of(field: Field, build: Build) -> str:
    """The table in which a build's events wait. Raises `Incomparable` if it has none that is known."""

    async def found() -> list[str]:
        connection = await asyncpg.connect(field.cluster.dsn(field.template(build, SERVICE)))
        try:
            return [name for name in OUTBOXES if await connection.fetchval(WAITING, name)]
        finally:
            await connection.close()

    field.template(build, SERVICE)
    if not (names := field.wait(found())):
        raise Incomparable(f"{build.short} has no table {' or '.join(OUTBOXES)}: name its own in {__name__}")
    return names[0]


def leader_locks(field: Field, build: Build) -> list[int]:
    """The advisory locks that a build's idle worker holds, its relay's among them: whoever has them keeps it waiting.

    Raises `Incomparable` if there is none.
    """

    async def found(dsn: str) -> list[int]:
        connection = await asyncpg.connect(dsn)
        try:
            until = time.monotonic() + LEADS_SECONDS
            while time.monotonic() < until:
                if locks := [row[0] for row in await connection.fetch(LOCKS)]:
                    return locks
                await asyncio.sleep(0.2)
            return []
        finally:
            await connection.close()

    with field.copied(field.template(build, SERVICE)) as database:
        field.wait(begin_at(field.bootstrap, SERVICE))
        with field.started(build, SERVICE, database, "worker") as service:
            service.wait_ready()
            locks = field.wait(found(field.cluster.dsn(database)))
    if not locks:
        raise Incomparable(f"the worker of {build.short} leads by no advisory lock: its relay cannot be kept waiting")
    return locks


@contextmanager
def relay_kept_waiting(field: Field, database: str, locks: Sequence[int]) -> Iterator[Callable[[], None]]:
    """A session has the leader's locks, so the relay of a process that starts now stands by; yields what lets it go."""

    async def taken() -> asyncpg.Connection:
        connection = await asyncpg.connect(field.cluster.dsn(database))
        for lock in locks:
            await connection.execute("select pg_advisory_lock($1)", lock)
        return connection

    connection = field.wait(taken())
    try:
        yield lambda: field.wait(connection.close())
    finally:
        field.wait(connection.close())
