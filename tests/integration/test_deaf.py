"""Deaf means dead: a reader that brokers do not answer, although they answer others, is made anew."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import watchdog
from chassis.consumer.watchdog import DeafReaderError
from tests.integration.test_membership import until_totals
from tests.support.reading import Join, Member, new_group
from tests.support.shop import Shop
from tests.support.toy_process import until
from tests.support.toy_runtime import ToyRuntime


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "DEAF_SECONDS", 3.0)
    monkeypatch.setattr("chassis.consumer.reader.LOOK_SECONDS", 0.5)


async def go_deaf(client: Any) -> None:
    """What aiokafka is after its password was changed, or its brokers have moved: no request is answered any more."""

    async def no_answer(*_: Any, **__: Any) -> Any:
        await asyncio.sleep(0.05)
        raise KafkaConnectionError("no connection")

    client._client.send = no_answer
    await asyncio.sleep(1)  # a fetch that was on its way is answered


async def test_a_deaf_reader_is_made_anew_and_a_second_time_the_process_ends(
    shop: Shop, join: Join, toy: ToyRuntime
) -> None:
    key = uuid4()
    async with join(new_group(), fatal=1) as member:
        await member.until_covered()
        await shop.sell(key, 1)
        await until_totals(toy, {key: 1})
        (reader,) = member.reader.members
        await go_deaf(reader._client)
        await shop.sell(key, 2)
        await until_totals(toy, {key: 3})
        assert member.value(member.metrics.readers_renewed, "no_fetch") == 1
        assert member.fatal == []
        await go_deaf(reader._client)
        await until(lambda: bool(member.fatal), "the process to end")
        assert isinstance(member.fatal[0], DeafReaderError)


async def test_while_nobody_is_answered_it_waits_and_is_not_ready(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    key = uuid4()
    async with join(new_group()) as member:
        await member.until_covered()
        await all_go_deaf(member)
        await shop.sell(key, 1)
        await asyncio.sleep(5)
        assert member.value(member.metrics.readers_renewed, "no_fetch") == 0
        assert await toy.totals() == {}


async def all_go_deaf(member: Member) -> None:
    """Neither the reader nor anybody who connects anew is answered."""

    async def nobody(*_: Any) -> Any:
        raise KafkaConnectionError("no broker")

    member.reader._lookout._connected = nobody  # type: ignore[method-assign]
    for each in member.reader.members:
        await go_deaf(each._client)


async def test_a_client_whose_fetcher_has_ended_is_made_anew_at_once(
    shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "DEAF_SECONDS", 300.0)
    key = uuid4()
    async with join(new_group()) as member:
        await member.until_covered()
        (reader,) = member.reader.members
        reader._client._fetcher._fetch_task.cancel()
        await shop.sell(key, 1)
        await until_totals(toy, {key: 1})
