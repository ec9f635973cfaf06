"""A topic that was really compacted: most records have vanished, and nobody who reads or owns it misses them."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from chassis.kafka.kinds import ORDINARY, Kinds
from chassis.operators import restore
from chassis.outbox.lineage import compare
from chassis.telemetry.metrics import Metrics
from tests.integration.test_membership import until_totals
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import reader
from tests.support.reading import Join, Member, new_group
from tests.support.records import recorded
from tests.support.restores import EMPTY, Emitter, led, relay_of, until_halted, until_value, value
from tests.support.shop import Shop
from tests.support.toy_runtime import ToyRuntime

COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "20",
    "min.cleanable.dirty.ratio": "0.001",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1",
}
"""At once, where the shipped topic waits a month; the cleaner is the same. It leaves the last segment alone, and of
those before it the last record of each key."""
APART = 0.03
"""Seconds between two records that shall have segments of their own."""


async def until_compacted(broker: Broker, topic: str, numbers: list[int]) -> None:
    """Waits until these numbers are all that is left."""
    found: list[int] = []
    try:
        async with asyncio.timeout(60):
            while found != numbers:
                await asyncio.sleep(0.3)
                found = [int(dict(each.headers)["ce_sequence"]) for each in await broker.read(topic)]
    except TimeoutError:
        raise AssertionError(f"the cleaner has left {found}") from None


@pytest.fixture
async def compacted(kafka_bootstrap: str, shop: Shop) -> Shop:
    """The shop's topic, made anew as one that is compacted."""
    await shop.delete_topic()
    await shop.create_topic(**COMPACTED)
    return shop


def alarms(member: Member, topic: str) -> list[float]:
    """What would be said of records that were lost."""
    metrics = member.metrics
    counted = [
        metrics.gaps,
        metrics.first_seen_late,
        metrics.gaps_filled,
        metrics.records_missed,
        metrics.partitions_reread,
    ]
    return [member.value(each, topic) for each in counted]


