"""A database that takes no delete for a while: what was published waits, and nobody publishes it again."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import asyncpg
import pytest

from tests.integration.test_relay import relay_for, running, until_empty
from tests.support.brokers import Broker
from tests.support.toy import Sell
from tests.support.toy_runtime import ToyRuntime

WITHIN = 30
"""Seconds after which a test gives up waiting."""
FULL = """
create sequence refused;
create function refuse() returns trigger language plpgsql as $$ begin
    perform nextval('refused');
    raise exception 'could not extend file: No space left on device' using errcode = '53100';
end $$;
create trigger full_disk before delete on outbox for each row execute function refuse();
"""
"""Counts the attempts: what a sequence hands out stays so when the transaction is rolled back."""


async def until_refused(pool: asyncpg.Pool, times: int) -> None:
    async with asyncio.timeout(WITHIN):
        while await pool.fetchval("select case when is_called then last_value else 0 end from refused") < times:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("processes", [1, 2])
async def test_while_deletes_fail_nothing_is_published_a_second_time(
    toy: ToyRuntime, pool: asyncpg.Pool, dsn: str, broker: Broker, processes: int
) -> None:
    till = uuid4()
    for _ in range(5):
        await toy.command(Sell(till, 1))
    await pool.execute(FULL)
    async with AsyncExitStack() as stack:
        for _ in range(processes):
            await stack.enter_async_context(running(relay_for(broker, dsn)))
        await until_refused(pool, 3)
        for _ in range(2):
            await toy.command(Sell(till, 1))
        await until_refused(pool, 6)
        assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2, 3, 4, 5]}
        await pool.execute("drop trigger full_disk on outbox")
        await until_empty(pool)
    assert await broker.sequences("ph.till.v1", {str(till)}) == {str(till): [1, 2, 3, 4, 5, 6, 7]}
