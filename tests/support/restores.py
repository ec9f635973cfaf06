"""A till's database, put back in several ways, and its relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg

from chassis.kafka.clients import producer_of
from chassis.kafka.kinds import ORDINARY, Kinds
from chassis.outbox.relay import Relay
from chassis.postgres.database import open_pool
from chassis.pure.messages import topic_of
from chassis.telemetry.logs import secrets_not_read
from chassis.telemetry.metrics import Metrics
from tests.support import outbox
from tests.support.brokers import Broker
from tests.support.logins import settings_for
from tests.support.past import reader
from tests.support.toy import Sell
from tests.support.toy_runtime import ToyRuntime

TOPIC = "ph.till.v1"
EMPTY = "select count(*) from outbox"
WITHIN = 30
"""Seconds after which a test gives up waiting."""


def relay_of(
    dsn: str,
    bootstrap: str,
    *,
    topics: Sequence[str] = (TOPIC,),
    metrics: Metrics | None = None,
    kinds: Kinds = ORDINARY,
) -> Relay:
    """A relay as a process has it."""
    return Relay(
        dsn,
        producer_of(settings_for(bootstrap), "test-relay", secrets_not_read),
        reader(bootstrap),
        topics,
        metrics or Metrics("till"),
        batch=100,
        poll_seconds=0.05,
        publish_timeout_seconds=5.0,
        kinds=kinds,
    )


@asynccontextmanager
async def led(relay: Relay) -> AsyncIterator[Relay]:
    """Runs it meanwhile."""
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        await asyncio.wait_for(task, WITHIN)


@asynccontextmanager
async def till_at(dsn: str) -> AsyncIterator[ToyRuntime]:
    """The toy service on this database."""
    pool = await open_pool(dsn, 4, "test")
    try:
        yield ToyRuntime(pool)
    finally:
        pool.terminate()


async def sell(dsn: str, *tills: UUID) -> None:
    """A sale per till, in this order: each publishes one event."""
    async with till_at(dsn) as toy:
        for till in tills:
            await toy.command(Sell(till, 1), str(uuid4()))


async def sold_and_published(dsn: str, bootstrap: str, *tills: UUID) -> None:
    """The same, and out of the outbox."""
    await sell(dsn, *tills)
    async with led(relay_of(dsn, bootstrap)):
        await until_value(dsn, EMPTY, 0)


async def value(dsn: str, query: str) -> object:
    """The first value of a query."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def until_value(dsn: str, query: str, expected: object) -> None:
    """Waits for it."""
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(WITHIN):
            while await connection.fetchval(query) != expected:
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def halted(dsn: str) -> list[str]:
    """Why nothing is published."""
    connection = await asyncpg.connect(dsn)
    try:
        return [row["kind"] for row in await connection.fetch("select kind from halt order by kind")]
    finally:
        await connection.close()


async def until_halted(dsn: str, kind: str) -> None:
    """Waits until a relay has found it out."""
    await until_value(dsn, f"select count(*) from halt where kind = '{kind}'", 1)


class Emitter:
    """A service of that name which only emits: its topic, and a database whose relay writes to it."""

    def __init__(self, dsn: str, broker: Broker, source: str) -> None:
        self.dsn, self.broker, self.source = dsn, broker, source
        self.topic = topic_of(source)

    def relay(self) -> Relay:
        """Its relay."""
        return relay_of(self.dsn, self.broker.bootstrap, topics=(self.topic,))

    async def emit(self, *keys: str, name: str = "Counted", body: bytes = b"{}", **more: str) -> None:
        """Commits an event per key, as a command would. `more`: further headers."""
        connection = await asyncpg.connect(self.dsn)
        try:
            for key in keys:
                number = await connection.fetchval(
                    "insert into stream as s (key, topic, sequence) values ($1, $2, 1) "
                    "on conflict (key) do update set sequence = s.sequence + 1 returning sequence",
                    key,
                    self.topic,
                )
                headers = {
                    "ce_id": str(uuid4()),
                    "ce_type": f"ph.{self.source}.{name}.v1",
                    "ce_source": f"/ph/{self.source}",
                    "ce_recordedtime": "2026-03-02T09:00:00Z",
                    **more,
                    "ce_sequence": str(number),
                }
                record = outbox.record(key, body, **headers)
                await connection.execute(
                    "insert into outbox (topic, key, record) values ($1, $2, $3)", self.topic, key, record
                )
        finally:
            await connection.close()

    async def published(self, *keys: str) -> None:
        """The same, and out of the outbox."""
        await self.emit(*keys)
        async with led(self.relay()):
            await until_value(self.dsn, EMPTY, 0)