async def test_a_new_reader_of_a_compacted_topic_is_ready_and_silent_about_what_has_vanished(
    compacted: Shop, join: Join, broker: Broker, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key, topic = new_group(), uuid4(), compacted.topic
    for amount in (1, 2, 4, 8, 16):
        await compacted.sell(key, amount)
        await asyncio.sleep(APART)
    await until_compacted(broker, topic, [4, 5])
    async with join(group, compacted={topic}) as member:
        await until_totals(toy, {key: 8 + 16})
        await member.until_covered()
        assert alarms(member, topic) == [0] * 5
    # While nobody reads, the record before the place of the next reader vanishes too, and more behind it.
    for amount in (32, 64, 128):
        await compacted.sell(key, amount)
        await asyncio.sleep(APART)
    await until_compacted(broker, topic, [7, 8])
    async with join(group, compacted={topic}) as member:
        await until_totals(toy, {key: 8 + 16 + 64 + 128})
        await member.until_covered()
        assert alarms(member, topic) == [0] * 5
    assert await pool.fetch("select * from missed") == []
    assert await pool.fetch("select * from parked") == []
    rows = await pool.fetch("select source, key, sequence, open::text, blocked from position")
    assert [tuple(row) for row in rows] == [(topic, str(key), 8, "{[1,4),[6,7)}", False)]


async def test_a_repeat_in_a_compacted_topic_is_dropped_and_an_older_word_is_put_aside(
    compacted: Shop, join: Join, toy: ToyRuntime
) -> None:
    key = uuid4()
    first, second, third, fourth = (compacted.sold(key, amount) for amount in (1, 2, 4, 8))
    async with join(new_group(), compacted={compacted.topic}) as member:
        await compacted.send([first, third, third, second, fourth])
        await until_totals(toy, {key: 1 + 4 + 8})
        assert member.count("repeat") == 1
        assert await toy.parked() == [(3, "superseded", "parked")]
        assert member.value(member.metrics.disowned, compacted.topic, "superseded") == 1
        assert alarms(member, compacted.topic) == [0] * 5


async def test_a_forged_number_in_a_compacted_topic_hides_no_genuine_event(
    compacted: Shop, join: Join, toy: ToyRuntime
) -> None:
    key = uuid4()
    first, second, third, near, far, last = (compacted.sold(key, amount) for amount in (1, 2, 4, 1024, 4096, 8))
    near, far = recorded(near, ce_sequence=b"900"), recorded(far, ce_sequence=b"1000000000")
    async with join(new_group(), compacted={compacted.topic}) as member:
        await compacted.send([first, far, second, near, third, last])
        await until_totals(toy, {key: 1 + 2 + 1024 + 8})
        assert await toy.parked() == [(1, "number_too_far", "parked"), (4, "superseded", "parked")]
        assert alarms(member, compacted.topic) == [0, 0, 1, 0, 0], "the last came under a number that was passed"


@pytest.fixture
def kinds(mill: Emitter) -> Kinds:
    """The mill's topic is one more that it owns, and compacted."""
    return Kinds({mill.topic: mill.source}, frozenset({mill.topic}))


async def test_a_database_that_forgot_what_has_vanished_from_its_compacted_topic_takes_no_old_number(
    mill: Emitter, kinds: Kinds, broker: Broker, dsn: str, cluster: Cluster
) -> None:
    await broker.delete_topic(mill.topic)
    await broker.create_topic(mill.topic, **COMPACTED)
    copy = f"{dsn.rpartition('/')[2]}_copy"
    await mill.published("a")
    earlier = await cluster.create_database(copy, template=dsn.rpartition("/")[2])
    try:
        for _ in range(4):
            await asyncio.sleep(APART)
            await mill.published("a")
        await until_compacted(broker, mill.topic, [4, 5])
        put_back, metrics = Emitter(earlier, broker, mill.source), Metrics("mill")
        await put_back.emit("a")
        async with led(relay_of(earlier, broker.bootstrap, topics=(mill.topic,), metrics=metrics, kinds=kinds)):
            await until_halted(earlier, "database")
            assert await value(earlier, EMPTY) == 1
        connection = await asyncpg.connect(earlier)
        try:
            look = reader(broker.bootstrap)
            blind = await compare(connection, look, (mill.topic,), ORDINARY)
            assert (blind.losses, blind.foreign) == ([], 2), "to whom the topic is an ordinary one"
            found, done = await restore.reconcile(connection, look, (mill.topic,), "INC-1", "a snapshot", kinds)
            assert [(each.key, each.number) for each in found.comparison.forgotten] == [("a", 4), ("a", 5)]
            assert (done.keys, done.renumbered) == (1, 1)
        finally:
            await connection.close()
        async with led(relay_of(earlier, broker.bootstrap, topics=(mill.topic,), kinds=kinds)):
            await until_value(earlier, EMPTY, 0)
        assert (await broker.sequences(mill.topic, {"a"}))["a"][-1] == 6
    finally:
        await cluster.drop_database(copy)


async def test_the_owner_of_a_compacted_topic_goes_on_after_its_last_told_record_has_vanished(
    mill: Emitter, kinds: Kinds, broker: Broker, dsn: str
) -> None:
    await broker.delete_topic(mill.topic)
    await broker.create_topic(mill.topic, **COMPACTED)
    for _ in range(4):
        await mill.published("a")
        await asyncio.sleep(APART)
    await until_compacted(broker, mill.topic, [3, 4])
    metrics = Metrics("mill")
    async with led(relay_of(dsn, broker.bootstrap, topics=(mill.topic,), metrics=metrics, kinds=kinds)):
        await mill.emit("a")
        await until_value(dsn, EMPTY, 0)
    assert metrics.lineage_lost.labels("database")._value.get() == 0
    assert metrics.lineage_lost.labels("broker")._value.get() == 0
    assert await value(dsn, "select count(*) from halt") == 0
