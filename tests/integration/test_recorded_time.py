"""The time of recording: real, and growing with the number of a key."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg

from tests.support import outbox
from tests.support.records import sold
from tests.support.toy import Sell
from tests.support.toy_runtime import ToyRuntime


async def times(pool: asyncpg.Pool) -> list[str]:
    """When each event was recorded, in the order of the outbox."""
    rows = await pool.fetch("select record from outbox order by id")
    return [outbox.read(row["record"]).headers["ce_recordedtime"] for row in rows]


async def test_the_time_of_recording_is_the_servers_and_no_moved_clock_changes_it(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    before = await pool.fetchval("select clock_timestamp()")
    toy.advance(days=40)
    await toy.command(Sell(uuid4(), 1))
    (at,) = await times(pool)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", at)
    assert before <= datetime.fromisoformat(at) <= await pool.fetchval("select clock_timestamp()")


async def test_the_time_of_recording_grows_with_the_number_even_if_the_servers_clock_goes_back(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    till = uuid4()
    await toy.dispatcher.handle([sold(till, 1), sold(till, 2), sold(till, 3)])
    await toy.command(Sell(till, 1))
    ahead = await pool.fetchval("update stream set recorded_at = recorded_at + interval '1 hour' returning recorded_at")
    await toy.command(Sell(till, 1))
    await toy.dispatcher.handle([sold(till, 4), sold(till, 5)])
    found = [datetime.fromisoformat(at) for at in await times(pool)]
    assert found == sorted(set(found))
    assert await toy.outbox() == [(str(till), number) for number in range(1, 8)], "numbered in their order"
    assert found[4:] == [ahead + timedelta(microseconds=step) for step in (1, 2, 3)]
    assert await pool.fetchval("select recorded_at from stream") == found[-1]
