"""All secrets are renewed while events and commands flow: nothing is lost, nothing comes twice, nobody restarts.

The old secret stops working before the new one is handed over. So for a moment readers and relays are shut out, or
commands get 503; once the new secret is in its file, everything flows again within `SOON`, without a hand.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.local.places import LOCAL, free_ports
from deploy.local.stack import LocalStack
from tests.support.brokers import PARTITIONS, Broker
from tests.support.cluster import Cluster
from tests.support.guarded import SESSION_SECONDS, Guarded
from tests.support.shop import Shop, opened_shop
from tests.support.toy_process import GROUP, ToyProcess, total, until_async

pytestmark = pytest.mark.timeout(300)

SOON = 15
"""Seconds within which everything flows again after a new secret was handed over."""
SHUT_OUT_SECONDS = SESSION_SECONDS + 2
CALLERS = 2
"""Of each process."""


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    folder = LOCAL / "test" / f"{os.getpid()}-guarded"
    guarded = Guarded(folder, free_ports(), GROUP)
    try:
        guarded.start()
        yield guarded
    finally:
        guarded.kafka.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Role:
    """The toy service's role in its database."""

    def __init__(self, pool: asyncpg.Pool, dsn: str, file: Path) -> None:
        self._pool = pool
        self._file = file
        self._name = f"app_{uuid4().hex[:8]}"
        self._parts = urlsplit(dsn)
        file.write_text("one")

    async def make(self) -> None:
        await self._pool.execute(f"create role {self._name} login password 'one'")
        await self._pool.execute(f"grant all on all tables in schema public to {self._name}")
        await self._pool.execute(f"grant all on all sequences in schema public to {self._name}")

    def settings(self) -> dict[str, str]:
        place = self._parts.netloc.rpartition("@")[2]
        address = urlunsplit(self._parts._replace(netloc=f"{self._name}@{place}"))
        return {"TILL_DATABASE_URL": address, "TILL_DATABASE_PASSWORD_FILE": str(self._file)}

    async def password_renewed(self) -> None:
        await self._pool.execute(f"alter role {self._name} password 'two'")
        await self._cut()

    def hand_over(self) -> None:
        self._file.write_text("two")

    async def drop(self) -> None:
        await self._cut()
        await self._pool.execute(f"drop owned by {self._name}")
        await self._pool.execute(f"drop role {self._name}")

    async def _cut(self) -> None:
        await self._pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", self._name
        )


@pytest.fixture
async def pool(cluster: Cluster, toy_template: str) -> AsyncIterator[asyncpg.Pool]:
    """The superuser's, of a database whose service has told nothing yet."""
    name = f"rotation_{uuid4().hex[:8]}"
    dsn = await cluster.create_database(name, template=toy_template)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        yield pool
    await cluster.drop_database(name)


