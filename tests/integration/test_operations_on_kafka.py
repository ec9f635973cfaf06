"""What is told of a poisonous record stands in the topic of operations, in order, whatever dies on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from chassis.kafka.clients import producer_of
from chassis.outbox.relay import Relay
from chassis.pure.operations import reader_of
from chassis.telemetry.logs import secrets_not_read
from chassis.telemetry.metrics import Metrics
from chassis.work.reporter import Reporter
from tests.integration.test_operations_told import TELLS, decided
from tests.support.brokers import Broker
from tests.support.logins import settings_for
from tests.support.past import adopt, reader
from tests.support.records import sold
from tests.support.toy import UNLUCKY
from tests.support.toy_runtime import ToyRuntime

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")
TOPIC = "ph.till.operations.v1"
TOPICS = ("ph.till.v1", TOPIC)
WITHIN = 20


@pytest.fixture
async def topic(broker: Broker, dsn: str) -> AsyncIterator[str]:
    await broker.create_topic(TOPIC)
    await adopt(dsn, broker.bootstrap, TOPIC)
    yield TOPIC
    await broker.delete_topic(TOPIC)


class Worker:
    """One worker of the service: it tells and publishes until it is killed."""

    def __init__(self, toy: ToyRuntime, dsn: str, broker: Broker) -> None:
        self._reporter = Reporter(toy.workshop, "till", TELLS)
        producer = producer_of(settings_for(broker.bootstrap), "test-operations", secrets_not_read)
        settings = {"batch": 100, "poll_seconds": 0.02, "publish_timeout_seconds": 5.0}
        self._relay = Relay(dsn, producer, reader(broker.bootstrap), TOPICS, Metrics("till"), **settings)  # type: ignore[arg-type]
        self._tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._relay.run())]

    async def _tell(self) -> None:
        while True:
            await self._reporter.step()
            await asyncio.sleep(0.01)

    async def killed(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def until_told(pool: asyncpg.Pool) -> None:
    """Every note is told, and everything told is published."""
    async with asyncio.timeout(WITHIN):
        while await pool.fetchval("select (select count(*) from parked_change) + (select count(*) from outbox)"):
            await asyncio.sleep(0.02)


async def test_poison_is_told_in_order_and_once_though_each_worker_is_killed_on_the_way(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker, topic: str
) -> None:
    async def parks() -> None:
        await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])

    async def retries() -> None:
        await decided(pool, 40)
        await toy.dispatcher.drain()

    async def discards() -> None:
        await decided(pool, 40, discard=True)

    for step, lived in ((parks, 0.05), (retries, 0.3), (discards, 0.0)):
        worker = Worker(toy, dsn, broker)
        await step()
        await asyncio.sleep(lived)
        await worker.killed()
    last = Worker(toy, dsn, broker)
    await until_told(pool)
    await last.killed()
    records = await broker.read(topic, {str(reader_of("till"))})
    headers = [{name: value.decode() for name, value in each.headers} for each in records]
    first = {each["ce_id"]: (int(each["ce_sequence"]), each["ce_type"].split(".")[2]) for each in headers}
    assert [number for number, _ in first.values()] == [*range(1, len(first) + 1)]
    changes = [name for _, name in first.values() if name != "ProgressReported"]
    assert changes == ["RecordParked", "RecordRetried", "AttemptFailed", "RecordDiscarded"]
    assert {json.loads(each.value or b"")["reader_id"] for each in records} == {str(reader_of("till"))}
