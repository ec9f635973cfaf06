"""A running process loses its database or its broker: the probe tells, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import signal
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.stack import LocalStack
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.proxy import proxy_to
from tests.support.shop import Shop
from tests.support.toy_process import ToyProcess, through, until, until_published, until_total


@pytest.mark.parametrize("loss", ["refused", "silent", "terminated"])
async def test_a_lost_database_is_told_by_the_probe_and_survived(
    stack: LocalStack, cluster: Cluster, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop, loss: str
) -> None:
    till = uuid4()
    async with proxy_to(stack.ports.postgres) as proxy:
        async with ToyProcess(stack, through(dsn, proxy.port), shop.source) as process:
            await process.until_probe("ready", 200)
            await process.sell(till, 1)
            await shop.sell(till, 1)
            await until_total(pool, till, 2)

            if loss == "refused":
                proxy.shut()
            elif loss == "silent":
                proxy.hold()
            else:
                await allow_connections(cluster, dsn, allow=False)
                await pool.execute(_TERMINATE_OTHERS)
            await process.until_probe("ready", 503, seconds=2)
            await shop.sell(till, 1)
            waiting = asyncio.create_task(process.sell(till, 1, key="waits-for-the-database"))
            for _ in range(3):
                assert (await process.probe("live"), await process.probe("ready")) == (200, 503)
                await asyncio.sleep(0.5)

            if loss == "refused":
                await proxy.open()
            elif loss == "silent":
                proxy.release()
            else:
                await allow_connections(cluster, dsn, allow=True)
            await process.until_probe("ready", 200)
            answer = await waiting
            assert answer.status_code in {201, 503}, answer.text
            if answer.status_code == 503:
                assert answer.json()["code"] == "temporarily_unavailable"
                assert (await process.sell(till, 1, key="waits-for-the-database")).status_code == 201
            await until_total(pool, till, 4)
            await until_published(pool)
            process.signal()
            assert await process.exit_code() == 0
    published = (await broker.sequences("ph.till.v1", {str(till)}))[str(till)]
    assert list(dict.fromkeys(published)) == [1, 2, 3, 4]


_TERMINATE_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name <> 'test'
"""


async def allow_connections(cluster: Cluster, dsn: str, *, allow: bool) -> None:
    """What an administrator does to a database that is about to move."""
    connection = await asyncpg.connect(cluster.dsn("postgres"))
    try:
        await connection.execute(f"alter database {urlsplit(dsn).path[1:]} allow_connections {str(allow).lower()}")
    finally:
        await connection.close()


async def test_a_broker_that_falls_silent_holds_up_no_command_and_gets_everything_afterwards(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop
) -> None:
    told, read = uuid4(), uuid4()
    broken = stack.kafka.program.process
    async with ToyProcess(stack, dsn, shop.source, PUBLISH_TIMEOUT_SECONDS="1") as process:
        await process.until_probe("ready", 200)
        await process.sell(told, 1)
        await shop.sell(read, 1)
        await until_total(pool, read, 1)
        await until_published(pool)
        broken.send_signal(signal.SIGSTOP)
        try:
            for amount in (2, 3):
                assert (await process.sell(told, amount)).status_code == 201
                assert await process.probe("live") == 200
                await until(lambda: bool(process.lines("relay_publish_failed")), "the relay to give up its producer")
            assert await pool.fetchval("select count(*) from outbox") == 2
        finally:
            broken.send_signal(signal.SIGCONT)
        await shop.sell(read, 2)
        await until_total(pool, read, 3)
        await until_published(pool)
        assert (await process.sell(told, 4)).status_code == 201
        await until_published(pool)
    published = (await broker.sequences("ph.till.v1", {str(told)}))[str(told)]
    assert list(dict.fromkeys(published)) == [1, 2, 3, 4]
