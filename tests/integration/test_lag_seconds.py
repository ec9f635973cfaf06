"""Lag in seconds: for how long the oldest record that is not handled has stood in its topic."""

from __future__ import annotations

import time
from uuid import uuid4

import asyncpg
import pytest

from tests.integration.test_membership import until_totals
from tests.support.reading import Join, Member, new_group
from tests.support.shop import Shop
from tests.support.toy_process import until
from tests.support.toy_runtime import ToyRuntime

HOUR = 3600


def seconds(member: Member, *labels: str) -> float | None:
    """None while it is not told."""
    names = dict(zip(("topic", "partition"), labels, strict=True))
    return member.metrics.registry.get_sample_value("ph_consumer_lag_seconds", names)


async def test_it_is_the_age_of_the_oldest_record_by_its_own_time_and_nothing_once_that_is_handled(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    key = uuid4()
    async with pool.acquire() as other:
        transaction = other.transaction()
        async with join(new_group()) as member:
            await shop.sell(key, 1)
            await until_totals(toy, {key: 1})
            await transaction.start()
            await other.execute("lock table till in access exclusive mode")
            written = time.time() - 2 * HOUR
            (place,) = await shop.send([shop.sold(key)], at=written)
            await shop.sell(key, 1, 1)
            labels = (shop.topic, str(place.partition))
            await until(lambda: (seconds(member, *labels) or 0) > HOUR, "the age of what waits")
            told = seconds(member, *labels)
            assert told is not None
            assert 2 * HOUR - 1 <= told <= time.time() - written
            await transaction.rollback()
            await until(lambda: seconds(member, *labels) == 0, "nothing to wait")
            assert await toy.totals() == {key: 4}


async def test_while_nobody_can_tell_it_is_no_number(shop: Shop, join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    async with join(new_group()) as member:
        await member.until_covered()
        await until(lambda: seconds(member, shop.topic, "0") == 0, "it to be told")

        async def silent(*_: object) -> None:
            raise TimeoutError

        monkeypatch.setattr(member.reader._lookout, "ends", silent)
        await until(lambda: seconds(member, shop.topic, "0") is None, "it to be told no more")
        assert member.metrics.registry.get_sample_value(
            "ph_outage_retries_total", {"where": "topics", "reason": "TimeoutError"}
        )
