"""Deadlines against a real database: fired once, moved and cleared by commands, never lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.work.deadline_runner import DeadlineRunner
from tests.support import toy as toy_service
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


def counted(toy: ToyRuntime, outcome: str) -> float:
    return float(toy.metrics.deadlines_fired.labels("alarm", outcome)._value.get())


async def test_what_became_of_each_deadline_is_counted_traced_and_announced(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    good, bad, gone = uuid4(), uuid4(), uuid4()
    for till in (good, bad, gone):
        await toy.command(SetAlarm(till, 30))
    await pool.execute("delete from till where id = $1", gone)
    toy.advance(minutes=31)
    wakes = toy.wakes
    assert await toy.deadlines.fire_due() == 3
    assert (counted(toy, "fired"), counted(toy, "no_till"), counted(toy, "put_off")) == (2, 1, 0)
    assert toy.wakes == wakes + 1
    fired = [span for span in toy.collector.spans if span.name == "fire alarm"]
    created = [span for span in toy.collector.spans if span.name.startswith("create") and span.parent is not None]
    roots = {span.context.span_id for span in fired if span.context is not None}
    assert len(roots) == 3
    assert all((span.attributes or {})["ph.deadline.name"] == "alarm" for span in fired)
    assert len([span for span in created if span.parent is not None and span.parent.span_id in roots]) == 2
    await toy.deadlines.fire_due()
    assert toy.wakes == wakes + 1, "nothing was due"

    await toy.command(SetAlarm(bad, 30))
    await pool.execute(f"alter table till add constraint no_alarm check (id <> '{bad}' or data->>'alarms' = '1')")
    toy.advance(minutes=31)
    assert await toy.deadlines.fire_due() == 1
    assert counted(toy, "put_off") == 1


@pytest.mark.parametrize("errors", [[OSError()], [asyncpg.CheckViolationError("no"), OSError()]])
async def test_an_error_that_is_not_the_databases_no_is_raised_and_nothing_is_put_off(
    toy: ToyRuntime, errors: list[Exception]
) -> None:
    left = list(errors)

    def fails_first(*arguments: Any) -> Any:
        if left:
            raise left.pop(0)
        return toy_service.alarm(*arguments)

    runner = DeadlineRunner(toy.workshop, {"alarm": replace(toy_service.DEADLINES["alarm"], decide=fails_first)})
    till = uuid4()
    await toy.command(SetAlarm(till, 30))
    toy.advance(minutes=31)
    with pytest.raises(OSError):
        await runner.fire_due()
    assert await runner.fire_due() == 1
    assert await toy.outbox() == [(str(till), 1)]


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
