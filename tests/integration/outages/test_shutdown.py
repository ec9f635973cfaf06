"""How a process ends: in order when it is asked to, at once when it is asked twice, by itself on a bug."""

from __future__ import annotations

import asyncio
import signal
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.stack import LocalStack
from tests.support.brokers import Broker
from tests.support.shop import Shop
from tests.support.toy_app import BUGGY
from tests.support.toy_process import (
    GROUP,
    ToyProcess,
    locked,
    readers,
    total,
    until,
    until_async,
    until_somebody_waits,
    until_total,
)


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
