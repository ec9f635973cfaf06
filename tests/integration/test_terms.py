"""Whose term is over reads on at another place, or not at all: it neither retries for ever nor decides for others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import parking
from tests.integration.test_membership import _END_READERS, until_totals
from tests.integration.test_unreadable import CURSED, curse, in_partition, until_parked
from tests.support.reading import Join, Member, new_group
from tests.support.shop import Shop
from tests.support.toy_process import until, until_async
from tests.support.toy_runtime import ToyRuntime

__all__ = ["curse"]


@asynccontextmanager
async def in_hand(shop: Shop, member: Member, pool: asyncpg.Pool, toy: ToyRuntime, key: UUID) -> AsyncIterator[Any]:
    """Meanwhile a batch with an event of this key, whose total is then 3, waits for a lock in the database."""
    await member.until_covered()
    await shop.sell(key, 1)
    await until_totals(toy, {key: 1})
    async with pool.acquire() as other, other.transaction():
        await other.execute("select from till where id = $1 for update", key)
        await shop.sell(key, 2)
        await until_async(lambda: _somebody_waits(pool), "the batch to wait for the lock")
        yield


async def _somebody_waits(pool: asyncpg.Pool) -> bool:
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return int(await pool.fetchval(query)) > 0


async def test_a_batch_whose_term_ends_under_it_is_given_up_and_its_places_are_found_anew(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key = uuid4()
    async with join(new_group()) as member:
        async with in_hand(shop, member, pool, toy, key):
            await pool.execute("update progress set term = term + 1")
        await until_totals(toy, {key: 3})
        await member.until_covered()
        await shop.sell(key, 4)
        await until_totals(toy, {key: 7})
        assert member.count("repeat") == 0


async def test_members_that_are_made_anew_leave_no_batch_behind(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key, others = uuid4(), [in_partition(number) for number in range(6)]
    async with join(new_group()) as member:
        async with in_hand(shop, member, pool, toy, key):
            await member.reader._renew(member.reader.members, "test")
            ahead = asyncio.create_task(shop.send([shop.sold(each) for each in others]))
        await ahead
        await until_totals(toy, {key: 3, **dict.fromkeys(others, 1)})
        await member.until_covered()


async def test_a_topic_that_is_made_anew_under_a_batch_in_hand_is_read(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key, new = uuid4(), [uuid4() for _ in range(12)]
    async with join(new_group()) as member:
        async with in_hand(shop, member, pool, toy, key):
            await shop.delete_topic()
            await asyncio.sleep(0.5)
            await shop.create_topic()
            await until(
                lambda: member.value(member.metrics.partitions_reread, shop.topic) > 0, "the other topic to be noticed"
            )
        await shop.send([shop.sold(each) for each in new])
        await until_totals(toy, dict.fromkeys(new, 1), 30)
        await member.until_covered()


async def test_what_is_taken_while_its_member_is_made_anew_is_read(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    keys = [in_partition(number) for number in range(6)]
    async with join(new_group()) as member:
        reader, calls = member.reader, []
        spans = reader._lookout.spans

        async def then_made_anew(partitions: Any) -> Any:
            found = await spans(partitions)
            if not calls:
                calls.append(found)
                await until(lambda: all(each._client for each in reader.members), "the members to be connected")
                await reader._renew(reader.members, "test")
            return found

        reader._lookout.spans = then_made_anew  # type: ignore[method-assign]
        await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 1))
    assert calls


async def test_a_client_that_cannot_be_closed_ends_nobody(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, stop = uuid4(), AIOKafkaConsumer.stop

    async def stopped(self: AIOKafkaConsumer) -> None:
        await stop(self)
        raise KafkaConnectionError("no connection")

    async with join(new_group()) as member:
        await member.until_covered()
        monkeypatch.setattr(AIOKafkaConsumer, "stop", stopped)
        await member.reader.members[0].disconnect()
        member.reader._wake()
        monkeypatch.undo()
        await shop.sell(key, 1)
        await until_totals(toy, {key: 1})


@pytest.mark.usefixtures("curse")
@pytest.mark.parametrize("decision", ["discard", "retry"])
async def test_who_has_lost_a_partition_that_stands_still_leaves_it_to_its_reader(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime, decision: str, curse: list[bool]
) -> None:
    group, key, place = new_group(), in_partition(0), TopicPartition(shop.topic, 0)
    async with join(group) as first:
        await first.until_covered()
        for amount in (1, CURSED, 2):  # a batch each
            await shop.sell(key, amount)
        await until_parked(pool, 1)
        async with join(group) as second:
            dsn, first.reader._dsn = first.reader._dsn, _nowhere
            await pool.execute(_END_READERS)
            await until(lambda: place in second.reader._unreadable.stopped, "the second to stand still there")
            ((_, _, offset, _),) = await until_parked(pool, 1)
            if decision == "retry":
                curse.clear()
                await toy.retry(offset)
            else:
                await toy.discard(offset)
            expected = 3 + CURSED * (decision == "retry")
            await until_totals(toy, {key: expected})
            await asyncio.sleep(2.5)  # the first looks again
            for amount in (4, 8):
                await shop.sell(key, amount)
                expected += amount
                await until_totals(toy, {key: expected})
            async with pool.acquire() as connection:
                await parking.settle_what_was_read(connection)  # as a worker does every few seconds
            assert await pool.fetchval("select count(*) from parked where state = 'parked'") == 0
            assert not first.reader._unreadable.stopped
            first.reader._dsn = dsn


def _nowhere() -> str:
    raise OSError("no database")
