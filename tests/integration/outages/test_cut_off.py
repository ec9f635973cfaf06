"""A process that reaches the database and no broker leaves its partitions to those who may be answered."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.consumer import reader
from tests.integration.test_membership import until_totals
from tests.support.brokers import PARTITIONS
from tests.support.reading import Join, Member, new_group
from tests.support.shop import Shop
from tests.support.toy_process import until
from tests.support.toy_runtime import ToyRuntime


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(reader, "CUT_OFF_SECONDS", 2.0)


def cut_off(member: Member) -> None:
    """No broker answers it."""

    async def unanswered(*_: Any) -> Any:
        raise KafkaConnectionError("no way to the brokers")

    member.reader._lookout._ask = unanswered  # type: ignore[method-assign]


def reconnect(member: Member) -> None:
    del member.reader._lookout._ask


async def test_others_read_what_a_process_held_that_reaches_no_broker(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    group, keys = new_group(), [uuid4() for _ in range(20)]
    async with join(group) as first, join(group) as second:
        await until(lambda: len(first.held()) == len(second.held()) == PARTITIONS // 2, "even shares")
        cut_off(first)
        await until(lambda: not first.held() and len(second.held()) == PARTITIONS, "the other one to have all")
        assert not await first.reader.covered()
        assert not next(iter(first.metrics.lag.collect())).samples, "what it cannot ask for is no number"
        await shop.send([shop.sold(key) for key in keys])
        await until_totals(toy, dict.fromkeys(keys, 1))
        await second.until_covered()
        reconnect(first)
        await until(lambda: len(first.held()) == len(second.held()) == PARTITIONS // 2, "even shares again")
        await first.until_covered()


async def test_whoever_reads_alone_waits_for_the_brokers_where_it_is(shop: Shop, join: Join, toy: ToyRuntime) -> None:
    key = uuid4()
    async with join(new_group()) as only:
        await only.until_covered()
        cut_off(only)
        await asyncio.sleep(4)
        assert len(only.held()) == PARTITIONS
        await shop.sell(key, 1)
        await until_totals(toy, {key: 1})
