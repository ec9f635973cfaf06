"""What a database knows of its topics, held against topics that were made anew, cut, thinned out or widened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete

from chassis.kafka.kinds import Kinds
from chassis.operators import restore
from chassis.outbox.partitions import partition_of
from tests.support.brokers import PARTITIONS, Broker
from tests.support.cluster import Cluster
from tests.support.past import reader
from tests.support.restores import EMPTY, Emitter, halted, led, relay_of, until_halted, until_value, value


@pytest.fixture
async def admin(broker: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await client.start()
    yield client
    await client.close()


async def test_a_topic_made_anew_is_noticed_even_if_it_has_grown_past_what_was_told(
    mill: Emitter, admin: AIOKafkaAdminClient
) -> None:
    await mill.published("a", "a")
    await admin.delete_topics([mill.topic])
    await asyncio.sleep(0.5)
    await mill.broker.create_topic(mill.topic)
    for number in range(1, 5):
        await mill.broker.send(mill.topic, b"{}", b"a", {"ce_sequence": str(number), "ce_id": f"other-{number}"})
    await mill.emit("a")
    async with led(mill.relay()):
        await until_halted(mill.dsn, "broker")
        assert await value(mill.dsn, EMPTY) == 1
    connection = await asyncpg.connect(mill.dsn)
    try:
        await restore.reconcile(connection, reader(mill.broker.bootstrap), (mill.topic,), "INC-3", "made anew")
    finally:
        await connection.close()
    await mill.published("a")
    assert await halted(mill.dsn) == []


async def test_a_topic_that_is_gone_is_noticed_and_its_events_are_listed(
    mill: Emitter, admin: AIOKafkaAdminClient
) -> None:
    await mill.published("a", "a", "b")
    await admin.delete_topics([mill.topic])
    await asyncio.sleep(0.5)
    async with led(mill.relay()):
        await until_halted(mill.dsn, "broker")
    connection = await asyncpg.connect(mill.dsn)
    try:
        plan = await restore.plan(connection, reader(mill.broker.bootstrap), (mill.topic,))
        assert {(each.key, each.first, each.last, each.certain) for each in plan.missing} == {
            ("a", 1, 2, True),
            ("b", 1, 1, True),
        }
        await mill.broker.create_topic(mill.topic)
        await restore.reconcile(connection, reader(mill.broker.bootstrap), (mill.topic,), "INC-3", "by mistake")
    finally:
        await connection.close()
    await mill.published("a")
    assert await mill.broker.sequences(mill.topic, {"a"}) == {"a": [3]}


async def test_what_is_missing_is_listed_whatever_strangers_have_numbered(
    mill: Emitter, admin: AIOKafkaAdminClient
) -> None:
    await mill.published("a", "a", "b")
    await admin.delete_topics([mill.topic])
    await asyncio.sleep(0.5)
    await mill.broker.create_topic(mill.topic)
    of_ours = {"ce_source": f"/ph/{mill.source}", "ce_id": "ours"}
    await mill.broker.send(mill.topic, b"{}", b"a", {**of_ours, "ce_sequence": "1"})
    for stranger in ({"ce_source": "/ph/shop", "ce_sequence": "99"}, {**of_ours, "ce_sequence": "9" * 5000}):
        for key in (b"a", b"b"):
            await mill.broker.send(mill.topic, b"{}", key, stranger)
    connection = await asyncpg.connect(mill.dsn)
    try:
        plan = await restore.plan(connection, reader(mill.broker.bootstrap), (mill.topic,))
    finally:
        await connection.close()
    assert {(each.key, each.first, each.last) for each in plan.missing} == {("a", 2, 2), ("b", 1, 1)}


async def test_events_that_are_too_old_to_see_count_as_forgotten(
    mill: Emitter, admin: AIOKafkaAdminClient, cluster: Cluster
) -> None:
    await mill.published("a")
    name = mill.dsn.rpartition("/")[2]
    earlier = await cluster.create_database(f"{name}_earlier", template=name)
    await mill.published("a", "a", "a")
    place = TopicPartition(mill.topic, partition_of("a", PARTITIONS))
    await admin.delete_records({place: RecordsToDelete(before_offset=3)})
    mill.dsn = earlier
    await mill.emit("a")
    async with led(mill.relay()):
        await until_halted(earlier, "database")
    connection = await asyncpg.connect(earlier)
    try:
        found, _ = await restore.reconcile(connection, reader(mill.broker.bootstrap), (mill.topic,), "INC-4", "old")
        assert found.comparison.gone == [place]
        assert [each.number for each in found.comparison.forgotten] == [4]
    finally:
        await connection.close()
    async with led(mill.relay()):
        await until_value(earlier, EMPTY, 0)
    assert await mill.broker.sequences(mill.topic, {"a"}) == {"a": [4, 5]}
    await cluster.drop_database(f"{name}_earlier")


async def test_events_of_a_key_that_has_moved_to_another_partition_are_all_found(
    mill: Emitter, admin: AIOKafkaAdminClient, cluster: Cluster
) -> None:
    keys = [f"key-{number}" for number in range(24)]
    await mill.published(*keys)
    name = mill.dsn.rpartition("/")[2]
    earlier = await cluster.create_database(f"{name}_earlier", template=name)
    await mill.published(*keys, *keys)
    await admin.create_partitions({mill.topic: NewPartitions(2 * PARTITIONS)})
    await asyncio.sleep(0.5)
    await mill.published(*keys)
    connection = await asyncpg.connect(earlier)
    try:
        found, _ = await restore.reconcile(connection, reader(mill.broker.bootstrap), (mill.topic,), "INC-5", "noon")
        listed = sorted((each.key, each.number) for each in found.comparison.forgotten)
        assert listed == sorted((key, number) for key in keys for number in (2, 3, 4))
        assert found.comparison.foreign == 0
        assert await connection.fetchval("select array_agg(distinct sequence) from stream") == [4]
    finally:
        await connection.close()
    await cluster.drop_database(f"{name}_earlier")


async def test_partitions_that_are_added_meanwhile_are_compared_before_they_are_used(
    mill: Emitter, admin: AIOKafkaAdminClient
) -> None:
    keys = [f"key-{number}" for number in range(24)]
    async with led(mill.relay()):
        await mill.emit(*keys)
        await until_value(mill.dsn, EMPTY, 0)
    await admin.create_partitions({mill.topic: NewPartitions(2 * PARTITIONS)})
    await asyncio.sleep(0.5)
    await mill.published(*keys)
    assert await value(mill.dsn, "select count(*) from lineage where next_offset > 0 and partition >= 6") != 0
    assert await halted(mill.dsn) == []
    read = await mill.broker.read(mill.topic)
    assert sorted((each.key.decode(), dict(each.headers)["ce_sequence"]) for each in read) == sorted(
        (key, number) for key in keys for number in (b"1", b"2")
    )


async def test_of_a_second_topic_that_is_gone_its_own_keys_are_listed_and_those_of_no_other(
    mill: Emitter, admin: AIOKafkaAdminClient
) -> None:
    second = Emitter(mill.dsn, mill.broker, mill.source)
    second.topic = f"ph.{mill.source}more.v1"
    kinds, topics = Kinds({second.topic: mill.source}), (mill.topic, second.topic)
    await mill.broker.create_topic(second.topic)
    await mill.emit("a", "a")
    await second.emit("b", "b", "b")
    async with led(relay_of(mill.dsn, mill.broker.bootstrap, topics=topics, kinds=kinds)):
        await until_value(mill.dsn, EMPTY, 0)
    await admin.delete_topics([second.topic])
    connection = await asyncpg.connect(mill.dsn)
    try:
        plan = await restore.plan(connection, reader(mill.broker.bootstrap), topics, kinds)
        assert [each[:1] + each[2:] for each in plan.missing] == [(second.topic, "b", 1, 3, True)]
        await mill.broker.create_topic(second.topic)
        await restore.reconcile(connection, reader(mill.broker.bootstrap), topics, "INC-6", "by mistake", kinds)
        rows = await connection.fetch("select key, topic, sequence from stream order by key")
        assert [tuple(row) for row in rows] == [("a", mill.topic, 2), ("b", second.topic, 3)]
    finally:
        await connection.close()
