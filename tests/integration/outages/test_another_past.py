"""Nothing that was known of a partition outlives its topic: neither offsets, nor decisions, nor suspicions."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import offsets, reader
from chassis.consumer.held import Held
from chassis.consumer.leases import Leases
from chassis.consumer.places import Places
from chassis.consumer.unreadable import Unreadable
from chassis.kafka.lookout import Lookout, Span
from chassis.kafka.topic_metadata import Topic
from chassis.kafka.unpacking import StoredBatch
from chassis.telemetry.metrics import Metrics
from tests.integration.test_membership import _END_READERS, until_totals
from tests.integration.test_unreadable import CURSED, curse, in_partition, until_parked
from tests.support.brokers import PARTITIONS
from tests.support.reading import Join, Member, new_group
from tests.support.shop import Shop, opened_shop
from tests.support.toy_process import until, until_async
from tests.support.toy_runtime import ToyRuntime

__all__ = ["curse"]

ID, OTHER_ID = b"t" * 16, b"u" * 16


async def made_anew(shop: Shop) -> None:
    """Deletes the topic and makes it again."""
    await shop.delete_topic()
    await asyncio.sleep(0.5)
    await shop.create_topic()


async def until_at_the_beginning(member: Member, topic: str) -> None:
    """Waits until all partitions of the topic are held, at their beginning."""

    def begun() -> bool:
        held = [held for each in member.reader.members for at, held in each.held.items() if at.topic == topic]
        return len(held) == PARTITIONS and all(each.next_offset == 0 for each in held)

    await until(begun, "the new topic to be read from its beginning")


async def test_offsets_that_were_not_committed_say_nothing_about_another_topic_of_that_name(
    shop: Shop, join: Join, kafka_bootstrap: str, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: Any) -> None:
        raise KafkaConnectionError("no coordinator")

    monkeypatch.setattr(offsets, "AGAIN_SECONDS", 60.0)  # nobody tries again meanwhile
    old, other, new = ([uuid4() for _ in range(30)] for _ in range(3))
    async with opened_shop(kafka_bootstrap) as another, join(new_group(), also=[another]) as member:
        await member.until_covered()
        monkeypatch.setattr(AIOKafkaConsumer, "commit", refused)
        for _ in range(3):
            await shop.send([shop.sold(key) for key in old])
        await until_totals(toy, dict.fromkeys(old, 3))
        await made_anew(shop)
        await member.reader._look_once()  # the other topic is noticed: nothing later mends what is lost now
        await until_at_the_beginning(member, shop.topic)
        await another.send([another.sold(key) for key in other])
        await until_totals(toy, dict.fromkeys(other, 1))
        await shop.send([shop.sold(key) for key in new])
        await until_totals(toy, dict.fromkeys(new, 1))
        await member.until_covered()


async def test_the_group_is_told_where_reading_begins_anew(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    group, key = new_group(), uuid4()
    async with join(group) as member:
        await shop.sell(key, 1, 1, 1)
        await until_totals(toy, {key: 3})
        await shop.until_read(group)
        await made_anew(shop)
        await until_at_the_beginning(member, shop.topic)

        async def told() -> bool:
            return await shop.committed(group) == {}

        await until_async(told, "the group's offsets to begin anew")


@pytest.mark.usefixtures("curse")
async def test_a_decision_on_a_batch_is_none_on_another_one_at_its_offset(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key, new = in_partition(0), in_partition(0)
    async with join(new_group()) as member:
        await member.until_covered()
        await shop.sell(key, 1)
        await shop.sell(key, CURSED)
        await until_parked(pool, 1)
        await toy.discard(1)
        await shop.sell(key, 2)
        await until_totals(toy, {key: 3})
        await made_anew(shop)
        await shop.sell(new, 4)
        await shop.sell(new, CURSED)
        await shop.sell(new, 8)
        assert [state for *_, state in await until_parked(pool, 2)] == ["discarded", "parked"]
        await until_totals(toy, {key: 3, new: 4})
        await toy.discard(1)
        await until_totals(toy, {key: 3, new: 12})


@pytest.mark.usefixtures("curse")
async def test_a_partition_does_not_stand_still_for_a_batch_of_another_topic_of_that_name(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key, new = in_partition(0), in_partition(0)
    async with join(new_group()) as member:
        await member.until_covered()
        await shop.sell(key, 1)
        await shop.sell(key, CURSED)
        await until_parked(pool, 1)
        await made_anew(shop)
        await shop.sell(new, 4, 4, 4)
        await until_totals(toy, {key: 1, new: 12}, 30)
        await member.until_covered()


@pytest.mark.usefixtures("curse")
async def test_a_decision_on_a_batch_that_retention_took_keeps_nobody_waiting(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key, other = in_partition(0), in_partition(0, same=False)
    async with join(new_group()) as member:
        await member.until_covered()
        await shop.sell(key, CURSED)
        await until_parked(pool, 1)
        await shop.forget()
        await toy.discard(0)
        for each in (key, other):
            await shop.sell(each, 2)
        await until_totals(toy, {key: 2, other: 2})
        await until(lambda: member.value(member.metrics.partitions_stopped) == 0, "the look to come to its end")
    assert await pool.fetchval("select (partition, first_offset, next_offset) from missed") == (0, 0, 1)


async def test_a_question_about_a_batch_ends_with_the_batch(pool: asyncpg.Pool) -> None:
    """Another batch came to stand at that offset after an operator had been asked."""
    place = TopicPartition("ph.shop.v1", 0)
    await pool.execute("insert into progress (topic, partition, term, next_offset) values ($1, $2, 3, 7)", *place)
    unreadable = Unreadable(pool, log := _Log())  # type: ignore[arg-type]
    unreadable.add(place, Held(3, 7), ValueError())
    assert not await unreadable.settle()
    await pool.execute("update parked set state = 'discarded'")
    log.content = b"another one"
    assert await unreadable.settle()
    assert await pool.fetchval("select next_offset from progress") == 7
    unreadable.add(place, Held(3, 7), ValueError())
    assert not await unreadable.settle()
    await pool.execute("update parked set state = 'discarded'")
    assert await unreadable.settle()
    assert await pool.fetchval("select next_offset from progress") == 9
    assert await pool.fetchval("select (first_offset, next_offset) from missed") == (7, 9)


class _Log(Lookout):
    """Brokers that hold this, from offset 7 to 8."""

    content = b"a batch"

    def __init__(self) -> None:
        """Asks nobody."""

    async def batch_at(self, _partition: TopicPartition, _offset: int) -> Any:
        return StoredBatch(9, self.content)


class _Spans(Lookout):
    def __init__(self, span: Span) -> None:
        self._span = span

    async def spans(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Span]:
        return dict.fromkeys(partitions, self._span)


async def test_a_suspicion_ends_with_the_term_in_which_it_arose(pool: asyncpg.Pool, dsn: str) -> None:
    place = TopicPartition("ph.shop.v1", 0)
    lease = await pool.fetchval(
        "insert into progress (topic, partition, term, next_offset, last_id, topic_id) values ($1, $2, 3, 8, 'e', $3)"
        " returning lease",
        *place,
        ID,
    )
    places = Places(pool, _Spans(Span(0, 20)), Metrics("till"))
    async with Leases.opened(dsn, "reader", 5000) as leases:
        assert await leases.take([lease]) == {lease}
        places.suspect(place, 3)
        assert (await places.find([place], lambda _: ID, leases.number))[place].another_past
        await pool.execute("update progress set next_offset = 8, last_id = 'e', reread_to = null")
        places.suspect(place, 4)
        await pool.execute("update progress set term = term + 1")  # somebody else reads it meanwhile
        start = (await places.find([place], lambda _: ID, leases.number))[place]
    assert (start.another_past, start.check) == (False, "e")


async def test_a_topic_that_is_made_anew_while_its_place_is_found_is_read_from_its_beginning(
    shop: Shop, join: Join, toy: ToyRuntime
) -> None:
    key, new = in_partition(0), in_partition(0)
    await shop.sell(key, 1, 1, 1)
    await shop.forget()
    async with join(new_group()) as member:
        spans, calls = member.reader._lookout.spans, []

        async def then_made_anew(partitions: Collection[TopicPartition]) -> Any:
            found = await spans(partitions)
            if not calls:
                calls.append(found)
                await made_anew(shop)
                await shop.sell(new, *[1] * 5)
                await member.reader._look_once()
            return found

        member.reader._lookout.spans = then_made_anew  # type: ignore[method-assign]
        await until_totals(toy, {new: 5})
        await member.until_covered()
    assert calls


async def test_a_topic_made_anew_stands_still_although_the_database_fails(
    shop: Shop, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> Any:
        raise ConnectionResetError

    async with join(new_group()) as member:
        await member.until_covered()
        (each,), look = member.reader.members, member.reader._lookout
        topics = {shop.topic: Topic(OTHER_ID, tuple(range(PARTITIONS + 1)), 0, None)}

        async def another_one(_names: Collection[str]) -> dict[str, Topic]:
            return topics

        monkeypatch.setattr(look, "topics", another_one)
        monkeypatch.setattr(reader.progress, "register", fails)
        with pytest.raises(ConnectionResetError):
            await member.reader._look_once()
        assert not each.held
        monkeypatch.undo()
        await member.until_covered()


async def test_leases_are_asked_for_anew_after_the_database_was_put_back_under_the_reader(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    """To a time before these partitions were first read: their rows, with the numbers of their leases, are gone."""
    keys: list[UUID] = [uuid4() for _ in range(12)]
    async with join(new_group()) as member:
        await member.until_covered()
        await pool.execute("delete from progress")
        await pool.execute(_END_READERS)
        await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 1))
        await member.until_covered()
        assert member.value(member.metrics.readers_renewed, "not_covered") == 0
