"""What a consumer has given up is never overtaken by what FastStream had fetched meanwhile."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg

from deploy.local.stack import LocalStack
from tests.support.proxy import proxy_to
from tests.support.shop import Shop
from tests.support.toy_process import GROUP, ToyProcess, locked, through, until_somebody_waits, until_total
from tests.support.toy_runtime import ToyRuntime


async def test_a_batch_that_is_given_up_with_its_leases_comes_again(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, shop: Shop, toy: ToyRuntime
) -> None:
    till = uuid4()
    async with proxy_to(stack.ports.postgres) as proxy:
        async with ToyProcess(stack, through(dsn, proxy.port), shop.source, LOG_LEVEL="INFO") as process:
            await process.until_probe("ready", 200)
            await shop.sell(till, 1)
            await until_total(pool, till, 1)
            async with locked(pool, till):
                await shop.sell(till, 10)
                await until_somebody_waits(pool)
                await shop.sell(till, 100)
                proxy.shut()
                await process.until_probe("ready", 503)
                await asyncio.sleep(1)
            await proxy.open()
            await until_total(pool, till, 111)
            assert await toy.receipts(till) == [1, 10, 100]
            await shop.until_read(GROUP)
            process.signal()
            assert await process.exit_code() == 0
