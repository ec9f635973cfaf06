"""The rows of deadlines: what is due, in which order, and who may take, move or clear which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from chassis.postgres.writes import Writes
from chassis.pure.decision import Cleared, Deadline, DeadlineDue, DeadlineMove, Owed
from chassis.work import deadlines

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)
OWNER, OTHER = UUID(int=8), UUID(int=9)
EVER = datetime(2100, 1, 1, tzinfo=UTC)


async def save(pool: asyncpg.Pool, *changes: Deadline | Cleared) -> None:
    writes = Writes()
    deadlines.save(writes, changes)
    async with pool.acquire() as connection, connection.transaction():
        await writes.execute(connection)


async def due(
    pool: asyncpg.Pool, now: datetime = EVER, names: Iterable[str] = ("a", "b"), limit: int = 100
) -> list[DeadlineDue]:
    async with pool.acquire() as connection:
        return await deadlines.due(connection, now, names, limit)


def seconds(count: int) -> datetime:
    return NOW + timedelta(seconds=count)


async def test_setting_a_deadline_again_replaces_all_of_it_and_no_other(pool: asyncpg.Pool) -> None:
    kept = [Deadline("a", TWO, OWNER, seconds(2), 3), Deadline("b", ONE, OWNER, seconds(3))]
    await save(pool, Deadline("a", ONE, OWNER, NOW), *kept)
    await save(pool, Deadline("a", ONE, OTHER, seconds(1), 2))
    assert await due(pool) == [DeadlineDue("a", ONE, OTHER, seconds(1), 2), *(DeadlineDue(*each[:5]) for each in kept)]


async def test_clearing_takes_the_deadline_of_that_name_and_subject_only(pool: asyncpg.Pool) -> None:
    kept = [Deadline("a", TWO, OWNER, NOW), Deadline("b", ONE, OWNER, NOW)]
    await save(pool, Deadline("a", ONE, OWNER, NOW), *kept)
    await save(pool, Cleared("a", ONE))
    assert await due(pool) == [DeadlineDue(*each[:5]) for each in kept]


async def test_what_is_due_is_what_this_version_knows_whose_time_has_come_the_oldest_first(pool: asyncpg.Pool) -> None:
    await save(
        pool,
        Deadline("a", ONE, OWNER, seconds(1)),
        Deadline("b", ONE, OWNER, seconds(-1)),
        Deadline("c", ONE, OWNER, seconds(-2)),
        Deadline("a", TWO, OWNER, seconds(0)),
    )
    assert [(each.name, each.subject) for each in await due(pool, NOW)] == [("b", ONE), ("a", TWO)]
    assert [(each.name, each.subject) for each in await due(pool, NOW, limit=1)] == [("b", ONE)]


@pytest.mark.parametrize(
    "stale",
    [{"name": "b"}, {"subject": TWO}, {"due_at": seconds(-1)}, {"due_at": seconds(1)}, {"level": 2}, {"level": 0}],
)
async def test_a_deadline_that_is_no_longer_as_it_was_read_is_neither_claimed_nor_put_off(
    pool: asyncpg.Pool, stale: dict[str, object]
) -> None:
    await save(pool, Deadline("a", ONE, OWNER, NOW))
    read = (await due(pool))[0]
    async with pool.acquire() as connection:
        await deadlines.postpone(connection, replace(read, **stale), timedelta(hours=1))
        assert await deadlines.claim(connection, [replace(read, **stale)]) == []
    assert await due(pool) == [read]


async def test_a_claimed_deadline_is_gone_and_the_others_of_the_batch_stay(pool: asyncpg.Pool) -> None:
    await save(pool, *(Deadline(name, subject, OWNER, NOW) for name in ("a", "b") for subject in (ONE, TWO)))
    a_one, a_two, b_one, b_two = await due(pool)
    async with pool.acquire() as connection:
        assert await deadlines.claim(connection, [a_one, replace(a_two, level=7), b_two]) == [a_one, b_two]
    assert await due(pool) == [a_two, b_one]


async def test_what_is_missed_for_good_stays_and_is_neither_due_nor_claimed_nor_put_off(pool: asyncpg.Pool) -> None:
    owed = Owed("clerk", "shop:ZRH", OTHER)
    await save(pool, Deadline("a", ONE, OWNER, NOW, 3, owed=owed))
    [read] = await due(pool)
    await save(pool, Deadline("a", ONE, OWNER, NOW, 3, owed=owed._replace(missed=True)))
    assert await due(pool) == []
    async with pool.acquire() as connection:
        assert await deadlines.claim(connection, [read]) == [], "read by another worker before it was fired"
        await deadlines.postpone(connection, read, timedelta(hours=1))
        move = DeadlineMove("a", ONE, OWNER, NOW, seconds(9), 3)
        assert await deadlines.move(connection, [move]) == []
    row = await pool.fetchrow("select due_at, level, org, missed from deadline")
    assert tuple(row) == (NOW, 3, "shop:ZRH", True)
    await save(pool, Deadline("a", ONE, OWNER, seconds(5), owed=owed))
    assert await due(pool) == [DeadlineDue("a", ONE, OWNER, seconds(5), 1)], "set anew it is due again"
    await save(pool, Cleared("a", ONE))
    assert await pool.fetchval("select count(*) from deadline") == 0


async def test_a_deadline_that_is_put_off_comes_later_by_so_much(pool: asyncpg.Pool) -> None:
    await save(pool, Deadline("a", ONE, OWNER, NOW), Deadline("a", TWO, OWNER, NOW))
    one, two = await due(pool)
    async with pool.acquire() as connection:
        await deadlines.postpone(connection, one, timedelta(hours=1))
    assert await due(pool) == [two, replace(one, due_at=NOW + timedelta(hours=1))]
