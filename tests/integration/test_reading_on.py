"""Where a reader goes on: after its database was put back, after retention, on brokers with another past."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres.database import open_pool
from tests.integration.test_membership import until_totals
from tests.support.cluster import Cluster
from tests.support.reading import Join, joiner, new_group
from tests.support.shop import Shop
from tests.support.toy_process import until_async
from tests.support.toy_runtime import ToyRuntime


async def test_a_readers_database_that_was_put_back_reads_what_it_has_forgotten(
    cluster: Cluster, dsn: str, shop: Shop, kafka_bootstrap: str, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key, name = new_group(), uuid4(), dsn.rsplit("/", 1)[1]
    async with join(group):
        await shop.sell(key, 1, 1, 1)
        await until_totals(toy, {key: 3})
    await pool.close()
    copy = await cluster.create_database(f"{name}_bak", template=name)
    later = await open_pool(dsn, 4, "test")
    async with joiner(shop, kafka_bootstrap, later, dsn)(group):
        await shop.sell(key, 1, 1, 1)
        await until_totals(ToyRuntime(later), {key: 6})
        await shop.until_read(group)
    await later.close()
    restored = await open_pool(copy, 4, "test")
    try:
        async with joiner(shop, kafka_bootstrap, restored, copy)(group):
            await shop.sell(key, 1)
            await until_totals(ToyRuntime(restored), {key: 7})
    finally:
        restored.terminate()
        await cluster.drop_database(f"{name}_bak")


async def test_records_that_retention_took_unread_are_listed_and_the_rest_is_read(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key = new_group(), uuid4()
    async with join(group) as member:
        await member.until_covered()
    ((place, _),) = {(at.partition, 0) for at in await shop.send([shop.sold(key) for _ in range(3)])}
    await shop.forget()
    await shop.sell(key, 5)
    async with join(group) as member:
        await until_totals(toy, {key: 5})
        assert member.value(member.metrics.records_missed, shop.topic) == 3
    rows = await pool.fetch("select topic, partition, first_offset, next_offset from missed")
    assert [tuple(row) for row in rows] == [(shop.topic, place, 0, 3)]


async def test_an_offset_that_is_out_of_range_is_looked_up_anew(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    key = uuid4()
    async with join(new_group()) as member:
        await member.until_covered()
        await shop.sell(key, 1)
        await until_totals(toy, {key: 1})
        (reader,) = member.reader.members
        for each in reader.held:
            reader._client.seek(each, 999)
        await shop.sell(key, 1)
        await until_totals(toy, {key: 2})
        await member.until_covered()


@pytest.mark.parametrize(
    "change",
    ["next_offset = next_offset + 50", "last_id = 'of another record'", "topic_id = '\\x00'"],
    ids=["the end is below what was read", "another record stands there", "the topic is another one"],
)
async def test_brokers_with_another_past_are_noticed_and_read_again_from_the_beginning(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime, change: str
) -> None:
    """The database is ahead of the brokers, as it is when their disks were put back."""
    group, key, new = new_group(), uuid4(), uuid4()
    async with join(group):
        await shop.sell(key, 1, 1, 1)
        await until_totals(toy, {key: 3})
    await pool.execute(f"update progress set {change} where last_id is not null")
    async with join(group) as member:
        await member.until_covered()
        assert member.value(member.metrics.partitions_reread, shop.topic) == 1
        assert member.count("repeat") == 3, "read again, and dropped by its position"
        await shop.sell(new, 1)
        await shop.sell(key, 1)
        await until_totals(toy, {key: 4, new: 1})
    assert await pool.fetchval("select count(*) from progress where reread_to is not null") == 0


async def test_it_is_not_ready_before_it_has_read_everything_again(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key = new_group(), uuid4()
    async with join(group):
        await shop.sell(key, *[1] * 30)
        await until_totals(toy, {key: 30})
    await pool.execute("update progress set next_offset = next_offset + 50 where last_id is not null")
    async with pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("select from position where key = $1 for update", str(key))
        async with join(group, batch_max_records=10) as member:
            await until_async(lambda: _is_reread(pool), "the second reading to begin")
            assert not await member.reader.covered()
            await transaction.rollback()
            await member.until_covered()
            assert member.count("repeat") == 30


async def _is_reread(pool: asyncpg.Pool) -> bool:
    return bool(await pool.fetchval("select count(*) from progress where reread_to is not null"))
