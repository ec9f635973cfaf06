"""The rows of positions: read and locked as a batch needs them, written as they moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from chassis.consumer import positions
from chassis.consumer.inbound import Inbound, decode
from chassis.consumer.positions import Positions, Verdict
from chassis.postgres.database import Connection
from chassis.postgres.writes import Writes
from chassis.pure.states import ConcurrentUpdateError
from tests.support.records import recorded, sold
from tests.support.toy import Sold

LONG_AGO = datetime(2026, 3, 2, 9, tzinfo=UTC)
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


def event(key: UUID, number: int, topic: str = "ph.shop.v1") -> Inbound:
    told = recorded(sold(key, number), LONG_AGO + timedelta(seconds=number))
    return decode(told._replace(topic=topic), {Sold.type: Sold} if topic == "ph.shop.v1" else {})


async def save(connection: Connection, moved: Positions) -> None:
    writes = Writes()
    positions.save(writes, moved)
    await writes.execute(connection)


async def handled(connection: Connection, *batch: Inbound) -> list[Verdict]:
    async with connection.transaction():
        locked = await positions.lock(connection, batch)
        verdicts = [locked.advance(each) for each in batch]
        await save(connection, locked)
    return verdicts


async def test_what_moved_is_found_again(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        assert await handled(connection, event(ONE, 1), event(TWO, 3)) == [Verdict.NEXT, Verdict.FIRST]
        assert await handled(connection, event(ONE, 1), event(ONE, 2), event(TWO, 2)) == [
            Verdict.REPEAT,
            Verdict.NEXT,
            Verdict.LATE,
        ]
        assert await handled(connection, event(TWO, 2), event(TWO, 1), event(THREE, 1)) == [
            Verdict.REPEAT,
            Verdict.LATE,
            Verdict.NEXT,
        ]
        rows = await connection.fetch(
            "select key, sequence, open::text, length(recent), last_recorded, blocked from position order by key"
        )
    assert [tuple(row) for row in rows] == [
        (str(ONE), 2, "{}", 24, LONG_AGO + timedelta(seconds=2), False),
        (str(TWO), 3, "{}", 36, LONG_AGO + timedelta(seconds=3), False),
        (str(THREE), 1, "{}", 12, LONG_AGO + timedelta(seconds=1), False),
    ]


async def test_a_batch_locks_its_own_keys_of_its_own_sources_until_its_end(pool: asyncpg.Pool) -> None:
    nobody = decode(sold(ONE, 1)._replace(key=None), {Sold.type: Sold})
    locking = "select from position where source = $1 and key = $2 for update nowait"
    async with pool.acquire() as reader, pool.acquire() as other:
        await handled(reader, event(ONE, 1), event(TWO, 1), event(ONE, 1, "ph.other.v1"))
        async with reader.transaction():
            await positions.lock(reader, [event(ONE, 2), nobody])
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.execute(locking, "ph.shop.v1", str(ONE))
            await other.execute(locking, "ph.shop.v1", str(TWO))
            await other.execute(locking, "ph.other.v1", str(ONE))
        await other.execute(locking, "ph.shop.v1", str(ONE))


async def test_a_new_key_that_somebody_else_has_added_first_fails_the_batch(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as one, pool.acquire() as other:
        locked = await positions.lock(one, [event(ONE, 1)])
        locked.advance(event(ONE, 1))
        await handled(other, event(ONE, 1), event(ONE, 2))
        with pytest.raises(ConcurrentUpdateError):
            await save(one, locked)


async def test_a_blocked_key_is_blocked_for_the_next_batch(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await handled(connection, event(ONE, 1))
        locked = await positions.lock(connection, [event(ONE, 2), event(TWO, 1)])
        locked.block(event(ONE, 2))
        locked.block(event(TWO, 1))
        await save(connection, locked)
        again = await positions.lock(connection, [event(ONE, 3), event(TWO, 2)])
    assert again.is_blocked(event(ONE, 3))
    assert again.is_blocked(event(TWO, 2))
