"""What a batch costs the database: as many statements for 500 events as for one, and no scan of a table."""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg

from tests.support.records import sold
from tests.support.toy import Sell
from tests.support.toy_runtime import Statements, ToyRuntime

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")


async def test_statements_and_commits_per_batch_do_not_grow_with_the_batch(
    toy: ToyRuntime, statements: Statements
) -> None:
    counts = {}
    for size in (1, 10, 500):
        for _round in range(2):  # the first meets new keys and prepares statements; the second shows the steady state
            statements.queries.clear()
            batch = [sold(uuid4(), 1, offset=place) for place in range(size)]
            await toy.dispatcher.handle(batch)
        counts[size] = (len(statements.queries), len(statements.starting_with("commit")))
    assert counts[1] == counts[10] == counts[500]
    queries, commits = counts[500]
    assert commits == 1
    assert queries == 5, statements.queries  # begin, lock positions, load, write, commit


async def test_no_batch_is_planned_anew(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    for number, size in enumerate((1, 2, 3, 1, 2, 7, 2, 3, 40, 2), 1):
        others = [sold(uuid4(), 1, offset=place) for place in range(size - 1)]
        await toy.dispatcher.handle([sold(KEY, number), *others])
    async with pool.acquire() as connection:
        plans = await connection.fetch(
            "select generic_plans > 0 as kept, custom_plans, statement from pg_prepared_statements"
            " where statement ~ 'position' and statement !~ 'pg_prepared'"
        )
    assert len(plans) > 1
    assert [each for each in plans if each["custom_plans"] or not each["kept"]] == []


async def test_plans_made_while_tables_were_nearly_empty_do_not_scan_them_when_they_have_grown(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    for number in range(1, 10):  # five plans for the values at hand, then one for all
        await toy.dispatcher.handle([sold(KEY, number)])
        await toy.command(Sell(KEY, 1))
        await pool.execute("analyze")
    await toy.dispatcher.handle([sold(uuid4(), 1, offset=place) for place in range(300)])

    async def scans() -> dict[str, int]:
        await pool.execute("select pg_stat_force_next_flush()")
        return dict(await pool.fetch("select relname, seq_scan from pg_stat_user_tables"))

    before = await scans()
    await toy.dispatcher.handle([sold(KEY, 10), *(sold(uuid4(), 1, offset=place) for place in range(300))])
    await toy.command(Sell(KEY, 1))
    assert await scans() == before
