"""A partition that nobody leads: its own keys wait, all others go on, and it is compared once it has a leader again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata

from chassis.operators import restore
from chassis.outbox.partitions import partition_of
from tests.support.brokers import PARTITIONS
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.past import reader
from tests.support.restores import EMPTY, Emitter, halted, led, until_halted, until_value, value

WAITS = "waits"
OTHERS = [f"key-{n}" for n in range(20) if partition_of(f"key-{n}", PARTITIONS) != partition_of(WAITS, PARTITIONS)]
Take = Callable[[TopicPartition], Callable[[], None]]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.outbox.telling.LOOK_SECONDS", 0.2)


@pytest.fixture
def without_leader(monkeypatch: pytest.MonkeyPatch) -> Take:
    """Has the brokers say that nobody leads a partition, until what is returned is called. They say so by themselves
    only while every replica is away."""
    send = AIOKafkaClient.send
    taken: set[TopicPartition] = set()

    async def sent(self: AIOKafkaClient, node: int, request: Any, **options: Any) -> Any:
        answer = await send(self, node, request, **options)
        if type(request).__name__ == "_MetadataRequest":
            answer.topics = [
                (code, name, id_, internal, [unled(name, each) for each in partitions], *rest)
                for code, name, id_, internal, partitions, *rest in answer.topics
            ]
        return answer

    def unled(topic: str, partition: tuple[Any, ...]) -> tuple[Any, ...]:
        code, number, leader, *rest = partition
        return (code, number, -1 if TopicPartition(topic, number) in taken else leader, *rest)

    def take(place: TopicPartition) -> Callable[[], None]:
        taken.add(place)
        return lambda: taken.discard(place)

    def leader_of(self: ClusterMetadata, place: TopicPartition) -> int | None:
        return -1 if place in taken else leader(self, place)

    leader = ClusterMetadata.leader_for_partition
    monkeypatch.setattr(ClusterMetadata, "leader_for_partition", leader_of)
    monkeypatch.setattr(AIOKafkaClient, "send", sent)
    return take


async def test_its_keys_wait_without_filling_the_reads_and_go_out_in_order_once_it_is_led(
    mill: Emitter, without_leader: Take
) -> None:
    lines = configured()
    unled = TopicPartition(mill.topic, partition_of(WAITS, PARTITIONS))
    has_leader = without_leader(unled)
    relay = mill.relay()
    relay._batch = 10
    await mill.emit(*[WAITS] * 25, *OTHERS)
    waiting = f"select count(*) from outbox where key <> '{WAITS}'"
    async with led(relay):
        await until_value(mill.dsn, waiting, 0)
        await mill.emit(WAITS, *OTHERS)
        await until_value(mill.dsn, waiting, 0)
        await asyncio.sleep(1)  # several looks
        assert await value(mill.dsn, EMPTY) == 26
        assert relay._metrics.relay_held_keys._value.get() == 1
        told = [line for line in lines() if line["event"] in ("relay_leads", "partition_without_leader")]
        assert [line["event"] for line in told] == ["partition_without_leader", "relay_leads"], "one comparison"
        assert (told[0]["topic"], told[0]["partition"]) == unled
        has_leader()
        await until_value(mill.dsn, EMPTY, 0)
    numbers = await mill.broker.sequences(mill.topic, {WAITS, *OTHERS})
    assert numbers == {WAITS: list(range(1, 27)), **{key: [1, 2] for key in OTHERS}}


async def test_one_that_loses_its_leader_is_in_the_way_of_no_look_and_of_no_other_key(
    mill: Emitter, without_leader: Take
) -> None:
    other = OTHERS[0]
    place = f"topic = '{mill.topic}' and partition = {partition_of(other, PARTITIONS)}"
    async with led(mill.relay()):
        await mill.emit(WAITS, other)
        await until_value(mill.dsn, EMPTY, 0)
        has_leader = without_leader(TopicPartition(mill.topic, partition_of(WAITS, PARTITIONS)))
        await mill.broker.send(mill.topic, b"{}", other.encode(), {"ce_id": "stray"})
        await until_value(mill.dsn, f"select next_offset from lineage where {place}", 2)
        await mill.emit(WAITS, other)
        await until_value(mill.dsn, f"select count(*) from outbox where key = '{other}'", 0)
        assert await value(mill.dsn, EMPTY) == 1
        has_leader()
        await until_value(mill.dsn, EMPTY, 0)


async def test_a_leader_notices_that_its_topic_is_gone(mill: Emitter) -> None:
    async with led(mill.relay()):
        await mill.emit("a")
        await until_value(mill.dsn, EMPTY, 0)
        await mill.broker.delete_topic(mill.topic)
        await until_halted(mill.dsn, "broker")
    connection = await asyncpg.connect(mill.dsn)
    try:
        plan = await restore.plan(connection, reader(mill.broker.bootstrap), (mill.topic,))
    finally:
        await connection.close()
    assert [(each.key, each.first, each.last) for each in plan.missing] == [("a", 1, 1)]
    assert await halted(mill.dsn) == ["broker"]
