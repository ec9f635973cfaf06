"""Who reads which partition, decided in the service's own database.

A process holds a partition by an advisory lock of one session. A session that ends, for whatever reason, frees its
locks at once; nobody has to be voted out, and no process can hold what another one holds.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg

from chassis.waiting import is_set_within

MEMBERS = int.from_bytes(b"phme")
"""The class of the locks that say who is there; each process locks the number of its session. For those who look on."""
PARTITIONS = int.from_bytes(b"phpa")
"""The class of the locks on partitions, by the number in `progress`."""
TOPICS = int.from_bytes(b"phto")
"""The class of the locks that say who reads which topic, by the number of the topic's first partition. They are shared:
nobody waits for one."""
CHANNEL = "readers"
"""Told whenever somebody comes, goes or lets go: outside the transactions of the business, which a NOTIFY would hold
up."""

_JOIN = "select pg_backend_pid() from (select pg_advisory_lock($1, pg_backend_pid())) joined"
_LOOK = f"""
select classid::int, objid::int, pid from pg_locks
where locktype = 'advisory' and classid::int in ({TOPICS}, {PARTITIONS}) and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())
"""  # noqa: S608 - constants
_READ = "select pg_advisory_lock_shared($2, topic) from unnest($1::int[]) as read(topic)"
_READ_NO_MORE = "select pg_advisory_unlock_shared($2, topic) from unnest($1::int[]) as read(topic)"
_TAKE = "select lease from unnest($1::int[]) as wanted(lease) where pg_try_advisory_lock($2, lease)"
_LET_GO = "select pg_advisory_unlock($2, lease) from unnest($1::int[]) as held(lease)"
_TELL = f"select pg_notify('{CHANNEL}', '')"


class View(NamedTuple):
    """Who reads each topic, by the numbers of their sessions, and what is held."""

    readers: Mapping[int, list[int]]
    mine: set[int]
    others: set[int]


class Leases:
    """One session's locks. Every method raises an outage once the session is lost, and with it all its locks."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._reads: set[int] = set()
        self.number = 0
        """Of this session, among the readers."""

    @classmethod
    @asynccontextmanager
    async def opened(cls, dsn: str, application: str, session_ms: int) -> AsyncIterator[Leases]:
        """Joins. PostgreSQL ends the session, and frees its locks, if it hears nothing for `session_ms`: a host that
        is gone, a process that stands still."""
        connection = await asyncpg.connect(
            dsn,
            timeout=10,
            command_timeout=max(1.0, session_ms / 1000),
            server_settings={
                "application_name": application,
                "idle_session_timeout": str(session_ms),
                "tcp_user_timeout": str(session_ms),
                "jit": "off",
            },
        )
        leases = cls(connection)
        try:
            connection.add_termination_listener(leases._on_end)
            await connection.add_listener(CHANNEL, leases._on_news)
            leases.number = await connection.fetchval(_JOIN, MEMBERS)
            await leases._run(_TELL)
            yield leases
        finally:
            await leases._close()

    async def read(self, topics: Collection[int]) -> None:
        """Says that this process reads these topics, by the numbers of their first partitions, and no others."""
        new, old = set(topics) - self._reads, self._reads.difference(topics)
        if new:
            await self._run(_READ, list(new), TOPICS)
        if old:
            await self._run(_READ_NO_MORE, list(old), TOPICS)
        if new or old:
            self._reads = set(topics)
            await self._run(_TELL)

    async def look(self) -> View:
        """Who reads and holds what now."""
        readers: dict[int, list[int]] = defaultdict(list)
        mine: set[int] = set()
        others: set[int] = set()
        for kind, number, session in await self._run(_LOOK):
            if kind == TOPICS:
                readers[number].append(session)
            else:
                (mine if session == self.number else others).add(number)
        return View(readers, mine, others)

    async def take(self, wanted: Collection[int]) -> set[int]:
        """Takes those of these leases that nobody holds."""
        return {lease for (lease,) in await self._run(_TAKE, list(wanted), PARTITIONS)}

    async def let_go(self, held: Collection[int]) -> None:
        """Gives leases up, and tells the others."""
        if held:
            await self._run(_LET_GO, list(held), PARTITIONS)
            await self._run(_TELL)

    async def changed_within(self, seconds: float) -> None:
        """Waits for news, or for so long: nobody tells when a process dies."""
        await is_set_within(self._changed, seconds)
        self._changed.clear()

    def wake(self) -> None:
        """Ends the wait: this process knows something new."""
        self._changed.set()

    async def _run(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self._turn:
            rows: list[asyncpg.Record] = await self._connection.fetch(statement, *arguments)
            return rows

    def _on_news(self, _connection: Any, sender: int, _channel: str, _payload: object) -> None:
        if sender != self.number:
            self._changed.set()

    def _on_end(self, _connection: Any) -> None:
        self._changed.set()

    async def _close(self) -> None:
        """Ends the session. Those who wait for its locks are told before, and look again and again anyway."""
        try:
            async with asyncio.timeout(2):
                await self._connection.execute(f"select pg_advisory_unlock_all(); {_TELL}")
                await self._connection.close(timeout=1)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection.terminate()
