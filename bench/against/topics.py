"""Topics and consumer groups seen from outside: what goes in, where a group begins, what comes out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError

from bench.offsets import skip_to_end
from chassis.pure.messages import topic_of
from deploy.local.processes import Program

EMPTY_SECONDS = 20
"""Longer than a session: a member that did not leave is forgotten by then, and only then offsets can be set."""
POLL_SECONDS = 0.02
SILENCE_SECONDS = 60
"""A build that makes no progress for so long has failed."""
SOURCES = ("ph.referral.v1", "ph.training.v1", "ph.counselling.v1", "ph.placement.v1")

Ends = Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class Mark:
    """How many events were through at a moment, and the processor time used until then, in seconds."""

    at: float
    events: int
    cpu: float


async def begin_at(bootstrap: str, group: str, start: Mapping[TopicPartition, int] | None = None) -> None:
    """The group, which nobody is a member of, goes on at the end of all topics, or at `start` where that names a place.

    For builds that keep in Kafka where they are; one that keeps it in its database is told by `skip`. Raises
    `TimeoutError` if it still has members.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        places = await _partitions(consumer, *SOURCES)
        consumer.assign(places)
        offsets = {**await consumer.end_offsets(places), **(start or {})}
        async with asyncio.timeout(EMPTY_SECONDS):
            while not await _committed(consumer, offsets):
                await asyncio.sleep(0.2)
    finally:
        await consumer.stop()


async def skip(bootstrap: str, dsn: str, service: str) -> None:
    """A service whose database keeps where it is goes on at the end of all topics of the others."""
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("select to_regclass('progress') is not null"):
            return
    finally:
        await connection.close()
    await skip_to_end(bootstrap, dsn, [topic for topic in SOURCES if topic != topic_of(service)])


async def ends_of(bootstrap: str, topic: str) -> dict[TopicPartition, int]:
    """The next offset of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(await _partitions(consumer, topic))
        return ends
    finally:
        await consumer.stop()


@asynccontextmanager
async def events_in(bootstrap: str, topic: str) -> AsyncIterator[Ends]:
    """Asks, as often as called, how many events the topic has."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        places = await _partitions(consumer, topic)

        async def ends() -> int:
            return sum((await consumer.end_offsets(places)).values())

        yield ends
    finally:
        await consumer.stop()


async def watch(
    program: Program, events: Ends, wanted: int, cpu: Callable[[], float], poll_seconds: float = POLL_SECONDS
) -> tuple[Mark, Mark]:
    """From the first event that is through to the last.

    Raises `StackError` if the program ends, `TimeoutError` if it stands still, `RuntimeError` if all came at once.
    """
    first, before, moved_at = None, 0, time.monotonic()
    while True:
        now = await events()
        at = time.monotonic()
        if now and first is None:
            first = Mark(at, now, cpu())
        if now >= wanted and first is not None:
            if now == first.events:
                raise RuntimeError(f"all {now} events of {program.name} came at once: nothing to measure between")
            return first, Mark(at, now, cpu())
        if now != before:
            before, moved_at = now, at
        if at - moved_at > SILENCE_SECONDS:
            raise TimeoutError(f"{program.name} stands still at {now} of {wanted} events; see {program.log}")
        program.require_alive()
        await asyncio.sleep(poll_seconds)


async def _partitions(consumer: AIOKafkaConsumer, *topics: str) -> list[TopicPartition]:
    await consumer._client.force_metadata_update()
    cluster = consumer._client.cluster
    return [TopicPartition(topic, number) for topic in topics for number in cluster.partitions_for_topic(topic) or ()]


async def _committed(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> bool:
    try:
        await consumer.commit(offsets)
    except CommitFailedError:
        return False
    return True
