"""Who reads what: topics and partitions appear, processes come, go and die, and nothing is left unread."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import leases, progress, subscription
from chassis.consumer.leases import Leases
from chassis.consumer.progress import TermOverError
from chassis.consumer.transport import Consumer
from chassis.outbox.partitions import partition_of
from tests.support import toy as toy_service
from tests.support.brokers import PARTITIONS
from tests.support.reading import Join, new_group
from tests.support.records import sold
from tests.support.shop import Shop, opened_shop
from tests.support.toy_process import until, until_async
from tests.support.toy_runtime import ToyRuntime

SOON = 15
"""Seconds within which a topic or partition is read after its creation."""


async def until_totals(toy: ToyRuntime, expected: dict[UUID, int], seconds: float = SOON) -> None:
    async def there() -> bool:
        return (await toy.totals()).items() >= expected.items()

    await until_async(there, f"totals of {len(expected)} tills", seconds)


async def test_a_restart_with_one_topic_more_reads_it(
    shop: Shop, join: Join, kafka_bootstrap: str, toy: ToyRuntime
) -> None:
    group, old, new = new_group(), uuid4(), uuid4()
    async with opened_shop(kafka_bootstrap) as another:
        async with join(group, instance="till-0") as member:
            await member.until_covered()
            await shop.sell(old, 1)
            await another.sell(new, 1)
            await until_totals(toy, {old: 1})
        async with join(group, also=[another], instance="till-0") as member:
            await until_totals(toy, {old: 1, new: 1})
            await member.until_covered()
            assert {each.topic for each in member.held()} == {shop.topic, another.topic}


async def test_while_a_version_is_rolled_out_that_reads_one_topic_more_everything_is_read(
    shop: Shop, join: Join, kafka_bootstrap: str, toy: ToyRuntime
) -> None:
    """Those of the version before leave room for others, but know nothing of the new topic."""
    group, old, new = new_group(), [uuid4() for _ in range(20)], [uuid4() for _ in range(20)]
    async with (
        opened_shop(kafka_bootstrap) as another,
        join(group) as first,
        join(group) as second,
    ):
        await until(lambda: len(first.held()) == len(second.held()) == PARTITIONS // 2, "even shares")
        async with join(group, also=[another]) as third:
            await third.until_covered()
            await until(lambda: len(third.held()) == PARTITIONS + PARTITIONS // 3, "its share of both topics", SOON)
            await shop.send([shop.sold(key) for key in old])
            await another.send([another.sold(key) for key in new])
            await until_totals(toy, dict.fromkeys([*old, *new], 1))
            await first.until_covered()


async def test_partitions_that_are_added_are_read_soon(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    async with join(new_group(), instance="till-0") as member:
        await member.until_covered()
        await shop.add_partitions(2 * PARTITIONS)
        keys = [key for key in (uuid4() for _ in range(200)) if partition_of(str(key), 2 * PARTITIONS) >= PARTITIONS]
        await until(lambda: len(member.held()) == 2 * PARTITIONS, "the new partitions to be read", SOON)
        places = {at.partition for at in await shop.send([shop.sold(key) for key in keys])}
        assert max(places) >= PARTITIONS
        await until_totals(toy, dict.fromkeys(keys, 1))


@pytest.mark.parametrize("more", [False, True], ids=["with fewer records", "with more records"])
async def test_a_topic_that_is_made_anew_is_read_from_its_beginning(
    shop: Shop, join: Join, toy: ToyRuntime, more: bool
) -> None:
    """With more records than were read, no offset is out of range: only the topic's id tells."""
    async with join(new_group()) as member:
        await member.until_covered()
        old, new = [uuid4() for _ in range(12)], [uuid4() for _ in range(60 if more else 6)]
        for _ in range(2):
            await shop.send([shop.sold(key) for key in old])
        await until_totals(toy, dict.fromkeys(old, 2))
        await shop.delete_topic()
        await asyncio.sleep(0.5)
        await shop.create_topic()
        await asyncio.sleep(0.5)
        await shop.send([shop.sold(key) for key in new])
        await until_totals(toy, {**dict.fromkeys(old, 2), **dict.fromkeys(new, 1)}, 2 * SOON)
        await member.until_covered(2 * SOON)
        assert member.value(member.metrics.partitions_reread, shop.topic) > 0


async def test_it_is_not_ready_until_every_topic_is_there_and_says_which_one_is_not(
    shop: Shop, join: Join, kafka_bootstrap: str, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, str]] = []
    monkeypatch.setattr(subscription.log, "warning", lambda event, **fields: told.append({"event": event, **fields}))
    here, there = uuid4(), uuid4()
    async with (
        opened_shop(kafka_bootstrap, topic=False) as late,
        join(new_group(), also=[late]) as member,
    ):
        await shop.sell(here, 1)
        await until_totals(toy, {here: 1})
        assert not await member.reader.covered()
        assert member.value(member.metrics.partitions_unread) == 1
        await late.create_topic()
        await late.sell(there, 1)
        await until_totals(toy, {there: 1})
        await member.until_covered()
        assert member.value(member.metrics.partitions_unread) == 0
    missing, there_again = told
    assert (missing["event"], missing["topic"]) == ("topic_not_readable", late.topic)
    assert "ph topics apply" in missing["reason"]
    assert there_again == {"event": "topic_readable_again", "topic": late.topic}


