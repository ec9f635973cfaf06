"""A service as a process: starts in any order, stops in the right one, survives its environment, ends on a bug."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from chassis.postgres import migrations
from deploy.local.stack import LocalStack
from tests.support import toy as toy_service
from tests.support.brokers import Broker
from tests.support.cluster import Cluster
from tests.support.past import adopt
from tests.support.proxy import proxy_to
from tests.support.shop import Shop, opened_shop
from tests.support.toy_app import BUGGY
from tests.support.toy_process import GROUP, ToyProcess, readers, through, total, until, until_async, until_total


async def until_published(pool: asyncpg.Pool) -> None:
    async def empty() -> bool:
        return await pool.fetchval("select count(*) from outbox") == 0

    await until_async(empty, "an empty outbox")


@asynccontextmanager
async def locked(pool: asyncpg.Pool, till: UUID) -> AsyncIterator[None]:
    """Whoever needs this till has to wait."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from till where id = $1 for update", till)
        yield


async def until_somebody_waits(pool: asyncpg.Pool, count: int = 1) -> None:
    async def waiting() -> bool:
        query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return int(await pool.fetchval(query)) >= count

    await until_async(waiting, "somebody to wait for the lock")


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


async def test_a_stop_is_in_order_and_loses_nothing(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop
) -> None:
    read, told = uuid4(), uuid4()
    async with ToyProcess(stack, dsn, shop.source) as process:
        await process.until_probe("ready", 200)
        await shop.sell(read, 1)
        assert (await process.sell(told, 1)).status_code == 201
        await until_total(pool, read, 1)
        await shop.until_read(GROUP)
        async with locked(pool, told):
            async with locked(pool, read):
                await shop.sell(read, 2)
                command = asyncio.create_task(process.sell(told, 2))
                await until_somebody_waits(pool, 2)
                process.signal()
                await process.until_probe("ready", 503)
                assert await process.probe("live") == 200
                assert await readers(pool) == 1, "the batch in hand is still being handled"
            await shop.until_read(GROUP)
            await until_async(lambda: _nobody(pool), "the reader to leave")
            await process.until_probe("live", 0)
            assert not command.done(), "HTTP drains"
        assert (await command).json() == {"total": 3}
        assert await process.exit_code() == 0
    assert await pool.fetchval("select count(*) from outbox") == 0
    assert await total(pool, read) == 3
    sequences = await broker.sequences("ph.till.v1", {str(read), str(told)})
    assert sequences == {str(read): [1, 2], str(told): [1, 2]}
    assert [line["event"] for line in process.lines()][-1] == "shutdown_ends"
    assert process.lines("shutdown_step_failed") == []
    assert await pool.fetchval(_BACKENDS) == 1, "only the test itself is still connected"


_BACKENDS = "select count(distinct application_name) from pg_stat_activity where datname = current_database()"


async def _nobody(pool: asyncpg.Pool) -> bool:
    return await readers(pool) == 0


async def test_a_second_signal_ends_at_once(stack: LocalStack, dsn: str, pool: asyncpg.Pool, shop: Shop) -> None:
    till = uuid4()
    async with ToyProcess(stack, dsn, shop.source) as process:
        await process.until_probe("ready", 200)
        await process.sell(till, 1)
        async with locked(pool, till):
            command = asyncio.create_task(process.sell(till, 2, key="cut-short"))
            await until_somebody_waits(pool)
            process.signal(signal.SIGINT)
            await until(lambda: bool(process.lines("shutdown_begins")), "the shutdown")
            process.signal(signal.SIGTERM)
            assert await process.exit_code() == 1
            with pytest.raises(httpx.TransportError):
                await command
            assert await total(pool, till) == 1
    # Its write was on the way and is a transaction of its own: who asks again finds it done, or has it done now.
    assert await total(pool, till) in {1, 3}
    async with ToyProcess(stack, dsn, shop.source) as process:
        await process.until_probe("ready", 200)
        assert (await process.sell(till, 2, key="cut-short")).json() == {"total": 3}
    assert await total(pool, till) == 3


async def test_what_nobody_foresaw_ends_the_process_and_the_mended_one_goes_on_from_there(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, shop: Shop
) -> None:
    till, other = uuid4(), uuid4()
    async with ToyProcess(stack, dsn, shop.source, TOY_BUG="1") as process:
        await process.until_probe("ready", 200)
        await shop.sell(till, 1)
        await until_total(pool, till, 1)
        await shop.send([shop.sold(other), shop.sold(till, BUGGY), shop.sold(other)])
        assert await process.exit_code() == 1
        assert process.lines("process_fails")[0]["error"] == "LookupError"
        assert await total(pool, till) == 1

        process.start()
        assert await process.exit_code() == 1, "the record comes again, nothing was skipped"
        assert await pool.fetchval("select count(*) from parked") == 0

        process.start(TOY_BUG="")
        await until_total(pool, till, 1 + BUGGY)
        await until_total(pool, other, 2)
        await shop.until_read(GROUP)


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


