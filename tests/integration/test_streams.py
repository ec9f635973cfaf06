"""The streams of keys: in which order transactions lock them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from chassis.outbox.append import Emitted, append
from chassis.postgres.writes import Writes
from chassis.pure.decision import Actor
from chassis.telemetry.tracing import SpanContext
from tests.support.toy import Counted
from tests.support.toy_process import until_async

FIRST, LAST = UUID(int=1), UUID(int=2)
LOCKING = "select from stream where key = $1 for update nowait"
WAITS = "select true from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'"


async def store(connection: asyncpg.Connection, *tills: UUID) -> None:
    """A transaction with an event for each of these."""
    cashier, trace, writes = Actor("cashier", "shop:X"), SpanContext(1, 1, True), Writes()
    events = [Emitted(Counted(till_id=till, amount=1, total=1), str(till), "", cashier, trace, "") for till in tills]
    append(writes, events, datetime.now(UTC))
    async with connection.transaction():
        await writes.execute(connection)


@pytest.mark.parametrize("tills", [(LAST, FIRST), (FIRST, LAST)])
async def test_whoever_waits_for_a_stream_holds_none_that_comes_later(
    pool: asyncpg.Pool, tills: tuple[UUID, UUID]
) -> None:
    """So two transactions with events of the same keys never wait for each other."""
    async with pool.acquire() as holder, pool.acquire() as writer, pool.acquire() as other:
        await store(writer, FIRST, LAST)
        pid = writer.get_server_pid()
        async with holder.transaction():
            await holder.execute(LOCKING, str(FIRST))
            waiting = asyncio.create_task(store(writer, *tills))
            await until_async(lambda: other.fetchval(WAITS, pid), "the transaction to wait for the first stream")
            await other.execute(LOCKING, str(LAST))
        await waiting
    assert await pool.fetch("select sequence from stream") == [(2,), (2,)]
