"""What a service tells of its operation is in the way of nothing else: neither its topic, nor that it was forgotten."""

from __future__ import annotations

import asyncpg
import pytest

from chassis.kafka.kinds import Kinds
from chassis.operators import restore
from chassis.outbox.relay import Relay
from chassis.pure.audit import chain_of
from chassis.pure.operations import reader_of
from tests.support.brokers import Broker
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.past import reader
from tests.support.restores import EMPTY, Emitter, halted, led, relay_of, until_halted, until_value, value


@pytest.fixture
async def tells(mill: Emitter, broker: Broker) -> Emitter:
    """The same service, telling of its operation."""
    tells = Emitter(mill.dsn, broker, mill.source)
    tells.topic = f"ph.{mill.source}.operations.v1"
    return tells


def reader_key(tells: Emitter) -> str:
    return str(reader_of(tells.source))


def relay(mill: Emitter, tells: Emitter) -> Relay:
    topics = (mill.topic, tells.topic)
    return relay_of(mill.dsn, mill.broker.bootstrap, topics=topics, kinds=Kinds({tells.topic: mill.source}))


async def put_back(mill: Emitter, emitter: Emitter, key: str) -> None:
    """As the database was before the last event of this key."""
    connection = await asyncpg.connect(mill.dsn)
    try:
        await connection.execute("update stream set sequence = sequence - 1 where key = $1", key)
        await connection.execute(
            "update lineage set next_offset = next_offset - 1, last_id = '' where topic = $1 and next_offset > 0",
            emitter.topic,
        )
    finally:
        await connection.close()


async def test_a_topic_that_is_not_there_is_in_the_way_of_no_other_and_its_events_go_out_once_it_is(
    mill: Emitter, tells: Emitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.outbox.relay.LEFT_OUT_SECONDS", 0.3)
    lines = configured()
    running = relay(mill, tells)
    await tells.emit(reader_key(tells))
    async with led(running):
        await mill.emit("a", "b")
        await until_value(mill.dsn, f"select count(*) from outbox where topic = '{mill.topic}'", 0)
        assert await value(mill.dsn, EMPTY) == 1
        assert running._metrics.relay_held_keys._value.get() == 1
        left = next(line for line in lines() if line["event"] == "topic_left_out")
        assert (left["topic"], left["reason"]) == (tells.topic, "UnknownTopicOrPartition")
        await mill.broker.create_topic(tells.topic)
        await until_value(mill.dsn, EMPTY, 0)
    assert await mill.broker.sequences(tells.topic, {reader_key(tells)}) == {reader_key(tells): [1]}


async def test_who_has_forgotten_nothing_but_a_report_moves_its_number_tells_anew_and_goes_on(
    mill: Emitter, tells: Emitter
) -> None:
    await mill.broker.create_topic(tells.topic)
    async with led(relay(mill, tells)):
        await mill.emit("a")
        await tells.emit(reader_key(tells), reader_key(tells))
        await until_value(mill.dsn, EMPTY, 0)
    await put_back(mill, tells, reader_key(tells))
    connection = await asyncpg.connect(mill.dsn)
    await connection.execute("insert into progress (topic, partition, next_offset) values ('ph.shop.v1', 0, 7)")
    await connection.close()
    await tells.emit(reader_key(tells))
    lines = configured()
    async with led(relay(mill, tells)):
        await until_value(mill.dsn, EMPTY, 0)
        assert await halted(mill.dsn) == []
    assert [line["count"] for line in lines() if line["event"] == "operations_told_anew"] == [1]
    assert await mill.broker.sequences(tells.topic, {reader_key(tells)}) == {reader_key(tells): [1, 2, 3]}
    assert await value(mill.dsn, "select restored::text from report") == '[["ph.shop.v1", 0, 7]]'


async def test_who_has_forgotten_up_to_where_the_audit_is_sealed_waits(mill: Emitter, tells: Emitter) -> None:
    """Rows of who saw what have gone, whoever put the database back."""
    chain = str(chain_of(tells.source))
    await mill.broker.create_topic(tells.topic)
    async with led(relay(mill, tells)):
        for _ in range(2):  # the second two are what is forgotten: they lie last on the topic
            await tells.emit(chain, reader_key(tells))
            await until_value(mill.dsn, EMPTY, 0)
    await put_back(mill, tells, reader_key(tells))
    await put_back(mill, tells, chain)
    async with led(relay(mill, tells)):
        await until_halted(mill.dsn, "database")
    assert await value(mill.dsn, "select count(*) from report") == 0


async def test_who_has_forgotten_a_report_and_something_else_waits(mill: Emitter, tells: Emitter) -> None:
    await mill.broker.create_topic(tells.topic)
    async with led(relay(mill, tells)):
        await mill.emit("a", "a")
        await tells.emit(reader_key(tells), reader_key(tells))
        await until_value(mill.dsn, EMPTY, 0)
    await put_back(mill, tells, reader_key(tells))
    await put_back(mill, mill, "a")
    async with led(relay(mill, tells)):
        await until_halted(mill.dsn, "database")
    assert await value(mill.dsn, "select count(*) from report") == 0
    connection = await asyncpg.connect(mill.dsn)
    try:
        where = (mill.topic, tells.topic)
        kinds = Kinds({tells.topic: mill.source})
        found = await restore.plan(connection, reader(mill.broker.bootstrap), where, kinds)
    finally:
        await connection.close()
    assert sorted((each.key, each.number) for each in found.comparison.forgotten) == sorted(
        [(reader_key(tells), 2), ("a", 2)]
    )
