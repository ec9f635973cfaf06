"""All of a transaction's writes in one statement: parts in their order, each with its own parameters."""

from __future__ import annotations

import asyncpg
import pytest

from chassis.postgres.database import ConcurrentUpdateError
from chassis.postgres.writes import Writes

ADD = "insert into notes (text) select * from unnest($1::text[]) on conflict do nothing returning text"
REMOVE = "delete from notes where text = $1 and length(text) = $2 returning text"


@pytest.fixture
async def notes(pool: asyncpg.Pool) -> asyncpg.Pool:
    await pool.execute("create table notes (id int generated always as identity, text text primary key)")
    return pool


async def texts(notes: asyncpg.Pool) -> list[str]:
    return [text for (text,) in await notes.fetch("select text from notes order by id")]


async def test_parts_run_in_their_order_and_keep_their_parameters_apart(notes: asyncpg.Pool) -> None:
    await notes.execute("insert into notes (text) values ('old')")
    for again in map(str, range(10)):  # custom plans first, then the generic one
        writes = Writes()
        writes.add("first", ADD, [f"a{again}", f"b{again}"], rows=2)
        writes.add("removed", REMOVE, "old", 3)
        writes.add("second", ADD, [f"c{again}"], rows=1)
        async with notes.acquire() as connection:
            await writes.execute(connection)
    assert await texts(notes) == [f"{letter}{again}" for again in range(10) for letter in "abc"]


async def test_a_part_reads_what_an_earlier_one_returns(notes: asyncpg.Pool) -> None:
    writes = Writes()
    writes.add("first", ADD, ["a"], rows=1)
    writes.add("echoed", "insert into notes (text) select text || $1 from first returning true", "!", rows=1)
    async with notes.acquire() as connection:
        await writes.execute(connection)
    assert await texts(notes) == ["a", "a!"]


async def test_what_somebody_else_has_written_first_is_a_concurrent_update(notes: asyncpg.Pool) -> None:
    await notes.execute("insert into notes (text) values ('taken')")
    writes = Writes()
    writes.add("first", ADD, ["taken", "free"], rows=2)
    async with notes.acquire() as connection:
        with pytest.raises(ConcurrentUpdateError):
            async with connection.transaction():
                await writes.execute(connection)
    assert await texts(notes) == ["taken"]


async def test_nothing_to_write_is_no_statement(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        asked: list[str] = []
        connection.add_query_logger(lambda each: asked.append(each.query))
        await Writes().execute(connection)
    assert asked == []
