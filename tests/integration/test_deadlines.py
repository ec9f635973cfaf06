"""Deadlines against a real database: fired once, moved and cleared by commands, never lost."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg

from tests.support.toy import SetAlarm
from tests.support.toy_runtime import Statements, ToyRuntime


async def test_a_deadline_fires_when_it_is_due_and_only_once(toy: ToyRuntime) -> None:
    till = uuid4()
    await toy.command(SetAlarm(till, 30))
    assert await toy.deadlines.fire_due() == 0
    toy.advance(minutes=31)
    assert await toy.deadlines.fire_due() == 1
    assert await toy.deadlines.fire_due() == 0
    assert await toy.outbox() == [(str(till), 1)]


async def test_two_workers_fire_a_deadline_once(toy: ToyRuntime) -> None:
    tills = [uuid4() for _ in range(30)]
    for till in tills:
        await toy.command(SetAlarm(till, 30))
    toy.advance(minutes=31)
    await asyncio.gather(*(toy.deadlines.fire_due() for _ in range(6)))
    assert sorted(await toy.outbox()) == sorted((str(till), 1) for till in tills)


async def test_a_moved_deadline_fires_at_its_new_time_and_a_cleared_one_never(toy: ToyRuntime) -> None:
    moved, cleared = uuid4(), uuid4()
    for till in (moved, cleared):
        await toy.command(SetAlarm(till, 30))
    await toy.command(SetAlarm(moved, 90))
    await toy.command(SetAlarm(cleared, 0))
    toy.advance(minutes=31)
    assert await toy.deadlines.fire_due() == 0
    toy.advance(minutes=60)
    assert await toy.deadlines.fire_due() == 1
    assert await toy.outbox() == [(str(moved), 1)]


async def test_a_deadline_whose_effect_the_database_refuses_is_put_off_and_the_others_fire(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    bad, good = uuid4(), uuid4()
    for till in (bad, good):
        await toy.command(SetAlarm(till, 30))
    await pool.execute(f"alter table till add constraint no_alarm check (id <> '{bad}' or data->>'alarms' = '0')")
    toy.advance(minutes=31)
    await toy.deadlines.fire_due()
    assert await toy.outbox() == [(str(good), 1)]
    assert await toy.deadlines.fire_due() == 0, "it must not be tried again at once"
    await pool.execute("alter table till drop constraint no_alarm")
    toy.advance(minutes=61)
    assert await toy.deadlines.fire_due() == 1
    assert len(await toy.outbox()) == 2


async def test_a_deadline_that_this_version_does_not_know_stays(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    await pool.execute(
        "insert into deadline (name, subject, owner, due_at) values ('of_the_future', $1, $1, 'yesterday')",
        uuid4(),
    )
    assert await toy.deadlines.fire_due() == 0
    assert await pool.fetchval("select count(*) from deadline") == 1


async def test_statements_per_batch_of_deadlines_do_not_grow_with_the_batch(
    toy: ToyRuntime, statements: Statements
) -> None:
    counts = {}
    for size in (500, 1, 10, 500):  # the first round prepares the statements
        for _ in range(size):
            await toy.command(SetAlarm(uuid4(), 30))
        toy.advance(minutes=31)
        statements.queries.clear()
        assert await toy.deadlines.fire_due() == size
        counts[size] = len(statements.queries)
    assert counts[1] == counts[10] == counts[500] == 6  # what is due; begin, load, claim, write, commit
