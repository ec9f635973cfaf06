"""A reader beside a broker that was put back to an older disk: nothing that stands there now is left unread."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka.client import AIOKafkaClient

from chassis.consumer import offsets
from deploy.local.kafka import Kafka
from deploy.local.places import LOCAL, free_ports
from tests.integration.test_membership import until_totals
from tests.integration.test_terms import _somebody_waits
from tests.integration.test_unreadable import in_partition
from tests.support.brokers import PARTITIONS
from tests.support.reading import Join, joiner, new_group
from tests.support.records import FakeRecord
from tests.support.shop import Shop, opened_shop
from tests.support.toy_process import until, until_async
from tests.support.toy_runtime import ToyRuntime

CUT_OFF = "-1"
"""The end of the name of the member that reads; the lookout beside it is answered."""
pytestmark = pytest.mark.timeout(240)


class Disk:
    """The data of a broker: a snapshot of it, taken while the broker runs, and later in its place."""

    def __init__(self, kafka: Kafka, directory: Path) -> None:
        self.kafka = kafka
        self._copy, self._data = directory / "older", kafka.directory / "data"

    def snapshot(self) -> None:
        """The broker recovers from it as from a crash."""
        shutil.copytree(self._data, self._copy)

    async def put_back(self) -> None:
        """Starts the broker, which was killed, with that copy."""
        shutil.rmtree(self._data)
        shutil.copytree(self._copy, self._data)
        await asyncio.to_thread(self.kafka.start)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """That of a broker of its own, running."""
    kafka = Kafka(tmp_path / "kafka", LOCAL / "cache", tmp_path / "kafka.log", free_ports())
    kafka.start()
    yield Disk(kafka, tmp_path)
    kafka.stop()


@pytest.fixture
async def shop(disk: Disk) -> AsyncIterator[Shop]:
    async with opened_shop(disk.kafka.bootstrap) as shop:
        yield shop


@pytest.fixture
def join(shop: Shop, disk: Disk, pool: asyncpg.Pool, dsn: str) -> Join:
    return joiner(shop, disk.kafka.bootstrap, pool, dsn)


def sold(shop: Shop, keys: list[UUID], times: int = 1) -> list[FakeRecord]:
    return [shop.sold(key) for _ in range(times) for key in keys]


async def test_what_comes_to_an_older_disk_is_read_though_the_offsets_of_a_newer_one_were_never_committed(
    disk: Disk, shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offsets, "AGAIN_SECONDS", 60.0)  # nobody commits them later
    old, locked = [in_partition(number % PARTITIONS) for number in range(60)], in_partition(0)
    first, others = [in_partition(0) for _ in range(3)], [in_partition(number % 5 + 1) for number in range(40)]
    async with join(new_group()) as member:
        await member.until_covered()
        await shop.sell(locked, 1)
        await until_totals(toy, {locked: 1})
        disk.snapshot()  # the other partitions are empty there
        async with pool.acquire() as other, other.transaction():
            await other.execute("select from till where id = $1 for update", locked)
            await shop.send(sold(shop, [locked, *old], 5))
            await until_async(lambda: _somebody_waits(pool), "the batch to wait for the lock")
            await asyncio.sleep(1)  # the client fetches the rest
            disk.kafka.program.kill()
        await until_totals(toy, {locked: 6})
        await asyncio.sleep(3)  # its offsets are given up
        done = await toy.totals()
        await disk.put_back()
        reread = partial(member.value, member.metrics.partitions_reread, shop.topic)
        await until(lambda: reread() >= PARTITIONS, "the other past to be noticed")
        for keys in (first, others):  # one partition alone, then all the others
            await shop.send(sold(shop, keys))
            await until_totals(toy, dict.fromkeys(keys, 1), 30)
        await member.until_covered()
        assert (await toy.totals()).items() >= done.items(), "nothing was handled twice"


async def test_an_older_disk_that_has_grown_past_what_was_read_is_noticed_at_the_next_start(
    disk: Disk, shop: Shop, join: Join, toy: ToyRuntime
) -> None:
    group, old, new = new_group(), [uuid4() for _ in range(20)], [uuid4() for _ in range(60)]
    async with join(group):
        await shop.send(sold(shop, old))
        await until_totals(toy, dict.fromkeys(old, 1))
        disk.snapshot()
        await shop.send(sold(shop, old, 2))
        await until_totals(toy, dict.fromkeys(old, 3))
        await shop.until_read(group)
    disk.kafka.program.kill()
    await disk.put_back()
    await shop.send(sold(shop, new, 3))
    async with join(group, consumers=2) as member:
        await until_totals(toy, {**dict.fromkeys(old, 3), **dict.fromkeys(new, 3)}, 30)
        await member.until_covered()
        assert member.value(member.metrics.partitions_reread, shop.topic) > 0


async def test_an_older_disk_that_has_grown_past_what_was_read_is_noticed_by_a_reader_that_runs(
    disk: Disk, shop: Shop, join: Join, toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut off until the broker has other records before its place, and more behind it."""
    old, new, last = [uuid4() for _ in range(20)], [uuid4() for _ in range(60)], [uuid4() for _ in range(20)]
    back = asyncio.Event()
    connect = AIOKafkaClient._get_conn

    async def connect_later(client: AIOKafkaClient, *node: Any, **options: Any) -> Any:
        if client._client_id.endswith(CUT_OFF):
            await back.wait()
        return await connect(client, *node, **options)

    async with join(new_group()) as member:
        await shop.send(sold(shop, old))
        await until_totals(toy, dict.fromkeys(old, 1))
        disk.snapshot()
        await shop.send(sold(shop, old, 2))
        await until_totals(toy, dict.fromkeys(old, 3))
        monkeypatch.setattr(AIOKafkaClient, "_get_conn", connect_later)
        disk.kafka.program.kill()
        await disk.put_back()
        await shop.send(sold(shop, new, 3))
        back.set()
        await shop.send(sold(shop, last))
        await until_totals(toy, {**dict.fromkeys(old, 3), **dict.fromkeys(new, 3), **dict.fromkeys(last, 1)}, 60)
        await member.until_covered()
        assert member.value(member.metrics.partitions_reread, shop.topic) > 0
