"""The relay when a broker says no: slower, smaller, not this one. Nothing is sent twice, nobody else waits."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.kafka.clients import producer_of
from chassis.outbox import limits, records
from chassis.outbox.broker_responses import rejection
from chassis.outbox.partitions import partition_of
from chassis.outbox.relay import Relay
from chassis.telemetry.logs import secrets_not_read
from chassis.telemetry.metrics import Metrics
from tests.integration.test_relay import relay_for, running, until, until_empty
from tests.support import outbox
from tests.support.admin_requests import producer_quota
from tests.support.brokers import PARTITIONS, Broker
from tests.support.logins import settings_for
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.past import reader
from tests.support.toy_process import until_async

NARROW = 100_000
"""Bytes that the narrow topic takes in a batch."""


@pytest.fixture
async def narrow(broker: Broker) -> str:
    topic = f"ph.narrow-{uuid4().hex[:8]}.v1"
    await broker.create_topic(topic, **{"max.message.bytes": str(NARROW)})
    return topic


async def widen(bootstrap: str, topic: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "1048576"})])
    finally:
        await client.close()


async def waiting(pool: asyncpg.Pool, topic: str, events: Sequence[tuple[str, int, int]]) -> None:
    """Rows of the outbox: key, number, bytes of the value."""
    rows = [(topic, key, outbox.record(key, bytes(size), ce_sequence=str(number))) for key, number, size in events]
    await pool.executemany("insert into outbox (topic, key, record) values ($1, $2, $3)", rows)


def in_one_partition(count: int) -> list[str]:
    """Keys that share a partition."""
    keys: list[str] = []
    while len(keys) < count:
        key = str(uuid4())
        if partition_of(key, PARTITIONS) == 0:
            keys.append(key)
    return keys


async def until_left(pool: asyncpg.Pool, keys: set[str]) -> None:
    async def only_these_are_left() -> bool:
        return {row["key"] for row in await pool.fetch("select key from outbox")} == keys

    await until_async(only_these_are_left, "all other keys to be published")


@pytest.fixture
async def slow_client(kafka_bootstrap: str) -> AsyncIterator[str]:
    """A client id that may produce 40 kB/s; Kafka averages over ten seconds."""
    client_id = f"slow-{uuid4().hex[:8]}"
    await producer_quota(kafka_bootstrap, client_id, 40_000)
    yield client_id
    await producer_quota(kafka_bootstrap, client_id, None)


async def test_a_quota_is_obeyed_and_nothing_is_published_twice_because_of_it(
    pool: asyncpg.Pool, dsn: str, broker: Broker, narrow: str, slow_client: str
) -> None:
    keys = [str(uuid4()) for _ in range(60)]
    await waiting(pool, narrow, [(key, number, 1000) for number in range(1, 12) for key in keys])
    made = []
    new = producer_of(settings_for(broker.bootstrap), slow_client, secrets_not_read)

    def producer() -> AIOKafkaProducer:
        made.append(time.monotonic())
        return new()

    metrics = Metrics("till")
    relay = Relay(
        dsn,
        producer,
        reader(broker.bootstrap),
        (narrow,),
        metrics,
        batch=120,
        poll_seconds=0.05,
        publish_timeout_seconds=2.0,
    )
    async with running(relay):
        await until_empty(pool)
    assert await broker.sequences(narrow, set(keys)) == {key: list(range(1, 12)) for key in keys}
    assert metrics.publish_failures.labels(narrow)._value.get() == 0
    assert len(made) == 1, "the broker that asks for silence is not dead"
    assert metrics.relay_throttled_seconds._value.get() > 2, "it was asked for more than the timeout"


async def test_a_relay_that_must_keep_silent_is_alive_and_ends_at_once_when_told_to(
    pool: asyncpg.Pool, dsn: str, broker: Broker, narrow: str, slow_client: str
) -> None:
    await producer_quota(broker.bootstrap, slow_client, 2_000)
    key = str(uuid4())
    await waiting(pool, narrow, [(key, number, 40_000) for number in range(1, 5)])

    metrics = Metrics("till")
    relay = Relay(
        dsn,
        producer_of(settings_for(broker.bootstrap), slow_client, secrets_not_read),
        reader(broker.bootstrap),
        (narrow,),
        metrics,
        batch=1,
        poll_seconds=0.05,
        publish_timeout_seconds=2.0,
    )
    async with running(relay):
        await until(lambda: metrics.relay_throttled_seconds._value.get() > 5)
        before = relay.last_progress
        await until(lambda: relay.last_progress > before)
    published = (await broker.sequences(narrow, {key}))[key]
    left = await pool.fetchval("select count(*) from outbox")
    assert published == list(range(1, 5 - left)), "what was published is deleted, the rest waits"
    assert left > 0


async def test_a_batch_above_the_topics_limit_is_made_smaller_until_it_fits(
    pool: asyncpg.Pool, dsn: str, broker: Broker, narrow: str
) -> None:
    keys = in_one_partition(3)
    await waiting(pool, narrow, [(key, number, 2000) for number in range(1, 101) for key in keys])
    lines = configured()
    async with running(relay_for(broker, dsn, batch=1000)):
        await until_empty(pool)
    assert await broker.sequences(narrow, set(keys)) == {key: list(range(1, 101)) for key in keys}
    refused = [line for line in lines() if line["event"] == "relay_not_acknowledged"]
    assert {line["reason"] for line in refused} == {"MessageSizeTooLarge"}
    assert len(refused) == 3, "612 kB, 306 kB, 153 kB; 77 kB fit"


async def test_a_record_that_fits_into_no_batch_is_named_and_holds_up_its_own_key_only(
    pool: asyncpg.Pool, dsn: str, broker: Broker, narrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HELD_SECONDS", 1.0)
    large, *others = in_one_partition(4)
    lines, metrics = configured(), Metrics("till")
    await waiting(pool, narrow, [(key, 1, 100) for key in (large, *others)])
    await waiting(pool, narrow, [(large, 2, 150_000), (large, 3, 100)])
    await waiting(pool, narrow, [(key, number, 100) for number in range(2, 30) for key in others])
    async with running(relay_for(broker, dsn, metrics, batch=20)):
        await until_left(pool, {large})
        await until(lambda: metrics.relay_held_keys._value.get() == 1)
        await waiting(pool, narrow, [(large, number, 100) for number in range(4, 40)])
        await waiting(pool, narrow, [(key, 30, 100) for key in others])
        await until_left(pool, {large})
        assert await broker.sequences(narrow, {large, *others}) == {
            large: [1],
            **{key: list(range(1, 31)) for key in others},
        }, "more rows than a round reads wait, and others pass"
        (held, *_) = [line for line in lines() if line["event"] == "record_held"]
        assert (held["topic"], held["key"], held["level"]) == (narrow, large, "error")
        assert held["bytes"] > 150_000
        assert "max.message.bytes" in held["remedy"]

        await widen(broker.bootstrap, narrow)
        await until_empty(pool)
        await until(lambda: metrics.relay_held_keys._value.get() == 0)
    assert await broker.sequences(narrow, {large}) == {large: list(range(1, 40))}


async def test_the_log_says_the_brokers_error(
    pool: asyncpg.Pool, dsn: str, broker: Broker, narrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, lines, metrics = str(uuid4()), configured(), Metrics("till")
    await waiting(pool, narrow, [(key, 1, 100)])
    monkeypatch.setattr(records, "time", SimpleNamespace(time=lambda: time.time() + 7200))
    async with running(relay_for(broker, dsn, metrics)):
        await until(lambda: any(line["event"] == "relay_publish_failed" for line in lines()))
        monkeypatch.undo()
        await until_empty(pool)
    told = {line["reason"] for line in lines() if line["event"].startswith(("relay_publish", "relay_not"))}
    assert told == {"InvalidTimestamp"}
    assert metrics.publish_errors.labels(narrow, "InvalidTimestamp")._value.get() >= 1


async def test_an_error_that_aiokafka_does_not_know_is_told_by_its_number(
    pool: asyncpg.Pool, dsn: str, broker: Broker
) -> None:
    assert rejection(87).reason == "error 87"
    topic, lines = f"ph.compacted-{uuid4().hex[:8]}.v1", configured()
    await broker.create_topic(topic, **{"cleanup.policy": "compact"})
    without_key = b"\x01" + outbox.record("", b"x")[1:]  # a compacted topic takes none: INVALID_RECORD
    await pool.execute("insert into outbox (topic, key, record) values ($1, '', $2)", topic, without_key)
    async with running(relay_for(broker, dsn)):
        await until(lambda: any(line["event"] == "relay_publish_failed" for line in lines()))
        await pool.execute("delete from outbox")
    assert {line["reason"] for line in lines() if line["event"] == "relay_publish_failed"} == {"error 87"}
