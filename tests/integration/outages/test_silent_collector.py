"""A collector that takes connections and never answers holds up nothing: not the work, not the end of the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from deploy.local.stack import LocalStack
from tests.integration.test_relay import until_empty
from tests.support.brokers import Broker
from tests.support.shop import Shop
from tests.support.toy_process import ToyProcess, until, until_total

EVENTS = 1500
"""Two spans each: six requests to the collector, which the exporter gives up after 10 s each."""


@asynccontextmanager
async def silent_collector(asked: asyncio.Event) -> AsyncIterator[str]:
    """Reads what it gets, and says nothing."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            asked.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_a_silent_collector_holds_up_neither_the_work_nor_the_end(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, broker: Broker, shop: Shop
) -> None:
    till, asked = uuid4(), asyncio.Event()
    async with silent_collector(asked) as endpoint:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        async with ToyProcess(stack, dsn, shop.source, **settings) as process:
            await process.until_probe("ready", 200)
            await shop.sell(till, *[1] * EVENTS)
            await until_total(pool, till, EVENTS)
            await until_empty(pool)
            assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): list(range(1, EVENTS + 1))}
            await asyncio.wait_for(asked.wait(), 10)
            process.signal()
            assert process.program is not None
            alive = process.program.alive
            await until(lambda: not alive(), "the end, within the bound of its last steps", seconds=15)
            assert await process.exit_code() == 0
        assert process.lines("shutdown_step_failed") == []
        (line,) = process.lines("spans_dropped")
        assert line["reason"] == "end"
        assert line["count"] >= EVENTS
