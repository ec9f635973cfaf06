"""Where a reader begins in a partition, and what that says about the records before."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import asyncpg
from aiokafka import TopicPartition

from chassis.consumer import progress
from chassis.consumer.progress import Progress
from chassis.kafka.lookout import Lookout, Span
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics

log = get_logger(__name__)


class Start(NamedTuple):
    """Where to begin.

    `check`: the id of the record before, which was handled; None if there is none to compare. `missed`: the offsets,
    from and to before, that retention took unread. `another_past`: the brokers do not hold what was read; all of it is
    read again. `progress`: what the row must say from now on.
    """

    check: str | None
    missed: tuple[int, int] | None
    another_past: bool
    progress: Progress


def start_of(row: Progress, topic_id: bytes, span: Span) -> Start:
    """The place to begin at, by what was read and what is there."""
    if row.next_offset is None:
        first = row._replace(next_offset=span.beginning, topic_id=topic_id)
        return Start(None, None, another_past=False, progress=first)
    if row.topic_id != topic_id or span.end < row.next_offset:
        return read_again(row, topic_id, span)
    if span.beginning > row.next_offset:
        gone = (row.next_offset, span.beginning)
        return Start(None, gone, another_past=False, progress=row._replace(next_offset=span.beginning, last_id=None))
    check = row.last_id if span.beginning < row.next_offset else None
    return Start(check, None, another_past=False, progress=row)


def read_again(row: Progress, topic_id: bytes, span: Span) -> Start:
    """From the beginning to what is the end now; positions drop what was handled."""
    reread_to = span.end if span.end > span.beginning else None
    anew = row._replace(next_offset=span.beginning, last_id=None, topic_id=topic_id, reread_to=reread_to)
    return Start(None, None, another_past=True, progress=anew)


class Places:
    """Finds starts, and writes and tells what does not fit."""

    def __init__(self, pool: asyncpg.Pool, lookout: Lookout, metrics: Metrics) -> None:
        self._pool = pool
        self._lookout = lookout
        self._metrics = metrics
        self._suspects: dict[TopicPartition, int] = {}
        """In which term. Another term has checked again, or will."""

    def suspect(self, partition: TopicPartition, term: int) -> None:
        """Another record stands where the last one was read; its reader in this term has seen it."""
        self._suspects[partition] = term

    async def find(
        self, partitions: Collection[TopicPartition], id_of: Callable[[str], bytes], session: int
    ) -> dict[TopicPartition, Start]:
        """Begins a new term in each of these partitions whose lease the session still holds. Raises an outage."""
        if not partitions:
            return {}
        # Before the brokers are asked: whoever finds another id by then asks again.
        ids = {each.topic: id_of(each.topic) for each in partitions}
        async with self._pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            rows = await progress.begin(connection, partitions, session)
        # The end is asked for last: what was read up to then must not seem to lie behind it.
        spans = await self._lookout.spans(rows)
        starts = {}
        for each, row in rows.items():
            rule = read_again if self._suspects.pop(each, None) == row.term - 1 else start_of
            starts[each] = start = rule(row, ids[each.topic], spans[each])
            if start.progress != row:
                await self._write(each, start)
            self._tell(each, row, start)
        return starts

    async def _write(self, partition: TopicPartition, start: Start) -> None:
        async with self._pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection, connection.transaction():
            if start.missed:
                await progress.miss(connection, partition, *start.missed)
            await progress.put(connection, partition, start.progress)

    def _tell(self, partition: TopicPartition, row: Progress, start: Start) -> None:
        place = {"topic": partition.topic, "partition": partition.partition}
        if start.missed:
            first, behind = start.missed
            self._metrics.records_missed.labels(partition.topic).inc(behind - first)
            log.error("records_missed", **place, first_offset=first, next_offset=behind)
        if start.another_past:
            self._metrics.partitions_reread.labels(partition.topic).inc()
            log.error(
                "broker_has_another_past", **place, next_offset=row.next_offset, reread_to=start.progress.reread_to
            )
