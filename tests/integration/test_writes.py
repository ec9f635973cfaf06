"""All of a transaction's writes in one statement: parts in their order, each with its own parameters."""

from __future__ import annotations

import asyncpg
import pytest

from chassis.postgres.writes import Part, Writes
from chassis.pure.states import ConcurrentUpdateError

ADD = "insert into notes (text) select u.text from {rows} order by u.place on conflict do nothing returning text"
FIRST = Part("first", ADD, ("text text",), exact=True)
SECOND = Part("second", ADD, ("text text",), exact=True)
REMOVED = Part(
    "removed",
    "delete from notes n using {rows} where n.text = u.text and length(n.text) = u.long returning n.text",
    ("text text", "long int"),
)
ECHOED = Part(
    "echoed",
    "insert into notes (text) select f.text || u.sign from first f cross join {rows} returning true",
    ("sign text",),
    exact=True,
)


@pytest.fixture
async def notes(pool: asyncpg.Pool) -> asyncpg.Pool:
    await pool.execute("create table notes (id int generated always as identity, text text primary key)")
    return pool


async def texts(notes: asyncpg.Pool) -> list[str]:
    return [text for (text,) in await notes.fetch("select text from notes order by id")]


async def write(notes: asyncpg.Pool, writes: Writes, how: str) -> None:
    async with notes.acquire() as connection:
        if how == "commit":
            await writes.commit(connection)
        else:
            async with connection.transaction():
                await writes.execute(connection)


@pytest.mark.parametrize("how", ["execute", "commit"])
@pytest.mark.parametrize("letters", [("ab", "c"), ("a", "c"), ("dcba", "e")])
async def test_parts_run_in_their_order_and_keep_their_parameters_apart(
    notes: asyncpg.Pool, letters: tuple[str, str], how: str
) -> None:
    """One row per part and several are two forms of the statement."""
    await notes.execute("insert into notes (text) values ('old')")
    for again in range(10):  # custom plans first, then the generic one
        writes = Writes()
        writes.add(FIRST, [(f"{letter}{again}",) for letter in letters[0]])
        writes.add(REMOVED, [("old", 3)])
        writes.add(SECOND, [(f"{letter}{again}",) for letter in letters[1]])
        await write(notes, writes, how)
    assert await texts(notes) == [f"{letter}{again}" for again in range(10) for letter in "".join(letters)]


async def test_a_part_reads_what_an_earlier_one_returns(notes: asyncpg.Pool) -> None:
    writes = Writes()
    writes.add(FIRST, [("a",)])
    writes.add(ECHOED, [("!",)])
    await write(notes, writes, "execute")
    assert await texts(notes) == ["a", "a!"]


@pytest.mark.parametrize("how", ["execute", "commit"])
@pytest.mark.parametrize("wanted", [["taken"], ["taken", "free"]])
async def test_what_somebody_else_has_written_first_is_a_concurrent_update(
    notes: asyncpg.Pool, wanted: list[str], how: str
) -> None:
    await notes.execute("insert into notes (text) values ('taken')")
    writes = Writes()
    writes.add(SECOND, [("before",)])
    writes.add(FIRST, [(text,) for text in wanted])
    with pytest.raises(ConcurrentUpdateError):
        await write(notes, writes, how)
    assert await texts(notes) == ["taken"]


async def test_a_part_that_need_not_be_exact_may_touch_nothing(notes: asyncpg.Pool) -> None:
    for rows in ([("gone", 4)], [("gone", 4), ("away", 4)]):
        writes = Writes()
        writes.add(REMOVED, rows)
        await write(notes, writes, "commit")


async def test_a_part_without_rows_is_not_written(notes: asyncpg.Pool) -> None:
    writes = Writes()
    writes.add(REMOVED, [])
    writes.add(FIRST, [("a",)])
    await write(notes, writes, "commit")
    assert await texts(notes) == ["a"]


async def test_nothing_to_write_is_no_statement(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        asked: list[str] = []
        connection.add_query_logger(lambda each: asked.append(each.query))
        await Writes().execute(connection)
    assert asked == []
