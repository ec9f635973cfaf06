"""The relay between a real database and a real broker: nothing lost, order per key, one leader, an exact mark."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from chassis.kafka.clients import producer_of
from chassis.outbox.low_water import LowWater
from chassis.outbox.partitions import partition_of
from chassis.outbox.relay import EVERYTHING, Relay
from chassis.telemetry.logs import secrets_not_read
from chassis.telemetry.metrics import Metrics
from deploy.local.stack import LocalStack
from tests.support import outbox
from tests.support.brokers import PARTITIONS, Broker
from tests.support.logins import settings_for
from tests.support.past import reader
from tests.support.toy import Sell
from tests.support.toy_runtime import ToyRuntime

WITHIN = 20
"""Seconds after which a test gives up waiting."""


def relay_for(broker: Broker, dsn: str, metrics: Metrics | None = None, **options: float) -> Relay:
    producer = producer_of(settings_for(broker.bootstrap), "test-relay", secrets_not_read)
    settings = {"batch": 100, "poll_seconds": 0.05, "publish_timeout_seconds": 5.0, **options}
    return Relay(dsn, producer, reader(broker.bootstrap), ("ph.till.v1",), metrics or Metrics("till"), **settings)  # type: ignore[arg-type]


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        await asyncio.wait_for(task, WITHIN)


async def until_empty(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(WITHIN):
        while await pool.fetchval("select count(*) from outbox"):
            await asyncio.sleep(0.02)


async def test_the_whole_outbox_is_published_in_order_per_key_and_then_empty(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    tills = [uuid4() for _ in range(10)]
    for _ in range(12):
        await asyncio.gather(*(toy.command(Sell(till, 1)) for till in tills))
    async with running(relay_for(broker, dsn)):
        await until_empty(pool)
    published = await broker.sequences("ph.till.v1", {str(till) for till in tills})
    assert published == {str(till): list(range(1, 13)) for till in tills}


async def test_nothing_is_lost_or_reordered_while_writers_commit_in_any_order(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    tills = [uuid4() for _ in range(20)]

    async def slow_writer() -> None:
        """Draws an outbox id, sleeps, commits long after later ids."""
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "insert into outbox (topic, key, record) values ('ph.till.v1', $1, $2)",
                slow_key,
                outbox.record(slow_key, b"x", ce_sequence="1"),
            )
            await asyncio.sleep(0.7)

    slow_key = str(uuid4())
    async with running(relay_for(broker, dsn)) as relay:
        slow = asyncio.create_task(slow_writer())
        for _ in range(15):
            await asyncio.gather(*(toy.command(Sell(till, 1)) for till in tills))
            relay.wake()
        await slow
        await until_empty(pool)
    published = await broker.sequences("ph.till.v1", {slow_key, *(str(till) for till in tills)})
    assert published == {slow_key: [1], **{str(till): list(range(1, 16)) for till in tills}}


async def test_a_record_stands_in_the_partition_that_any_kafka_client_would_choose(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    till = uuid4()
    await toy.command(Sell(till, 1))
    async with running(relay_for(broker, dsn)):
        await until_empty(pool)
    record = (await broker.read("ph.till.v1", {str(till)}))[0]
    assert record.partition == partition_of(str(till), PARTITIONS)
    headers = {name: value.decode() for name, value in record.headers}
    assert headers["ce_type"] == "ph.till.Counted.v1"
    assert headers["ce_subject"] == headers["ce_partitionkey"] == record.key.decode() == str(till)
    assert json.loads(record.value) == {"till_id": str(till), "amount": 1, "total": 1}


async def test_only_one_relay_leads_and_another_takes_over(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    first, second = Metrics("till"), Metrics("till")
    leading, waiting = relay_for(broker, dsn, first), relay_for(broker, dsn, second)
    async with running(leading):
        await until(lambda: first.relay_leader._value.get() == 1)
        async with running(waiting):
            await asyncio.sleep(0.3)
            assert second.relay_leader._value.get() == 0
            await pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and application_name = 'relay' "
                "and pid in (select pid from pg_locks where locktype = 'advisory')"
            )
            till = uuid4()
            await toy.command(Sell(till, 1))
            await until_empty(pool)
            await until(lambda: first.relay_leader._value.get() + second.relay_leader._value.get() == 1)


async def until(condition: object) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def test_rows_for_a_topic_that_does_not_exist_stay_and_go_out_once_it_does(
    pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    topic, key = f"ph.later-{uuid4().hex[:8]}.v1", str(uuid4())
    await pool.execute(
        "insert into outbox (topic, key, record) values ($1, $2, $3)",
        topic,
        key,
        outbox.record(key, b"x", ce_sequence="1"),
    )
    metrics = Metrics("till")
    async with running(relay_for(broker, dsn, metrics, publish_timeout_seconds=0.5)):
        await asyncio.sleep(1)
        assert await pool.fetchval("select count(*) from outbox") == 1
        await broker.create_topic(topic)
        await until_empty(pool)
    assert await broker.sequences(topic, {key}) == {key: [1]}


async def test_the_database_refuses_a_record_that_the_broker_would_refuse(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("insert into outbox (topic, key, record) values ('t', 'k', $1)", b"x" * 300_000)


async def test_a_round_that_overflows_a_partition_keeps_the_order_of_its_keys(
    pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    key = str(uuid4())
    for number in range(1, 13):  # 12 x 200 kB: three batches of at most 900 kB
        await pool.execute(
            "insert into outbox (topic, key, record) values ('ph.till.v1', $1, $2)",
            key,
            outbox.record(key, bytes(200_000), ce_sequence=str(number)),
        )
    async with running(relay_for(broker, dsn)):
        await until_empty(pool)
    assert await broker.sequences("ph.till.v1", {key}) == {key: list(range(1, 13))}


async def test_the_mark_waits_for_every_writer_that_may_still_commit_a_lower_id(pool: asyncpg.Pool) -> None:
    insert = "insert into outbox (topic, key, record) values ('t', 'k', 'x') returning id"
    mark = LowWater()
    async with pool.acquire() as relay, pool.acquire() as writer, pool.acquire() as other:
        await mark.look(relay, EVERYTHING)
        mark.settle(2**62)
        assert mark.mark == 0, "a sequence that was never used has no last value"

        transaction = writer.transaction()
        await transaction.start()
        low = await writer.fetchval(insert)
        high = await other.fetchval(insert)
        assert low < high
        for _ in range(3):
            await mark.look(relay, EVERYTHING)
            mark.settle(high)
        assert mark.mark < low, "a transaction that holds a lower id is still open"

        await transaction.commit()
        await mark.look(relay, EVERYTHING)
        mark.settle(low - 1)
        assert mark.mark < low, "what the last read showed has not been published yet"
        mark.settle(high)
        assert mark.mark == high


async def test_sequences_of_one_key_are_published_once_in_the_normal_case(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    till = uuid4()
    async with running(relay_for(broker, dsn)) as relay:
        for _ in range(20):
            await toy.command(Sell(till, 1))
            relay.wake()
        await until_empty(pool)
    counts: dict[str, int] = defaultdict(int)
    for record in await broker.read("ph.till.v1", {str(till)}):
        counts[dict(record.headers)["ce_id"].decode()] += 1
    assert set(counts.values()) == {1}
    assert len(counts) == 20


async def test_a_producer_that_waits_in_vain_is_let_go_with_all_its_tasks(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker, stack: LocalStack
) -> None:
    till = uuid4()
    async with running(relay_for(broker, dsn, publish_timeout_seconds=0.5)) as relay:
        await toy.command(Sell(till, 1))
        await until_empty(pool)
        at_work = len(asyncio.all_tasks())
        stack.kafka.program.process.send_signal(signal.SIGSTOP)
        try:
            await toy.command(Sell(till, 1))
            relay.wake()
            await asyncio.sleep(8)  # long enough for several producers to be given up
        finally:
            stack.kafka.program.process.send_signal(signal.SIGCONT)
        await until_empty(pool)
        await until(lambda: len(asyncio.all_tasks()) <= at_work)
    first = dict.fromkeys((await broker.sequences("ph.till.v1", {str(till)}))[str(till)])
    assert list(first) == [1, 2]