async def test_spans_are_not_exported_unless_somebody_says_where_to(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, shop: Shop
) -> None:
    calls: list[str] = []
    collector: asyncio.Server | None = None
    with contextlib.suppress(OSError):  # somebody else's collector, or the port where one would be looked for
        collector = await asyncio.start_server(lambda *_: calls.append("somebody exports"), "127.0.0.1", 4318)
    till = uuid4()
    async with ToyProcess(stack, dsn, shop.source, OTEL_BSP_SCHEDULE_DELAY="100") as process:
        await process.until_probe("ready", 200)
        traceparent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        assert (await process.sell(till, 1, traceparent=traceparent)).status_code == 201
        await shop.sell(till, 1)
        await until_total(pool, till, 2)
        await asyncio.sleep(0.5)
        assert process.peers() <= {stack.ports.postgres, stack.kafka.door_port}
    assert calls == []
    if collector is not None:
        collector.close()


FAMILIES = {
    "ph_outbox_rows": "gauge",
    "ph_outbox_oldest_seconds": "gauge",
    "ph_published_total": "counter",
    "ph_consumer_lag": "gauge",
    "ph_consumed_total": "counter",
    "ph_sequence_gaps_total": "counter",
    "ph_parked_records": "gauge",
    "ph_parked_keys": "gauge",
    "ph_parked_oldest_seconds": "gauge",
    "ph_deadlines_overdue": "gauge",
    "ph_deadlines_oldest_seconds": "gauge",
    "ph_effect_seconds": "histogram",
    "ph_consumer_lag_seconds": "gauge",
    "ph_handler_seconds": "histogram",
    "ph_batch_records": "histogram",
    "ph_relay_leader": "gauge",
}


async def test_metrics_tell_what_an_operator_asks(stack: LocalStack, dsn: str, pool: asyncpg.Pool, shop: Shop) -> None:
    till, bad = uuid4(), uuid4()
    async with ToyProcess(stack, dsn, shop.source) as process:
        await process.until_probe("ready", 200)
        answer = await process.http.get("/metrics", headers={"Authorization": ""})
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        for name, kind in FAMILIES.items():
            assert f"# TYPE {name} {kind}" in answer.text, name

        repeat = shop.sold(till)
        skipped = shop.sold(till)
        await shop.send([repeat, repeat, shop.sold(till), shop.sold(bad, toy_service.UNLUCKY), shop.sold(bad)])
        del skipped
        await pool.execute(
            "insert into deadline (name, subject, owner, due_at) "
            "values ('of a later version', $1, $1, now() - interval '1 hour')",
            till,
        )
        await until_total(pool, till, 2)
        await until_published(pool)
        await shop.until_read(GROUP)

        async def seen() -> bool:
            return await process.metric("ph_parked_keys") == 1 and await process.metric("ph_deadlines_overdue") == 1

        await until_async(seen, "the gauges to be read")
        sold = f"ph.{shop.source}.Sold.v1"
        assert await process.metric("ph_parked_records") == 2
        assert await process.metric("ph_parked_oldest_seconds") > 0
        assert 3600 <= await process.metric("ph_deadlines_oldest_seconds") < 4000
        assert await process.metric("ph_effect_seconds_count", topic=shop.topic) == 2
        assert await process.metric("ph_ready_check", check="assignment") == 1
        assert await process.metric("ph_outbox_rows") == 0
        assert await process.metric("ph_consumed_total", type=sold, outcome="done") == 2
        assert await process.metric("ph_consumed_total", type=sold, outcome="repeat") == 1
        assert await process.metric("ph_consumed_total", type=sold, outcome="parked") == 2
        assert await process.metric("ph_sequence_gaps_total", topic=shop.topic) == 1
        assert await process.metric("ph_published_total", topic="ph.till.v1") == 2
        assert await process.metric("ph_relay_leader") == 1
        assert await process.metric("ph_handler_seconds_count", type=sold, outcome="done") == 2
        assert await process.metric("ph_handler_seconds_count", type=sold, outcome="refused") == 1
        assert await process.metric("ph_batch_records_sum") == 5

        async def no_lag() -> bool:
            lag = await process.metric("ph_consumer_lag", topic=shop.topic)
            return lag == 0 and "ph_consumer_lag{" in (await process.http.get("/metrics")).text

        await until_async(no_lag, "the lag to be read")
