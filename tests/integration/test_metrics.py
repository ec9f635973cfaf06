"""What a process tells of itself: metrics to whoever asks, spans only where somebody has said."""

from __future__ import annotations

import asyncio
import contextlib
from uuid import uuid4

import asyncpg

from deploy.local.stack import LocalStack
from tests.support import toy as toy_service
from tests.support.shop import Shop
from tests.support.toy_process import GROUP, ToyProcess, until_async, until_published, until_total


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
    "ph_operations_untold_oldest_seconds": "gauge",
    "ph_report_age_seconds": "gauge",
    "ph_repeats_waiting": "gauge",
    "ph_deadlines_overdue": "gauge",
    "ph_deadlines_oldest_seconds": "gauge",
    "ph_effect_seconds": "histogram",
    "ph_hop_seconds": "histogram",
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