class Load:
    """Sales as events of a shop and as commands to both processes, without a pause; and what came of them."""

    def __init__(self, shop: Shop, processes: list[ToyProcess], pool: asyncpg.Pool) -> None:
        self._shop = shop
        self._processes = processes
        self._pool = pool
        self._tills = [uuid4() for _ in range(40)]
        self.sold: Counter[UUID] = Counter()
        self.answers: Counter[int] = Counter()

    async def events(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await self.sell(random.choices(self._tills, k=10))
            await asyncio.sleep(0.05)

    async def sell(self, tills: list[UUID]) -> None:
        self.sold.update(tills)
        await self._shop.send([self._shop.sold(till) for till in tills])

    async def command(self, process: ToyProcess, till: UUID) -> None:
        """Insists, as a client does that was told to come again."""
        key = str(uuid4())
        self.sold[till] += 1
        while (answer := await process.sell(till, 1, key)).status_code != 201:
            assert answer.status_code == 503, answer.text
            self.answers[503] += 1
            await asyncio.sleep(0.1)
        self.answers[201] += 1

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Both kinds, until the end of the block; what was begun is brought to its end."""
        stopping = asyncio.Event()

        async def caller(process: ToyProcess) -> None:
            while not stopping.is_set():
                await self.command(process, random.choice(self._tills))

        callers = [caller(process) for process in self._processes for _ in range(CALLERS)]
        working = asyncio.gather(self.events(stopping), *callers)
        try:
            yield
        finally:
            stopping.set()
            await working

    async def flows(self) -> None:
        """Waits until fresh events of all partitions are read, fresh commands are answered and all is published."""
        fresh = [uuid4() for _ in range(4 * PARTITIONS)]
        async with asyncio.timeout(SOON):
            await self.sell(fresh)
            await asyncio.gather(*(self.command(process, till) for process in self._processes for till in fresh[:2]))
            while not await self._published(fresh):
                await asyncio.sleep(0.05)

    async def _published(self, tills: list[UUID]) -> bool:
        keys = [str(till) for till in tills]
        waiting = await self._pool.fetchval("select count(*) from outbox where key = any($1)", keys)
        counted = dict(await self._pool.fetch("select key, sequence from stream where key = any($1)", keys))
        return waiting == 0 and all(counted.get(str(till)) == self.sold[till] for till in tills)

    async def nothing_is_read(self) -> None:
        """Fails if a fresh event of any partition comes through."""
        fresh = [uuid4() for _ in range(4 * PARTITIONS)]
        await self.sell(fresh)
        await asyncio.sleep(1)
        assert [await total(self._pool, till) for till in fresh] == [0] * len(fresh)


async def test_all_secrets_are_renewed_under_load(
    stack: LocalStack, guarded: Guarded, pool: asyncpg.Pool, cluster: Cluster, tmp_path: Path
) -> None:
    database = await pool.fetchval("select current_database()")
    role = Role(pool, cluster.dsn(database), tmp_path / "database.password")
    await role.make()
    async with opened_shop(guarded.kafka.bootstrap) as shop:
        mine, theirs = {"owner": GROUP}, {"owner": shop.source, "readers": [GROUP]}
        await guarded.allow({f"ph.{GROUP}.v1": mine, shop.topic: theirs})
        settings = {**guarded.settings(), **role.settings(), "SESSION_TIMEOUT_MS": "10000"}
        async with ToyProcess(stack, "", shop.source, **settings) as one:
            async with ToyProcess(stack, "", shop.source, **settings) as two:
                load = Load(shop, [one, two], pool)
                for process in (one, two):
                    await process.until_probe("ready", 200)
                pids = [process.program.pid for process in (one, two) if process.program]
                async with load.flowing():
                    await load.flows()
                    for renewed in (guarded.password_renewed, guarded.authority_renewed, guarded.certificate_renewed):
                        await shut_out(renewed, guarded, load)
                        await let_in(guarded.hand_over, load, renewed.__name__)
                    assert load.answers[503] == 0, "no command needs Kafka"
                    await role.password_renewed()
                    await asyncio.sleep(3)
                    await let_in(role.hand_over, load, "database")
                await load.flows()
                await everything_once(load, pool, Broker(guarded.kafka.bootstrap))
                for process in (one, two):
                    assert process.program is not None
                    assert process.program.alive()
                    assert process.program.pid in pids
                    assert process.lines("process_fails") == process.lines("reader_deaf") == []
        assert load.answers[503] > 0, "the old password of the database was refused"
    await role.drop()


async def shut_out(renewed: Callable[[], Awaitable[None]], guarded: Guarded, load: Load) -> None:
    """Makes a secret worthless, and sees that it is."""
    await renewed()
    await guarded.until_refused()
    await asyncio.sleep(SHUT_OUT_SECONDS)
    await load.nothing_is_read()


async def let_in(hand_over: Callable[[], None], load: Load, what: str) -> None:
    """Hands the new secret over, and waits until everything flows again."""
    hand_over()
    begun = time.monotonic()
    await load.flows()
    print(f"{what}: everything flows again after {time.monotonic() - begun:.1f} s")


async def everything_once(load: Load, pool: asyncpg.Pool, broker: Broker) -> None:
    """Each sale counted once, each count published under its number, in order; what stands in the topic twice is the
    same event."""

    async def counted() -> bool:
        rows = await pool.fetch("select id, (data->>'total')::int from till")
        return dict(rows) == dict(load.sold)

    await until_async(counted, "every sale to be counted once")
    await until_async(lambda: _empty(pool), "everything to be published")
    first: dict[tuple[str, int], str] = {}
    order: dict[str, list[int]] = {}
    for record in await broker.read(f"ph.{GROUP}.v1"):
        headers = {name: value.decode() for name, value in record.headers}
        key, number = record.key.decode(), int(headers["ce_sequence"])
        if (key, number) not in first:
            order.setdefault(key, []).append(number)
        assert first.setdefault((key, number), headers["ce_id"]) == headers["ce_id"]
    assert order == {str(till): list(range(1, sales + 1)) for till, sales in load.sold.items()}
    assert await pool.fetchval("select count(*) from parked") == 0


async def _empty(pool: asyncpg.Pool) -> bool:
    return bool(await pool.fetchval("select count(*) = 0 from outbox"))
