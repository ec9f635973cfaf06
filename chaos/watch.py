"""Looks at a running world from outside: probes, memory, offsets, outboxes and locks, many times a second.

    watch = Watch(world)
    await watch.start()  # before the first process: topics must have the broker's time from their first record on
    ...
    await watch.stop()   # before groups are set back
    evidence = await collect(world, watch)

The observer goes straight to PostgreSQL and Kafka, and suffers with everybody else while they are gone: it tries again
and notes when it saw nothing. It never takes more than a small share of the machine: the slower an answer, the longer
it waits before it asks again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chaos import reading
from chaos.aftermath import TROUBLES
from chaos.evidence import (
    READS,
    Memory,
    OffsetSample,
    OutboxSample,
    Probe,
)
from chaos.world import TOPICS, World

LOOK_SECONDS = 0.1
PROBE_SECONDS = 0.3
PROBE_PATIENCE = 5.0
SHARE = 5
"""A look that took t seconds is followed by a pause of at least this many t."""
BLIND_PAUSE = 0.2
QUESTION_SECONDS = 5
APPLICATION = "chaos"
"""The harness's sessions are spared when those of the services are ended."""
PAGE = os.sysconf("SC_PAGE_SIZE")

_OUTBOX = """
select array(select id from outbox order by id),
       array(select pid from pg_locks where locktype = 'advisory' and granted
             and database = (select oid from pg_database where datname = current_database())
             and classid::bigint << 32 | objid::bigint = $1),
       extract(epoch from clock_timestamp())::float8
"""
_LOCK = int.from_bytes(b"phrelay", "big")
"""The relay's lock, as operators know it: "phrelay" in ASCII."""
_POSITIONS = "select source, key, sequence from position"


class Watch:
    """Samples until it is stopped."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: list[asyncio.Task[None]] = []
        self._probing: dict[str, asyncio.Task[None]] = {}
        self.offsets: list[OffsetSample] = []
        self.outboxes: list[OutboxSample] = []
        self.probes: list[Probe] = []
        self.memory: list[Memory] = []
        self.blind: list[tuple[float, str]] = []

    async def start(self) -> None:
        """Sets up what must be there before the first process, and begins to look."""
        await self._take_the_brokers_time()
        looks: list[Callable[[], Awaitable[None]]] = [self._look_at_processes]
        for service, dsn in self._world.dsn.items():
            looks += [_Outbox(self, service, dsn).look, _Offsets(self, service, dsn, self._world.bootstrap).look]
        self._tasks = [asyncio.create_task(self._again_and_again(look)) for look in looks]

    async def stop(self) -> None:
        """Looks no more. A second call does nothing."""
        tasks = [*self._tasks, *self._probing.values()]
        self._tasks = []
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _take_the_brokers_time(self) -> None:
        """Makes the broker stamp records as it appends them: so a row that was deleted too early shows."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._world.bootstrap)
        await admin.start()
        try:
            configs = {"message.timestamp.type": "LogAppendTime"}
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs) for name in TOPICS])
        finally:
            await admin.close()

    async def _again_and_again(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            begun = time.monotonic()
            await look()
            await asyncio.sleep(max(LOOK_SECONDS, SHARE * min(0.2, time.monotonic() - begun)))

    # --- processes ---------------------------------------------------------------------------------------------------

    async def _look_at_processes(self) -> None:
        for worker in list(self._world.workers):
            pid = worker.pid
            if pid is None:
                continue
            if (resident := _resident(pid)) is not None:
                self.memory.append(Memory(time.time(), worker.name, pid, resident))
            if worker.name not in self._probing or self._probing[worker.name].done():
                self._probing[worker.name] = asyncio.create_task(self._probe(worker.name, worker.port))
        await asyncio.sleep(PROBE_SECONDS - LOOK_SECONDS)

    async def _probe(self, worker: str, port: int) -> None:
        asked = time.time()
        live = await _status(port, "/health/live")
        ready = await _status(port, "/health/ready")
        self.probes.append(Probe(asked, time.time(), worker, live, ready))


class _Outbox:
    """Ids in the outbox and holders of the lock, in one statement."""

    def __init__(self, watch: Watch, service: str, dsn: str) -> None:
        self._watch = watch
        self._service = service
        self._database = _Database(dsn)

    async def look(self) -> None:
        try:
            ids, leaders, at = (await self._database.fetch(_OUTBOX, _LOCK))[0]
        except TROUBLES:
            self._watch.blind.append((time.time(), "database"))
            await asyncio.sleep(BLIND_PAUSE)
        else:
            self._watch.outboxes.append(OutboxSample(at, self._service, ids, leaders))


class _Offsets:
    """Committed offsets first, positions afterwards: so the positions may be newer, never older."""

    def __init__(self, watch: Watch, service: str, dsn: str, bootstrap: str) -> None:
        self._watch = watch
        self._service = service
        self._database = _Database(dsn)
        self._bootstrap = bootstrap
        self._admin: AIOKafkaAdminClient | None = None
        self._committed: dict[tuple[str, int], int] = {}
        self._positions: dict[tuple[str, str], int] = {}

    async def look(self) -> None:
        try:
            at, committed = time.time(), await self._read_committed()
        except TROUBLES:
            self._watch.blind.append((time.time(), "broker"))
            await self._drop_admin()
            await asyncio.sleep(BLIND_PAUSE)
            return
        if committed == self._committed:
            return
        try:
            rows = await self._database.fetch(_POSITIONS)
        except TROUBLES:  # these offsets are read again
            self._watch.blind.append((time.time(), "positions"))
            await asyncio.sleep(BLIND_PAUSE)
            return
        now = {(source, key): sequence for source, key, sequence in rows}
        moved = {place: sequence for place, sequence in now.items() if self._positions.get(place) != sequence}
        changed = {place: offset for place, offset in committed.items() if self._committed.get(place) != offset}
        self._watch.offsets.append(OffsetSample(at, self._service, changed, moved))
        self._committed, self._positions = committed, now

    async def _read_committed(self) -> dict[tuple[str, int], int]:
        async with asyncio.timeout(QUESTION_SECONDS):
            if self._admin is None:
                admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=3000)
                try:
                    await admin.start()
                except BaseException:
                    await admin.close()
                    raise
                self._admin = admin
            found = await reading.committed_by(self._admin, self._service)
        return {place: offset for place, offset in found.items() if place[0] in READS[self._service]}

    async def _drop_admin(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.close()


class _Database:
    """A direct connection; it is made anew whenever it has broken."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Rows. Raises what it meets, and begins afresh the next time."""
        try:
            if self._connection is None:
                self._connection = await asyncpg.connect(
                    self._dsn, timeout=QUESTION_SECONDS, server_settings={"application_name": APPLICATION}
                )
            return await self._connection.fetch(query, *arguments, timeout=QUESTION_SECONDS)
        except BaseException:
            if self._connection is not None:
                self._connection.terminate()
                self._connection = None
            raise


def _resident(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return None


async def _status(port: int, path: str) -> int:
    """The status of a GET; 0 if nobody listens or the connection breaks, -1 if there is no answer in time."""
    writer = None
    try:
        async with asyncio.timeout(PROBE_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            line = await reader.readline()
    except TimeoutError:
        return -1
    except OSError:
        return 0
    finally:
        if writer is not None:
            writer.transport.abort()
    words = line.split()
    return int(words[1]) if len(words) > 1 else 0
