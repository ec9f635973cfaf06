"""A service as a process: starts in any order, handles commands and events, shares its work by roles."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg

from chassis.postgres import migrations
from deploy.local.stack import LocalStack
from tests.support import toy as toy_service
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import adopt
from tests.support.proxy import proxy_to
from tests.support.shop import Shop, opened_shop
from tests.support.toy_process import (
    ToyProcess,
    locked,
    readers,
    through,
    until,
    until_async,
    until_published,
    until_somebody_waits,
    until_total,
)


async def test_a_process_becomes_ready_and_handles_commands_and_events(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop
) -> None:
    till = uuid4()
    async with ToyProcess(stack, dsn, shop.source) as process:
        await process.until_probe("ready", 200)
        assert (await process.sell(till, 5)).json() == {"total": 5}
        await shop.sell(till, 1, 2)
        await until_total(pool, till, 8)
        await until_published(pool)
        assert (await process.http.get(f"/tills/{till}")).json() == {"total": 8}
    assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2, 3]}


async def test_a_process_whose_commands_take_all_connections_stays_ready(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, shop: Shop
) -> None:
    till = uuid4()
    async with ToyProcess(stack, dsn, shop.source, ROLE="api", POOL_SIZE="2") as process:
        await process.until_probe("ready", 200)
        await process.sell(till, 1)
        async with locked(pool, till):
            selling = [asyncio.create_task(process.sell(till, 1)) for _ in range(4)]
            await until_somebody_waits(pool, 2)
            await asyncio.sleep(1.1)  # what was said before is not repeated any more
            answers = await asyncio.gather(*(process.probe("ready") for _ in range(50)))
            assert answers == [200] * 50
        assert {each.status_code for each in await asyncio.gather(*selling)} <= {201, 503}


async def test_of_several_addresses_of_brokers_one_that_answers_is_enough(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop
) -> None:
    till = uuid4()
    addresses = f"127.0.0.1:1, {stack.kafka.door}"
    async with ToyProcess(stack, dsn, shop.source, KAFKA_BOOTSTRAP_SERVERS=addresses) as process:
        await process.until_probe("ready", 200)
        await shop.sell(till, 3)
        await until_total(pool, till, 3)
        await process.sell(till, 5)
        await until_published(pool)
    assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2]}


async def test_it_waits_for_database_schema_broker_and_topic_and_is_live_all_the_time(
    stack: LocalStack, cluster: Cluster, shop: Shop, broker: Broker
) -> None:
    name = f"late_{uuid4().hex[:8]}"
    dsn = await cluster.create_database(name)
    async with proxy_to(stack.kafka.door_port) as kafka, proxy_to(stack.ports.postgres) as postgres:
        kafka.shut()
        postgres.shut()
        settings = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka.port}"}
        async with ToyProcess(stack, through(dsn, postgres.port), shop.source, **settings) as process:
            await process.until_probe("live", 200)
            assert await process.probe("ready") == 503
            refusal = await process.sell(uuid4(), 1)
            assert (refusal.status_code, refusal.json()["code"]) == (503, "starting")
            assert refusal.headers["retry-after"]

            await postgres.open()
            await until(lambda: any(each["what"] == "schema" for each in process.lines("waiting")), "the schema")
            assert (await process.probe("live"), await process.probe("ready")) == (200, 503)

            await migrations.migrate(dsn, "till", toy_service.MIGRATIONS)
            await adopt(dsn, broker.bootstrap, "ph.till.v1")
            await until(lambda: any(each["what"] == "topics" for each in process.lines("waiting")), "Kafka")
            assert (await process.probe("live"), await process.probe("ready")) == (200, 503)
            assert await process.checks() == {"database": True, "lineage": True, "assignment": False}
            assert (await process.sell(till := uuid4(), 1)).status_code == 201, "commands need no broker"

            await kafka.open()
            await process.until_probe("ready", 200)
            await until_published_at(dsn)
            assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1]}
    await cluster.drop_database(name)


async def until_published_at(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)

    async def empty() -> bool:
        return await connection.fetchval("select count(*) from outbox") == 0

    try:
        await until_async(empty, "an empty outbox")
    finally:
        await connection.close()


async def waits_for_its_topic(process: ToyProcess) -> bool:
    return await process.checks() == {"database": True, "lineage": True, "assignment": False}


async def test_a_topic_that_appears_after_the_start_is_read(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, kafka_bootstrap: str
) -> None:
    till = uuid4()
    async with opened_shop(kafka_bootstrap, topic=False) as shop, ToyProcess(stack, dsn, shop.source) as process:
        await process.until_probe("live", 200)
        await until_async(lambda: waits_for_its_topic(process), "the service to wait for its topic")
        await shop.create_topic()
        await shop.sell(till, 1)
        await until_total(pool, till, 1)


async def test_api_and_worker_share_the_work(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop
) -> None:
    till = uuid4()
    async with ToyProcess(stack, dsn, shop.source, ROLE="api") as api:
        await api.until_probe("ready", 200)
        assert await api.checks() == {"database": True, "lineage": True}
        assert (await api.sell(till, 1)).status_code == 201
        await shop.sell(till, 1)
        await asyncio.sleep(1)
        assert await readers(pool) == 0, "an api process reads no topic"
        assert await pool.fetchval("select count(*) from outbox") == 1, "and publishes nothing"
        async with ToyProcess(stack, dsn, shop.source, ROLE="worker") as worker:
            await worker.until_probe("ready", 200)
            assert await worker.checks() == {"database": True, "lineage": True, "assignment": True}
            await until_total(pool, till, 2)
            await until_published(pool)
            assert (await worker.sell(till, 1)).status_code == 404
            assert (await worker.http.get(f"/tills/{till}")).status_code == 404
            paths = (await worker.http.get("/openapi.json")).json()["paths"]
            assert set(paths) - {"/local/clock"} == {"/health/live", "/health/ready", "/metrics"}
            assert await worker.metric("ph_relay_leader") == 1
            assert await worker.metric("ph_published_total", topic="ph.till.v1") == 2
        assert await api.metric("ph_relay_leader") == 0
    assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2]}
