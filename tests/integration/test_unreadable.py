"""Records that the client cannot unpack: their partition stands still, the others go on, an operator decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka.consumer.fetcher import PartitionRecords

from chassis.outbox.partitions import partition_of
from chassis.runtime import loops
from tests.integration.test_membership import until_totals
from tests.support.brokers import PARTITIONS
from tests.support.reading import Join, Member, new_group
from tests.support.shop import Shop, opened_shop
from tests.support.toy import HOUSEKEEPING
from tests.support.toy_process import until, until_async
from tests.support.toy_runtime import ToyRuntime

CURSED = 66_666


@pytest.fixture
def curse(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Makes aiokafka raise, while it unpacks, what some records make it raise: no `KafkaError`. Empty it to lift it."""
    working = [True]
    unpack = PartitionRecords._consumer_record

    def cursed(self: PartitionRecords, place: Any, record: Any) -> Any:
        if working and str(CURSED).encode() in (record.value or b""):
            raise ValueError("buffer underrun")
        return unpack(self, place, record)

    monkeypatch.setattr(PartitionRecords, "_consumer_record", cursed)
    yield working
    working.clear()


def in_partition(number: int, *, same: bool = True) -> UUID:
    """A key that is, or is not, in this partition."""
    return next(key for key in (uuid4() for _ in range(1000)) if (partition_of(str(key), PARTITIONS) == number) is same)


async def until_parked(pool: asyncpg.Pool, count: int) -> list[tuple[Any, ...]]:
    """The questions to operators."""
    query = """
    select topic, partition, record_offset, state from parked where failure = 'unreadable' and not due order by id
    """

    async def asked() -> bool:
        return len(await pool.fetch(query)) == count

    await until_async(asked, f"{count} unreadable batches to be parked")
    return [tuple(row) for row in await pool.fetch(query)]


async def stands_still(shop: Shop, member: Member, pool: asyncpg.Pool, toy: ToyRuntime) -> tuple[UUID, UUID, int]:
    """A partition with something before and behind what is cursed; its key, another one's, and the cursed offset."""
    stuck, free = in_partition(0), in_partition(0, same=False)
    for key in (stuck, free):
        await shop.sell(key, 1, 2)
    (cursed,) = await shop.send([shop.sold(stuck, CURSED)])
    for key in (stuck, free):
        await shop.sell(key, 4)
    await until_totals(toy, {stuck: 3, free: 7})
    assert await until_parked(pool, 1) == [(shop.topic, 0, cursed.offset, "parked")]
    return stuck, free, cursed.offset


async def test_one_partition_stands_still_and_the_others_lose_nothing(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime, curse: list[bool]
) -> None:
    group, keys = new_group(), [in_partition(0, same=False) for _ in range(30)]
    async with join(group) as member:
        await member.until_covered()
        stuck, free, offset = await stands_still(shop, member, pool, toy)
        for _ in range(20):
            await shop.send([shop.sold(key) for key in [stuck, *keys]])
        await until_totals(toy, {stuck: 3, free: 7, **dict.fromkeys(keys, 20)})
        await until(lambda: member.value(member.metrics.partitions_stopped) == 1, "the metric")
        assert (await shop.committed(group))[0] == offset
        assert await pool.fetchval("select next_offset from progress where partition = 0") == offset
        assert sum(map(len, (each.held for each in member.reader.members))) == PARTITIONS - 1
        await until(lambda: member.value(member.metrics.lag, shop.topic, "0") == 22, "the lag to count what waits")
        await until(lambda: member.value(member.metrics.lag_seconds, shop.topic, "0") > 0, "its age to be told")
    async with join(group) as member:
        await until(lambda: bool(member.reader._unreadable.stopped), "it to stand still again")
        await until_parked(pool, 1)


async def test_nobody_need_decide_on_what_another_version_has_read(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime, curse: list[bool]
) -> None:
    group = new_group()
    async with join(group) as member:
        await member.until_covered()
        stuck, free, _ = await stands_still(shop, member, pool, toy)
        await loops.forget(pool, HOUSEKEEPING)
        await until_parked(pool, 1)
    curse.clear()
    async with join(group) as member:
        await member.until_covered()
        await until_totals(toy, {stuck: 7 + CURSED, free: 7})
    await loops.forget(pool, HOUSEKEEPING)
    assert await until_parked(pool, 0) == []


@pytest.mark.usefixtures("curse")
async def test_who_discards_it_goes_on_behind_it(shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime) -> None:
    async with join(new_group()) as member:
        await member.until_covered()
        stuck, free, offset = await stands_still(shop, member, pool, toy)
        await toy.discard(offset)
        await until_totals(toy, {stuck: 7, free: 7})
        await until(lambda: member.value(member.metrics.partitions_stopped) == 0, "the metric")
    async with join(new_group()) as member:  # reads on behind it, and does not ask again
        await shop.sell(stuck, 8)
        await until_totals(toy, {stuck: 15, free: 7})


async def test_who_tries_again_has_it_handled_once_it_can_be_unpacked(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime, curse: list[bool]
) -> None:
    async with join(new_group()) as member:
        await member.until_covered()
        stuck, free, offset = await stands_still(shop, member, pool, toy)
        await toy.retry(offset)
        await until_parked(pool, 0)
        await until_parked(pool, 1)  # in vain: asked anew
        assert await member.dispatcher.drain() == 0
        curse.clear()
        await toy.retry(offset)
        await until_totals(toy, {stuck: 7 + CURSED, free: 7})
        await until_parked(pool, 0)
    told = "select string_agg(change || attempt, ' ' order by id) from parked_change"
    assert await pool.fetchval(told) == "parked1 retried1 failed2 retried2"
    await loops.forget(pool, HOUSEKEEPING)
    assert await pool.fetchval(told) == "parked1 retried1 failed2 retried2 handled2", "once it was read"
    assert await pool.fetchval("select count(*) from parked") == 0


async def test_a_codec_that_is_not_installed_stops_one_topic_and_ends_nothing(
    shop: Shop, join: Join, kafka_bootstrap: str, pool: asyncpg.Pool, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiokafka.codec.has_zstd", lambda: False)
    key, packed = uuid4(), uuid4()
    async with opened_shop(kafka_bootstrap, topic=False) as another:
        await another.create_topic(**{"compression.type": "zstd"})
        async with join(new_group(), also=[another]) as member:
            await member.until_covered()
            await another.sell(packed, 1)
            await shop.sell(key, 1)
            ((topic, *_),) = await until_parked(pool, 1)
            assert topic == another.topic
            await shop.sell(key, 2)
            await until_totals(toy, {key: 3})
            assert packed not in await toy.totals()


async def test_lag_is_what_was_not_handled_though_it_was_fetched(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key = uuid4()
    async with pool.acquire() as other:
        transaction = other.transaction()
        async with join(new_group(), batch_max_records=10) as member:
            await shop.sell(key, 1)
            await until_totals(toy, {key: 1})
            await transaction.start()
            await other.execute("select from till where id = $1 for update", key)
            places = await shop.send([shop.sold(key) for _ in range(150)])
            labels = (shop.topic, str(places[0].partition))
            await until(lambda: member.value(member.metrics.lag, *labels) == 150, "the lag")
            await transaction.rollback()
            await until(lambda: member.value(member.metrics.lag, *labels) == 0, "no lag")
            assert await toy.totals() == {key: 151}
