"""What others leave in a service's own topic, or take from it, while its relay leads or before it does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import TopicAuthorizationFailedError, UnsupportedCodecError

from chassis.kafka.past import opened, reader_of
from chassis.operators import restore
from chassis.outbox.lineage import compare
from chassis.outbox.partitions import partition_of
from chassis.trouble import Trouble
from tests.support import curses
from tests.support.brokers import PARTITIONS, Broker
from tests.support.curses import CURSED
from tests.support.past import reader
from tests.support.restores import (
    EMPTY,
    Emitter,
    halted,
    led,
    relay_of,
    sell,
    sold_and_published,
    until_halted,
    until_value,
    value,
)
from tests.support.secured import Secured
from tests.support.toy_process import until

Curse = Callable[[Exception], None]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.outbox.telling.LOOK_SECONDS", 0.2)


@pytest.fixture
def curse(monkeypatch: pytest.MonkeyPatch) -> Curse:
    """Makes aiokafka raise this while it unpacks a record with the cursed value."""
    return partial(curses.lay, monkeypatch)


def told(mill: Emitter, key: str) -> str:
    """Asks up to where the key's partition is known."""
    place = f"topic = '{mill.topic}' and partition = {partition_of(key, PARTITIONS)}"
    return f"select next_offset from lineage where {place}"


