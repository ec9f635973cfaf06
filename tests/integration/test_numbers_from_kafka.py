"""What a broker shows of numbers put back and of records that are kept in part only."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from chassis.kafka.reading import fetch_record
from tests.support import curses
from tests.support.logins import settings_for
from tests.support.reading import Join, new_group
from tests.support.shop import Shop
from tests.support.toy_runtime import ToyRuntime


async def test_a_writer_whose_database_was_put_back_loses_no_event_without_a_sign(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key, other = new_group(), uuid4(), uuid4()
    async with join(group) as member:
        await shop.sell(key, 1, 1, 1, 1, 1, 1)
        await shop.until_read(group)
        shop.restore(key, 3)
        await shop.sell(key, 100, 100, 100)
        await shop.sell(other, 5)
        await shop.sell(key, 1)
        await shop.until_read(group)
        assert await toy.totals() == {key: 7, other: 5}
        rows = await pool.fetch("select sequence, failure, blocks from parked order by id")
        assert [tuple(row) for row in rows] == [(number, "fork", False) for number in (4, 5, 6)]
        assert member.metrics.disowned.labels(shop.topic, "fork")._value.get() == 3


async def test_a_record_that_is_too_large_to_be_kept_is_read_again_at_its_offset(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key = new_group(), uuid4()
    large = shop.sold(key, 5)
    large = large._replace(value=(large.value or b"") + b" " * 3_000_000)
    await shop.send([large, shop.sold(key, 1), shop.sold(key, 7)])
    async with join(group) as member:
        await shop.until_read(group)
        assert await pool.fetchval("select failure from parked order by id limit 1") == "too_large"
        await pool.execute("update parked set state = 'retry' where failure = 'too_large'")
        while await member.dispatcher.drain():
            pass
    assert await pool.fetchval("select count(*) from parked") == 0
    assert await toy.receipts(key) == [5, 1, 7]


async def test_what_stands_at_a_place_and_cannot_be_unpacked_is_not_what_was_parked_there(
    shop: Shop, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    curses.lay(monkeypatch, ValueError("buffer underrun"))
    (at,) = await shop.send([shop.sold(uuid4())._replace(value=curses.CURSED)])
    assert await fetch_record(settings_for(kafka_bootstrap), shop.topic, at.partition, 0) is None


async def test_a_place_that_a_topic_does_not_have_is_answered_and_not_waited_for(
    shop: Shop, kafka_bootstrap: str
) -> None:
    kafka = settings_for(kafka_bootstrap)
    await shop.sell(uuid4(), 1)
    (partition,) = await shop.ends()
    found = await fetch_record(kafka, shop.topic, partition, 0)
    assert found is not None
    assert (found.topic, found.partition, found.offset) == (shop.topic, partition, 0)
    for topic, number, offset in ((shop.topic, partition, 1), (shop.topic, 99, 0), ("ph.nowhere.v1", 0, 0)):
        assert await fetch_record(kafka, topic, number, offset) is None
