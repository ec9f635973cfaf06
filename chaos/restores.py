"""A service's database is copied while it is at work, and put back later; and what an operator does then.

The copy is a dump, restored beside the database: of one moment, and nobody is held up. It is put back by an exchange
of names. The witness is a part of it, so what that saw since is gone with the rest: it tells of the database that there
is.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

from chaos import reading
from chaos.aftermath import TROUBLES
from chaos.evidence import WRITES, Restored
from chaos.world import READS, World
from chassis.operators import restore
from tests.support.cluster import Cluster
from tests.support.past import reader
from tests.support.servers import run

ATTENDED_SECONDS = 60
"""Within which a service must go on by itself, or ask for somebody."""
LOOKED_AT_SECONDS = (9.0, 11.0)
"""How long an operator looks before he decides: the service has the time to do what it must not do."""
CAUGHT_UP_SECONDS = 120
"""A reader reads all of its topics again if the broker has another past."""

_STREAMS = "select key, sequence from stream"
_SOLD = "select id::text, jsonb_array_elements_text(data->'sold')::int from basket"
KEPT = "select coalesce(max(place), 0) from judge.written"
_OTHERS = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1"
_HALTED = "select extract(epoch from since)::float8 from halt"
_GOES_ON = "select exists (select from judge.written where place > $1 and what = 'outbox-')"
_READ = "select topic, partition, coalesce(next_offset, 0) from progress"


@dataclass(frozen=True)
class Copy:
    """A copy that lies beside a service's database, and what is in it."""

    service: str
    name: str
    at: float
    """Before it was begun."""
    kept: int
    streams: Mapping[str, int]
    sales: frozenset[tuple[str, int]]


async def copied(world: World, service: str) -> Copy:
    """Copies the database as it is at one moment."""
    at, name = time.time(), f"chaos_{service}_copy"
    dump = world.directory / f"{name}.dump"
    cluster = Cluster(world.stack.postgres.admin_dsn)
    options = ("--format=custom", "--compress=none", "--no-sync", "--file", dump)
    await world.in_thread(lambda: run("pg_dump", *options, world.dsn[service]))
    await cluster.drop_database(name)
    dsn = await cluster.create_database(name)
    await world.in_thread(lambda: run("pg_restore", "--dbname", dsn, dump))
    dump.unlink()
    connection = await asyncpg.connect(dsn)
    try:
        streams = dict(await connection.fetch(_STREAMS))
        kept = await connection.fetchval(KEPT)
        return Copy(service, name, at, kept, streams, await _sales(connection, service))
    finally:
        await connection.close()


async def outdated(world: World, copy: Copy) -> None:
    """Returns once the service has published what the copy does not know. A relay that has just begun, or that is
    held to a quota, takes its time. Raises `TimeoutError`."""
    async with asyncio.timeout(ATTENDED_SECONDS):
        while not await _goes_on(world, copy.service, copy.kept):
            await asyncio.sleep(0.2)


async def put_back(world: World, copy: Copy) -> Restored:
    """Puts the copy in the place of the service's database, whose way to it is shut meanwhile. Nobody uses it yet."""
    name, former = f"chaos_{copy.service}", f"chaos_{copy.service}_former"
    cluster = Cluster(world.stack.postgres.admin_dsn)
    admin = await asyncpg.connect(world.stack.postgres.admin_dsn)
    try:
        await admin.execute(f"alter database {name} with allow_connections false")
        await admin.fetch(_OTHERS, name)
        await admin.execute(f"alter database {name} rename to {former}")
        await admin.execute(f"alter database {former} with allow_connections true")
        connection = await asyncpg.connect(cluster.dsn(former))
        try:
            sales = await _sales(connection, copy.service)
        finally:
            await connection.close()
        await admin.execute(f"alter database {copy.name} rename to {name}")
        await admin.execute(f"alter database {name} set synchronous_commit = on")
    finally:
        await admin.close()
    await cluster.drop_database(former)
    return Restored(copy.service, copy.at, 0.0, copy.kept, copy.streams, sales - copy.sales)


async def _sales(connection: asyncpg.Connection, service: str) -> frozenset[tuple[str, int]]:
    return frozenset((row[0], row[1]) for row in await connection.fetch(_SOLD)) if service == "shop" else frozenset()


class Attended(NamedTuple):
    """What became of a service: 0 and no plan if it went on by itself."""

    halted: float
    decided: float
    plan: restore.Plan | None


async def attend(world: World, service: str, kept: int, dice: random.Random) -> Attended:
    """What an operator does: nothing if the service goes on by itself, else he reads the list and lets it go on.

    `kept`: the place of the witness's last row. Raises `TimeoutError` if the service neither asks nor goes on.
    """
    topics = (WRITES[service],)
    async with asyncio.timeout(ATTENDED_SECONDS):
        while not (halted := await _halted(world, service)):
            if await _goes_on(world, service, kept):
                return Attended(0.0, 0.0, None)
            await asyncio.sleep(0.2)
    await asyncio.sleep(dice.uniform(*LOOKED_AT_SECONDS))
    connection = await asyncpg.connect(world.dsn[service], server_settings={"application_name": "chaos"})
    try:
        plan = await restore.plan(connection, reader(world.bootstrap), topics)
        decided = time.time()
        await restore.reconcile(connection, reader(world.bootstrap), topics, "chaos", "part of the chaos")
    finally:
        await connection.close()
    async with asyncio.timeout(ATTENDED_SECONDS):
        while not await _goes_on(world, service, kept):
            await asyncio.sleep(0.2)
    return Attended(halted, decided, plan)


async def _halted(world: World, service: str) -> float:
    with suppress(*TROUBLES):
        rows = await world.rows(service, _HALTED)
        return max((row[0] for row in rows), default=0.0)
    return 0.0


async def _goes_on(world: World, service: str, kept: int) -> bool:
    """Whether its relay publishes again."""
    with suppress(*TROUBLES):
        return bool(await world.value(service, _GOES_ON, kept))
    return False


async def catch_up(world: World, service: str) -> None:
    """Waits until the service has read all that there is now, and is where it says. Raises `TimeoutError`."""
    ends = await reading.ends(world.bootstrap, READS[service])
    async with asyncio.timeout(CAUGHT_UP_SECONDS):
        while True:
            with suppress(*TROUBLES):
                places = {(row[0], row[1]): row[2] for row in await world.rows(service, _READ)}
                if all(places.get(place, 0) >= end for place, end in ends.items()):
                    return
            await asyncio.sleep(0.3)
