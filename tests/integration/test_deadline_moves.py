"""Deadlines follow their calendar, on a real database: what is ahead moves once, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.pure.calendar import WorkingDays
from chassis.pure.calendar_days import CalendarDay
from chassis.work import deadline_mover
from chassis.work.deadline_mover import DeadlineMover
from counselling.app import SERVICE
from tests.support import outbox
from tests.support.counselling.process import LAGOS, Process, staff
from vocabulary.countries import WORKING_DAYS, day_at

ROW = "select due_at, counted_at, counted_from, counted_days from deadline where name = 'referral_answer'"


def with_holidays(days: Iterable[date]) -> WorkingDays:
    return WORKING_DAYS.over(
        CalendarDay("NG", day, "closed", "Day of mourning", "Gazette 7", "announced", None) for day in days
    )


def next_open(process: Process, count: int) -> list[date]:
    """The next working days in Lagos, as the process knows them."""
    today, days = day_at("NG", process.clock.now()), process.workshop.calendar.days
    return [days.add_working_days("NG", today, number) for number in range(1, count + 1)]


@pytest.fixture
def mover(counselling: Process) -> DeadlineMover:
    return DeadlineMover(counselling.workshop, SERVICE.moves)


async def moved(process: Process) -> list[dict[str, Any]]:
    """What DeadlineMoved told, in order."""
    rows = await process.pool.fetch("select record from outbox order by id")
    records = [outbox.read(row["record"]) for row in rows]
    return [each.value for each in records if "DeadlineMoved" in each.headers["ce_type"]]


async def test_a_holiday_that_is_announced_moves_what_is_ahead_in_row_state_and_event(
    counselling: Process, mover: DeadlineMover
) -> None:
    referral = await counselling.refer(uuid4())
    before = await counselling.pool.fetchrow(ROW)
    assert await mover.follow() == 0
    days = counselling.workshop.calendar.days
    counselling.workshop.calendar.days = with_holidays(next_open(counselling, 1))
    assert await mover.follow() == 1
    after = await counselling.pool.fetchrow(ROW)
    assert tuple(after)[1:] == tuple(before)[1:] == ("NG-LA", before["counted_from"], 5)
    due = days.last_second_at("NG", days.add_working_days("NG", day_at("NG", before["due_at"]), 1))
    assert after["due_at"] == due > before["due_at"]
    [item] = (await counselling.get("/inbox", staff(LAGOS)))["items"]
    assert datetime.fromisoformat(item["answer_due_at"]) == due
    [event] = await moved(counselling)
    assert (event["subject_id"], event["deadline_type"], event["level"]) == (referral, "referral_answer", 1)
    assert (event["owner_org"], event["reason"]) == (LAGOS, "working_days_changed")
    assert [datetime.fromisoformat(event[at]) for at in ("old_due_at", "due_at")] == [before["due_at"], due]
    assert await mover.follow() == 0


async def test_a_shortened_deadline_ends_no_earlier_than_with_the_next_working_day(
    counselling: Process, mover: DeadlineMover
) -> None:
    days = WORKING_DAYS.over(())
    closed = next_open(counselling, 10)
    counselling.workshop.calendar.days = with_holidays(closed)
    await counselling.refer(uuid4())
    assert await mover.follow() == 0
    counselling.clock.advance(days.last_second_at("NG", closed[7]) - counselling.clock.now())
    counselling.workshop.calendar.days = days
    assert await mover.follow() == 1
    due = await counselling.pool.fetchval("select due_at from deadline")
    assert due == days.due_at("NG", counselling.clock.now(), 1) > counselling.clock.now()


async def test_several_workers_move_it_once(counselling: Process) -> None:
    await counselling.refer(uuid4())
    counselling.workshop.calendar.days = with_holidays(next_open(counselling, 1))
    movers = [DeadlineMover(counselling.workshop, SERVICE.moves) for _ in range(4)]
    assert sum(await asyncio.gather(*(each.follow() for each in movers))) == 1
    assert len(await moved(counselling)) == 1


async def test_a_deadline_that_is_past_and_one_in_hours_stay(counselling: Process, mover: DeadlineMover) -> None:
    await counselling.refer(uuid4(), days_ago=30)
    await counselling.refer(uuid4(), priority="emergency")
    counselling.workshop.calendar.days = with_holidays(next_open(counselling, 2))
    assert await mover.follow() == 0


async def test_what_others_counted_by_the_old_days_meanwhile_follows_a_minute_later(
    counselling: Process, mover: DeadlineMover, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = counselling.workshop.calendar.days, with_holidays(next_open(counselling, 1))
    counselling.workshop.calendar.days = new
    await mover.follow()
    counselling.workshop.calendar.days = old
    await counselling.refer(uuid4())
    counselling.workshop.calendar.days = new
    assert await mover.follow() == 0
    now = deadline_mover.monotonic()
    monkeypatch.setattr(deadline_mover, "monotonic", lambda: now + deadline_mover.AGAIN_SECONDS)
    assert await mover.follow() == 1
    assert await mover.follow() == 0


async def test_more_than_a_batch_moves(
    counselling: Process, mover: DeadlineMover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline_mover, "BATCH", 2)
    for _ in range(5):
        await counselling.refer(uuid4())
    counselling.workshop.calendar.days = with_holidays(next_open(counselling, 1))
    assert await mover.follow() == 5
    assert timedelta(0) < await counselling.pool.fetchval("select min(due_at) from deadline") - datetime.now(UTC)
