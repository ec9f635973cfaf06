"""Batches that the client cannot unpack: the partition stands still before them until an operator decides.

A row in `parked` without key and content stands for the batch. A retry tries again; who discards it goes on behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import asyncpg
from aiokafka import TopicPartition

from chassis.consumer import progress
from chassis.kafka.lookout import Lookout
from chassis.postgres.database import Connection
from chassis.telemetry.logs import get_logger

FAILURE = "unreadable"

_PARK = """
insert into parked (topic, partition, record_offset, headers, failure, detail, digest, blocks)
values ($1, $2, $3, '[]', $4, $5, $6, false) on conflict (topic, digest) do nothing
"""
_DECIDED = """
select topic, partition, record_offset, state from parked p
join unnest($1::text[], $2::bytea[]) as wanted(topic, digest) using (topic, digest)
where p.failure = $3 and p.state <> 'parked'
"""
_TRY_AGAIN = "delete from parked where topic = $1 and digest = $2 and state = 'retry'"

log = get_logger(__name__)


async def park(connection: Connection, partition: TopicPartition, offset: int, reason: str) -> None:
    """Asks an operator about what comes at this offset, once."""
    detail = f"what begins at this offset cannot be unpacked: {reason}"
    await connection.execute(_PARK, *partition, offset, FAILURE, detail, _digest(partition, offset))


async def decided(
    connection: Connection, places: Collection[tuple[TopicPartition, int]]
) -> dict[tuple[TopicPartition, int], str]:
    """What operators want done about these: `retry` or `discarded`."""
    digests = [_digest(*place) for place in places]
    rows = await connection.fetch(_DECIDED, [partition.topic for partition, _ in places], digests, FAILURE)
    return {(TopicPartition(topic, partition), offset): state for topic, partition, offset, state in rows}


async def try_again(connection: Connection, partition: TopicPartition, offset: int) -> None:
    """Forgets the question: it is asked anew if it must be."""
    await connection.execute(_TRY_AGAIN, partition.topic, _digest(partition, offset))


def _digest(partition: TopicPartition, offset: int) -> bytes:
    return hashlib.sha256(f"{FAILURE} {partition.partition} {offset}".encode()).digest()


class Unreadable:
    """The partitions of this process that stand still."""

    def __init__(self, pool: asyncpg.Pool, lookout: Lookout) -> None:
        self._pool = pool
        self._lookout = lookout
        self._reasons: dict[TopicPartition, str] = {}
        self.stopped: dict[TopicPartition, int] = {}
        """Each one's offset that cannot be unpacked."""

    def add(self, partition: TopicPartition, offset: int, error: BaseException) -> None:
        """This partition stands still from now on."""
        self.stopped[partition] = offset
        self._reasons[partition] = reason = type(error).__name__
        log.error(
            "records_unreadable", topic=partition.topic, partition=partition.partition, offset=offset, reason=reason
        )

    def forget(self, partition: TopicPartition) -> None:
        """Another process reads it now, and finds out by itself."""
        self.stopped.pop(partition, None)

    async def settle(self, session: int) -> bool:
        """Asks operators, and does what they have decided, for partitions whose lease the session holds. True if a
        partition may go on. Raises an outage."""
        places = list(self.stopped.items())
        if not places:
            return False
        async with self._pool.acquire(timeout=10) as connection:
            for place in places:
                await park(connection, *place, self._reasons[place[0]])
            found = await decided(connection, places)
            for (partition, offset), state in found.items():
                if state == "retry":
                    await try_again(connection, partition, offset)
                else:
                    await self._go_behind(connection, partition, offset, session)
                self.forget(partition)
        return bool(found)

    async def _go_behind(self, connection: Connection, partition: TopicPartition, offset: int, session: int) -> None:
        behind = await self._lookout.behind_batch(partition, offset)
        row = (await progress.begin(connection, [partition], session)).get(partition)
        if row is None:
            return  # somebody else reads it by now, and will stop at the same place
        await progress.put(connection, partition, row._replace(next_offset=behind, last_id=None))
        log.warning("records_skipped", topic=partition.topic, partition=partition.partition, next_offset=behind)
