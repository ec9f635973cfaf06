"""Deaf means dead: a reader that brokers do not answer, although they answer others, is made anew."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, UnknownError

from chassis.consumer import watchdog
from chassis.consumer.transport import Consumer
from chassis.consumer.watchdog import DeafReaderError
from tests.integration.test_membership import until_totals
from tests.integration.test_unreadable import in_partition
from tests.support.brokers import PARTITIONS
from tests.support.reading import Join, Member, new_group
from tests.support.shop import Shop
from tests.support.toy_process import until
from tests.support.toy_runtime import ToyRuntime


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "DEAF_SECONDS", 3.0)
    monkeypatch.setattr("chassis.consumer.reader.LOOK_SECONDS", 0.5)
    monkeypatch.setattr("chassis.consumer.reader.ANSWER_SECONDS", 2.0)


async def go_deaf(*members: Consumer) -> None:
    """What aiokafka is after its password was changed, or its brokers have moved: no request is answered any more."""

    async def no_answer(*_: Any, **__: Any) -> Any:
        await asyncio.sleep(0.05)
        raise KafkaConnectionError("no connection")

    for each in members:
        each._client._client.send = no_answer  # type: ignore[union-attr]
    await asyncio.sleep(1)  # a fetch that was on its way is answered


@pytest.mark.parametrize("consumers", [1, 2])
async def test_a_deaf_reader_is_made_anew_and_a_second_time_the_process_ends(
    shop: Shop, join: Join, toy: ToyRuntime, consumers: int
) -> None:
    keys = [uuid4() for _ in range(20)]
    async with join(new_group(), fatal=1, consumers=consumers) as member:
        await member.until_covered()
        await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 1))
        await go_deaf(*member.reader.members)
        await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 2))
        assert member.value(member.metrics.readers_renewed, "no_fetch") == 1
        assert member.fatal == []
        await go_deaf(*member.reader.members)
        await until(lambda: bool(member.fatal), "the process to end")
        assert isinstance(member.fatal[0], DeafReaderError)


async def test_members_that_go_deaf_one_after_another_are_made_anew_once_each(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "DEAF_SECONDS", 6.0)  # the other one must not seem deaf on a busy machine
    keys = [uuid4() for _ in range(20)]
    async with join(new_group(), consumers=2) as member:
        await member.until_covered()
        for count, each in enumerate(member.reader.members, 1):
            await go_deaf(each)
            await shop.send([shop.sold(key) for key in keys])
            await until_totals(toy, dict.fromkeys(keys, count), 30)
            assert member.value(member.metrics.readers_renewed, "no_fetch") == count


async def test_while_nobody_is_answered_it_waits_and_is_not_ready(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    key = uuid4()
    async with join(new_group()) as member:
        await member.until_covered()
        await all_go_deaf(member)
        await shop.sell(key, 1)
        await asyncio.sleep(5)
        assert not await member.reader.covered()
        assert member.value(member.metrics.readers_renewed, "no_fetch") == 0
        assert await toy.totals() == {}


async def test_a_client_that_is_given_up_at_a_silent_broker_leaves_nothing_behind(shop: Shop, join: Join) -> None:
    async def silence(*_: Any, **__: Any) -> Any:
        await asyncio.sleep(60)
        raise KafkaConnectionError("no answer")

    async with join(new_group()) as member:
        await member.until_covered()
        reader = member.reader.members[0]
        client: Any = reader._client
        client._client.send = silence
        client._coordinator.coordinator_dead()
        client.assign(client.assignment())  # its coordinator begins anew, and looks for the group's broker
        await asyncio.sleep(0.1)
        tasks = {client._coordinator._coordination_task, client._fetcher._fetch_task, client._client._sync_task}
        await reader.disconnect()
        assert {task for task in tasks if not task.done()} == set()


async def all_go_deaf(member: Member) -> None:
    """Neither the reader nor anybody who connects anew is answered."""

    async def nobody(*_: Any) -> Any:
        raise KafkaConnectionError("no broker")

    member.reader._lookout._connected = nobody  # type: ignore[method-assign]
    await go_deaf(*member.reader.members)


async def test_a_reader_whose_new_client_is_refused_waits_although_the_old_connection_is_answered(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while Kafka has a new password and the file has not."""

    async def refused(_self: AIOKafkaConsumer) -> None:
        raise KafkaConnectionError("refused")

    key, start = uuid4(), AIOKafkaConsumer.start
    async with join(new_group(), consumers=2) as member:
        await member.until_covered()
        with monkeypatch.context() as changed:
            changed.setattr(AIOKafkaConsumer, "start", refused)
            await go_deaf(*member.reader.members)
            await shop.sell(key, 1)
            await asyncio.sleep(8)  # deaf for so long, and then not covered for as long
            assert not await member.reader.covered()
            assert member.fatal == []
            assert await toy.totals() == {}
        assert AIOKafkaConsumer.start is start
        await until_totals(toy, {key: 1})


async def test_a_reader_whose_lag_stands_still_is_made_anew(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client is answered, and has forgotten one of its partitions."""
    monkeypatch.setattr(watchdog, "STILL_SECONDS", 3.0)
    stuck, free = in_partition(0), in_partition(0, same=False)
    async with join(new_group()) as member:
        await member.until_covered()
        (reader,) = member.reader.members
        assert reader._client is not None
        reader._client.pause(TopicPartition(shop.topic, 0))  # type: ignore[no-untyped-call]
        await asyncio.sleep(1)  # a fetch that was on its way is answered
        await shop.sell(stuck, 1)
        await shop.sell(free, 1)
        await until_totals(toy, {free: 1})
        assert await toy.totals() == {free: 1}
        await until_totals(toy, {stuck: 1, free: 1}, 30)
        assert member.value(member.metrics.readers_renewed, "lag_stands_still") == 1
        assert member.value(member.metrics.readers_renewed, "no_fetch") == 0
        await member.until_covered()


async def test_a_reader_that_does_not_cover_what_it_is_to_read_is_made_anew_and_the_second_time_the_process_ends(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Brokers and database answer, but never where a partition begins."""
    key = uuid4()

    async def unknown(*_: Any) -> Any:
        raise UnknownError("where it begins")

    async with join(new_group(), fatal=1) as member:

        def renewed() -> float:
            return member.value(member.metrics.readers_renewed, "not_covered")

        with monkeypatch.context() as changed:
            changed.setattr(AIOKafkaConsumer, "beginning_offsets", unknown)
            await shop.sell(key, 1)
            await until(lambda: renewed() == 1, "the reader to be made anew")
            assert (member.fatal, await toy.totals()) == ([], {})
        await until_totals(toy, {key: 1})
        await member.until_covered()
        monkeypatch.setattr(AIOKafkaConsumer, "beginning_offsets", unknown)
        await shop.add_partitions(2 * PARTITIONS)
        await until(lambda: bool(member.fatal), "the process to end")
        assert isinstance(member.fatal[0], DeafReaderError)
        assert renewed() == 2


async def test_clients_whose_fetchers_have_ended_are_made_anew_at_once(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "DEAF_SECONDS", 300.0)
    keys = [uuid4() for _ in range(20)]
    async with join(new_group(), consumers=2) as member:
        await member.until_covered()
        for each in member.reader.members:
            each._client._fetcher._fetch_task.cancel()
        await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 1))
        assert member.fatal == []
        assert member.value(member.metrics.readers_renewed, "no_fetch") == 1