async def forget_records(mill: Emitter, key: str, before: int) -> None:
    """As retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=mill.broker.bootstrap)
    await admin.start()
    try:
        place = TopicPartition(mill.topic, partition_of(key, PARTITIONS))
        await admin.delete_records({place: RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


async def topic_made_anew(mill: Emitter) -> None:
    await mill.broker.delete_topic(mill.topic)
    await asyncio.sleep(0.5)
    await mill.broker.create_topic(mill.topic)


@pytest.mark.usefixtures("soon")
async def test_what_others_wrote_where_the_leader_was_silent_counts_as_known_before_it_is_too_old(
    mill: Emitter,
) -> None:
    await mill.published("a")
    relay = mill.relay()
    async with led(relay):
        await until(lambda: relay._metrics.relay_leader._value.get() == 1, "the relay to lead")
        for _ in range(3):
            await mill.broker.send(mill.topic, b"{}", b"a", {"ce_id": "stray"})
        await until_value(mill.dsn, told(mill, "a"), 4)
        assert relay._metrics.foreign_records.labels(mill.topic)._value.get() == 3
    await forget_records(mill, "a", 4)
    await mill.published("a")
    assert await halted(mill.dsn) == []
    assert await mill.broker.sequences(mill.topic, {"a"}) == {"a": [2]}


@pytest.mark.usefixtures("soon")
async def test_a_leader_with_nothing_to_say_notices_that_its_broker_was_put_back(mill: Emitter) -> None:
    await mill.published("a", "a")
    relay = mill.relay()
    async with led(relay):
        await until(lambda: relay._metrics.relay_leader._value.get() == 1, "the relay to lead")
        await topic_made_anew(mill)
        await until_halted(mill.dsn, "broker")


async def test_a_record_that_no_outbox_can_have_made_does_not_end_the_relay(mill: Emitter, curse: Curse) -> None:
    await mill.published("a")
    await mill.broker.send(mill.topic, CURSED, b"a")
    await mill.broker.send(mill.topic, b"{}", b"a", {"ce_id": "stray"})
    curse(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "as of a header's name"))
    await mill.published("a", "a")
    connection = await asyncpg.connect(mill.dsn)
    try:
        found = await compare(connection, reader(mill.broker.bootstrap), (mill.topic,))
    finally:
        await connection.close()
    assert (found.losses, found.foreign) == ([], 0)
    assert await value(mill.dsn, told(mill, "a")) == 5


async def test_whether_a_record_that_needs_a_codec_is_forgotten_is_for_an_operator_to_say(
    mill: Emitter, curse: Curse
) -> None:
    await mill.published("a")
    await mill.broker.send(mill.topic, CURSED, b"a")
    curse(UnsupportedCodecError("a codec that is not installed"))
    await mill.emit("a")
    async with led(mill.relay()):
        await until_halted(mill.dsn, "broker")
        assert await value(mill.dsn, EMPTY) == 1
        connection = await asyncpg.connect(mill.dsn)
        try:
            plan = await restore.plan(connection, reader(mill.broker.bootstrap), (mill.topic,))
            (unreadable,) = plan.comparison.unreadable
            assert (unreadable.offset, unreadable.next_offset, unreadable.reason) == (1, 2, "UnsupportedCodecError")
            await restore.reconcile(connection, reader(mill.broker.bootstrap), (mill.topic,), "INC-8", "known")
        finally:
            await connection.close()
        await until_value(mill.dsn, EMPTY, 0)
    await mill.published("a")
    assert await halted(mill.dsn) == []


async def test_what_was_taken_for_known_while_it_could_not_be_unpacked_is_no_loss_once_it_can(mill: Emitter) -> None:
    await mill.published("a")
    await mill.broker.send(mill.topic, CURSED, b"a", {"ce_id": "of the record that cannot be unpacked"})
    with pytest.MonkeyPatch.context() as patch:
        curses.lay(patch, UnsupportedCodecError("a codec that is not installed"))
        connection = await asyncpg.connect(mill.dsn)
        try:
            await restore.reconcile(connection, reader(mill.broker.bootstrap), (mill.topic,), "INC-8", "known")
        finally:
            await connection.close()
    assert await value(mill.dsn, told(mill, "a").replace("next_offset", "last_id")) == ""
    await mill.published("a")
    assert await halted(mill.dsn) == []


async def test_a_cluster_without_the_topic_is_not_taken_as_it_is(mill: Emitter, broker: Broker) -> None:
    await mill.published("a")
    await broker.delete_topic(mill.topic)
    await asyncio.sleep(0.5)
    connection = await asyncpg.connect(mill.dsn)
    try:
        with pytest.raises(Trouble, match=f"there is no topic {re.escape(mill.topic)}"):
            await restore.reconcile(connection, reader(broker.bootstrap), (mill.topic,), "INC-9", "wrong address")
    finally:
        await connection.close()
    assert await value(mill.dsn, told(mill, "a")) == 1


async def test_a_topic_that_may_not_be_seen_does_not_pass_for_one_that_is_gone(secured: Secured) -> None:
    topic, stranger = f"ph.mill{uuid4().hex[:8]}.v1", f"stranger{uuid4().hex[:8]}"
    secured.add(stranger)
    await Broker(secured.kafka.bootstrap).create_topic(topic)
    with pytest.raises(TopicAuthorizationFailedError):
        async with opened(reader_of(secured.settings(stranger), "test")) as past:
            await past.bounds((topic,))


async def test_nothing_is_taken_as_it_is_while_a_process_on_the_other_database_writes(
    dsn: str, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = uuid4()
    await sold_and_published(dsn, broker.bootstrap, till)
    await sell(dsn, till)
    plan = restore.plan

    async def planned_while_another_writes(*arguments: Any) -> restore.Plan:
        found = await plan(*arguments)
        await broker.send("ph.till.v1", b"{}", str(till).encode(), {"ce_id": "of the other database"})
        return found

    monkeypatch.setattr(restore, "plan", planned_while_another_writes)
    connection = await asyncpg.connect(dsn)
    try:
        with pytest.raises(Trouble, match=r"somebody writes to ph\.till\.v1-"):
            await restore.reconcile(connection, reader(broker.bootstrap), ("ph.till.v1",), "INC-9", "failover")
    finally:
        await connection.close()
    async with led(relay_of(dsn, broker.bootstrap)):
        await until_value(dsn, EMPTY, 0)
