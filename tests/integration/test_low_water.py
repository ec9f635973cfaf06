"""Whom the low-water mark waits for: transactions that have written the outbox, and nobody else."""

from __future__ import annotations

import asyncpg

from chassis.outbox.low_water import LowWater
from chassis.outbox.relay import EVERYTHING, read

INSERT = "insert into outbox (topic, key, record) values ('t', 'k', 'x') returning id"


async def test_who_only_reads_the_outbox_or_writes_something_else_holds_up_nothing(pool: asyncpg.Pool) -> None:
    last = await pool.fetchval(INSERT)
    mark = LowWater()
    async with pool.acquire() as relay, pool.acquire() as other, other.transaction():
        await other.execute("select from outbox")
        await other.execute("delete from deadline")
        await mark.look(relay, EVERYTHING)
        assert mark.settle(last)
    assert mark.mark == last


async def test_who_has_written_the_outbox_is_waited_for(pool: asyncpg.Pool) -> None:
    mark = LowWater()
    async with pool.acquire() as relay, pool.acquire() as other:
        async with other.transaction():
            last = await other.fetchval(INSERT)
            await mark.look(relay, EVERYTHING)
            assert not mark.settle(last)
        await mark.look(relay, EVERYTHING)
        assert mark.settle(last)


async def test_a_round_reads_above_the_mark_in_order_and_leaves_out_the_keys_that_wait(pool: asyncpg.Pool) -> None:
    insert = "insert into outbox (topic, key, record) values ('t', $1, 'x') returning id"
    ids = [await pool.fetchval(insert, key) for key in "abcaba"]
    async with pool.acquire() as relay:
        rows = await read(relay, ids[0], 3, ["c"])
    assert [row["id"] for row in rows] == [ids[1], ids[3], ids[4]]