async def test_it_is_not_ready_before_it_has_found_its_places(
    shop: Shop, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncpg.pool.Pool.release

    async def slowly(self: asyncpg.Pool, connection: Any, **options: Any) -> None:
        await asyncio.sleep(0.4)
        await release(self, connection, **options)

    monkeypatch.setattr(asyncpg.pool.Pool, "release", slowly)
    async with join(new_group()) as member:
        await member.until_covered()
        assert len(member.held()) == PARTITIONS


async def test_two_processes_with_one_name_share_the_work_and_repeat_nothing(
    shop: Shop, join: Join, toy: ToyRuntime
) -> None:
    group, keys = new_group(), [uuid4() for _ in range(40)]
    async with join(group, instance="till-0") as first, join(group, instance="till-0") as second:
        await until(lambda: len(first.held()) == len(second.held()) == PARTITIONS // 2, "even shares")
        for _ in range(10):
            await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 10))
        assert first.count("done") + second.count("done") == 400
        assert min(first.count("done"), second.count("done")) > 0
        assert first.count("repeat") + second.count("repeat") == 0
        assert first.held().isdisjoint(second.held())


async def test_what_a_process_lets_go_or_loses_another_one_takes(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, keys = new_group(), [uuid4() for _ in range(30)]
    async with join(group) as first:
        await first.until_covered()
        assert len(first.held()) == PARTITIONS
        async with join(group) as second:
            await until(lambda: len(first.held()) == len(second.held()) == PARTITIONS // 2, "even shares")
            await shop.send([shop.sold(key) for key in keys])
            await until_totals(toy, dict.fromkeys(keys, 1))
            for round_ in range(2, 4):
                await pool.execute(_END_READERS)
                await shop.send([shop.sold(key) for key in keys])
                await until_totals(toy, dict.fromkeys(keys, round_))
        await until(lambda: len(first.held()) == PARTITIONS, "the first to have everything again")
        await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 4))
        assert first.count("repeat") + second.count("repeat") == 0


async def test_a_process_that_cannot_reach_the_brokers_takes_nothing_from_others(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, keys = new_group(), [uuid4() for _ in range(30)]
    async with join(group) as first:
        await first.until_covered()
        refused = asyncio.Event()

        async def refuse(*_: Any) -> None:
            refused.set()
            raise KafkaConnectionError("refused")

        monkeypatch.setattr(Consumer, "_connect", refuse)
        async with join(group) as second:
            await asyncio.wait_for(refused.wait(), SOON)
            await asyncio.sleep(2)
            assert len(first.held()) == PARTITIONS
            await shop.send([shop.sold(key) for key in keys])
            await until_totals(toy, dict.fromkeys(keys, 1))
            monkeypatch.undo()
            await until(lambda: len(first.held()) == len(second.held()) == PARTITIONS // 2, "even shares")


async def test_who_leaves_frees_its_partitions_before_it_disconnects(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, key = new_group(), uuid4()
    stays = asyncio.Event()
    async with join(group) as second:
        async with join(group) as first:
            await until(lambda: len(first.held()) == len(second.held()) == PARTITIONS // 2, "even shares")
            (member,) = first.reader.members
            disconnect = member.disconnect

            async def slowly() -> None:
                await stays.wait()
                await disconnect()

            monkeypatch.setattr(member, "disconnect", slowly)
            stopping = asyncio.create_task(first.reader.stop())
            await until(lambda: len(second.held()) == PARTITIONS, "the other one to have everything", SOON)
            assert not stopping.done()
            stays.set()
            await stopping
        await shop.sell(key, 1)
        await until_totals(toy, {key: 1})


_END_READERS = f"""
select pg_terminate_backend(pid) from pg_locks l join pg_database d on d.oid = l.database
where locktype = 'advisory' and classid::int = {leases.MEMBERS} and datname = current_database()
"""


async def test_who_has_lost_a_lease_ends_no_term_of_whoever_holds_it_now(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str
) -> None:
    """It was about to begin one when it lost the lease. The other one would never know why it writes nothing."""
    key, place = uuid4(), TopicPartition("ph.shop.v1", 0)
    (lease,) = (await progress.register(pool, [place])).values()
    async with Leases.opened(dsn, "first", 5000) as first, Leases.opened(dsn, "second", 5000) as second:
        assert await first.take([lease]) == {lease}
        assert (await progress.begin(pool, [place], first.number))[place].term == 1
        await first.let_go([lease])
        assert await second.take([lease]) == {lease}
        assert (await progress.begin(pool, [place], second.number))[place].term == 2
        assert await progress.begin(pool, [place], first.number) == {}
        await toy.dispatcher.handle([sold(key, 1, 5, offset=0)], {place: 2})
    assert await toy.totals() == {key: 5}


async def test_a_batch_whose_term_is_over_has_no_effect(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    key, place = uuid4(), TopicPartition("ph.shop.v1", 0)
    await pool.execute("insert into progress (topic, partition, term, next_offset) values ($1, $2, 2, 0)", *place)
    await toy.dispatcher.handle([sold(key, 1, 5, offset=0)], {place: 2})
    with pytest.raises(TermOverError):
        await toy.dispatcher.handle([sold(key, 2, 7, offset=1)], {place: 1})
    assert await toy.totals() == {key: 5}
    assert await pool.fetchval("select next_offset from progress") == 1


async def test_progress_stands_behind_what_was_parked_or_halved_too(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    key, other, place = uuid4(), uuid4(), TopicPartition("ph.shop.v1", 0)
    await pool.execute("insert into progress (topic, partition, term, next_offset) values ($1, $2, 1, 0)", *place)
    batch = [
        sold(key, 1, 5, offset=0),
        sold(other, 1, toy_service.UNSTORABLE, offset=1),
        sold(key, 2, 1, offset=2),
        sold(key, 3, toy_service.UNLUCKY, offset=3),
    ]
    await toy.dispatcher.handle(batch, {place: 1})
    assert [failure for _, failure, _ in await toy.parked()] == ["database_refused", "unlucky"]
    assert await pool.fetchval("select next_offset from progress") == 4
