"""What holds at the moment reaches every process by its database alone, and a process that cannot read it says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg

from chassis.work.standing import STALE_SECONDS
from deploy.local.places import free_port
from deploy.local.stack import LocalStack
from tests.support.toy_process import ToyProcess, until_async


async def set_status(pool: asyncpg.Pool, till: UUID, status: str) -> None:
    """As another process of the service would have decided."""
    done = await pool.execute(
        "update till set data = data || jsonb_build_object('status', $2::text) where id = $1", till, status
    )
    assert done == "UPDATE 1"


async def refused(process: ToyProcess, till: UUID) -> tuple[int, str]:
    answer = await process.sell(till, 1)
    return answer.status_code, answer.json().get("code", "")


@asynccontextmanager
async def nobody_reads(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """The table of what holds is locked; everything else in the database answers."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("lock table till in access exclusive mode")
        yield


async def test_an_api_process_obeys_what_others_have_decided_and_needs_no_broker(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool
) -> None:
    till, nowhere = uuid4(), f"127.0.0.1:{free_port()}"
    settings = {"ROLE": "api", "TOY_STANDING": "1", "KAFKA_BOOTSTRAP_SERVERS": nowhere}
    async with ToyProcess(stack, dsn, "shop", **settings) as process:
        await process.until_probe("ready", 200)
        assert await process.checks() == {"database": True, "lineage": True, "standing": True}
        assert await refused(process, till) == (201, "")
        for status, expected in (("closed", (403, "shop_closed")), ("open", (201, ""))):
            await set_status(pool, till, status)

            async def obeyed(expected: tuple[int, str] = expected) -> bool:
                return await refused(process, till) == expected

            await until_async(obeyed, f"a till that is {status} to be obeyed")
    await set_status(pool, till, "closed")
    async with ToyProcess(stack, dsn, "shop", **settings) as process:
        await process.until_probe("ready", 200)
        assert await refused(process, till) == (403, "shop_closed"), "from the first moment"


async def test_a_process_that_cannot_read_what_holds_is_not_ready_and_in_the_end_answers_nobody(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool
) -> None:
    till = uuid4()
    async with ToyProcess(stack, dsn, "shop", ROLE="api", TOY_STANDING="1") as process:
        await process.until_probe("ready", 200)
        assert await refused(process, till) == (201, "")
        async with nobody_reads(pool):
            await process.until_probe("ready", 503)
            assert not (await process.checks())["standing"]

            async def is_stale() -> bool:
                return await process.metric("ph_standing_age_seconds") >= STALE_SECONDS

            await until_async(is_stale, "what was read to be too old")
            assert await refused(process, till) == (503, "standing_unknown")
            assert (await process.probe("live")) == 200
        await process.until_probe("ready", 200)
        assert await refused(process, till) == (201, "")
