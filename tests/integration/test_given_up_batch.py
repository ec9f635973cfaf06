"""What a consumer has given up is never overtaken by what FastStream had fetched meanwhile."""

from __future__ import annotations

from uuid import uuid4

import asyncpg

from deploy.local.stack import LocalStack
from tests.support.proxy import proxy_to
from tests.support.shop import Shop
from tests.support.toy_process import GROUP, ToyProcess, through, total, until, until_total


async def test_a_batch_that_is_given_up_at_shutdown_comes_again(
    stack: LocalStack, dsn: str, pool: asyncpg.Pool, shop: Shop
) -> None:
    till = uuid4()
    async with proxy_to(stack.ports.postgres) as proxy:
        async with ToyProcess(stack, through(dsn, proxy.port), shop.source, LOG_LEVEL="INFO") as process:
            await process.until_probe("ready", 200)
            await shop.sell(till, 1)
            await until_total(pool, till, 1)
            proxy.shut()
            await shop.sell(till, 10)
            await until(lambda: len(process.lines("batch_retried")) >= 8, "a long pause between two attempts")
            await shop.sell(till, 100)
            await proxy.open()
            process.signal()
            assert await process.exit_code() == 0
            process.start()
            await shop.until_read(GROUP)
            assert await total(pool, till) == 111
