"""Batches that the client cannot unpack: the partition stands still before them until an operator decides.

A row in `parked` without key and content stands for the batch. A retry tries again, and the row stays until the batch
was read (`parking.settle_what_was_read`): only then is it handled. Who discards it goes on behind it.
What is decided holds for this very batch: another one may come to stand at its offset.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import asyncpg
from aiokafka import TopicPartition

from chassis.consumer import progress
from chassis.consumer.held import Held
from chassis.kafka.lookout import Lookout
from chassis.kafka.unpacking import StoredBatch
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN
from chassis.telemetry.logs import get_logger

FAILURE = "unreadable"

_PARK = """
insert into parked (topic, partition, record_offset, headers, failure, detail, digest, blocks)
select topic, partition, $4::bigint, '[]', $5, $6, $7::bytea, false from progress
where topic = $1 and partition = $2 and term = $3
on conflict (topic, digest) do update set due = false, attempts = parked.attempts + 1, updated_at = clock_timestamp()
where parked.due and parked.state = 'parked'
"""
"""One that is `due` was tried again, in vain."""
_DECIDED = "select state from parked where topic = $1 and digest = $2 and state <> 'parked'"
_TRY_AGAIN = """
update parked p set state = 'parked', due = true, updated_at = clock_timestamp() from progress r
where p.topic = $1 and p.digest = $4 and p.state = 'retry' and r.topic = $1 and r.partition = $2 and r.term = $3
"""

log = get_logger(__name__)


@dataclass(slots=True, eq=False)
class Stop:
    """Where a partition stands still, in which term, and why. `digest`: of the batch there, once it was looked at."""

    offset: int
    term: int
    reason: str
    digest: bytes = b""


class Unreadable:
    """The partitions of this process that stand still. Nothing is written about one once somebody else reads it."""

    def __init__(self, pool: asyncpg.Pool, lookout: Lookout) -> None:
        self._pool = pool
        self._lookout = lookout
        self.stopped: dict[TopicPartition, Stop] = {}

    def add(self, partition: TopicPartition, held: Held, error: BaseException) -> None:
        """This partition stands still from now on."""
        stop = self.stopped[partition] = Stop(held.next_offset, held.term, type(error).__name__)
        place = {"topic": partition.topic, "partition": partition.partition}
        log.error("records_unreadable", **place, offset=stop.offset, reason=stop.reason)

    def forget(self, partition: TopicPartition) -> None:
        """Somebody else reads it now, or there is another topic: whoever reads on finds out by himself."""
        self.stopped.pop(partition, None)

    async def settle(self) -> bool:
        """Asks operators, and does what they have decided. True if a partition may go on. Raises an outage."""
        return any([await self._settle(*each) for each in list(self.stopped.items())])

    async def _settle(self, partition: TopicPartition, stop: Stop) -> bool:
        state = await self._asked(partition, stop)
        if state is None or self.stopped.get(partition) is not stop:
            return False
        self.forget(partition)
        return True

    async def _asked(self, partition: TopicPartition, stop: Stop) -> str | None:
        """What was decided and done; None while nobody has decided."""
        if not stop.digest:
            batch = await self._lookout.batch_at(partition, stop.offset)
            if batch is None:
                return "gone"
            stop.digest = _digest(partition, stop.offset, batch)
        detail = f"what begins at this offset cannot be unpacked: {stop.reason}"
        async with self._pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            held = *partition, stop.term
            await connection.execute(_PARK, *held, stop.offset, FAILURE, detail, stop.digest)
            state: str | None = await connection.fetchval(_DECIDED, partition.topic, stop.digest)
            if state == "retry":
                await connection.execute(_TRY_AGAIN, *held, stop.digest)
        if state == "discarded":
            await self._go_behind(partition, stop)
        return state

    async def _go_behind(self, partition: TopicPartition, stop: Stop) -> None:
        batch = await self._lookout.batch_at(partition, stop.offset)
        if batch is None or _digest(partition, stop.offset, batch) != stop.digest:
            return
        async with self._pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            if await progress.skip(connection, partition, stop.term, stop.offset, batch.next_offset):
                place = {"topic": partition.topic, "partition": partition.partition}
                log.warning("records_skipped", **place, next_offset=batch.next_offset)


def _digest(partition: TopicPartition, offset: int, batch: StoredBatch) -> bytes:
    return hashlib.sha256(f"{FAILURE} {partition.partition} {offset} ".encode() + batch.digest).digest()
