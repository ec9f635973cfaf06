"""Publishes the outbox: in order of id, by one leader per database, deleting only what Kafka has acknowledged.

There is no cursor. A cursor over ids loses rows that commit late, and competing relays reorder; one leader that deletes
in order of id does neither. After a crash between acknowledgement and delete the next leader publishes again, and
positions drop the repeats. Before a leader publishes, it compares the topics with its database (`lineage`).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection
from time import monotonic
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis.kafka.past import Reader
from chassis.outbox import telling
from chassis.outbox.low_water import LowWater
from chassis.outbox.partitions import partition_of
from chassis.outbox.records import Batch
from chassis.outbox.telling import NotAsToldError, Telling
from chassis.postgres.database import is_outage, reason_of
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.waiting import is_set_within

LOCK = 0x7068_7265_6C61_79
"""The advisory lock of the leader: "phrelay" in ASCII."""
EVERYTHING = 2**63 - 1
MAX_BATCH_BYTES = 900_000
"""Of one batch; below the topics' max.message.bytes of 1 MiB."""
MARK_ROWS = 1000
"""The mark moves after so many published rows: a look into the lock table costs something, a few dead rows do not."""
BACK_OFF_SECONDS = 5.0

_READ = "select id, topic, key, record from outbox where id > $1 order by id limit $2"
_DELETE = "delete from outbox where id = any($1::bigint[])"

_SESSION = {
    "application_name": "relay",
    "jit": "off",
    # Always read by the index. The table is empty most of the time, and a plan made then would later scan and sort all
    # of it, with all that a backlog has left behind.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    # If a crash of the server loses a delete, the event is published again and positions drop it: not worth a wait.
    "synchronous_commit": "off",
}

log = get_logger(__name__)


class PublishFailedError(Exception):
    """Kafka did not acknowledge every batch. The idempotent producer that sent them cannot be used any more."""


class Relay:
    """Runs until told to stop; survives the loss of database and broker."""

    def __init__(
        self,
        dsn: str,
        producer: Callable[[], AIOKafkaProducer],
        reader: Reader,
        topics: Collection[str],
        metrics: Metrics,
        *,
        batch: int,
        poll_seconds: float,
        publish_timeout_seconds: float,
    ) -> None:
        self._dsn = dsn
        self._new_producer = producer
        self._reader = reader
        self._topics = set(topics)
        self._metrics = metrics
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._publish_timeout = publish_timeout_seconds
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self._told = Telling({})
        self._failures = 0
        self.last_progress = monotonic()

    def wake(self) -> None:
        """Looks at once instead of at the next poll: this process has committed something."""
        self._wake.set()

    def stop(self) -> None:
        """Publish what is there, then return from `run`."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Leads whenever it can. Raises only what is unexpected."""
        while not self._stop.is_set() or self._failures == 0:
            try:
                await self._lead()
            except NotAsToldError:
                self._failures += 1
                log.info("relay_compares_again")
            except (PublishFailedError, KafkaError) as error:
                self._failures += 1
                log.warning("relay_publish_failed", reason=type(error).__name__)
            except Exception as error:
                if not is_outage(error):
                    raise
                self._failures += 1
                log.warning("relay_interrupted", reason=reason_of(error))
            else:
                return
            finally:
                self.last_progress = monotonic()
                self._metrics.relay_leader.set(0)
                await self._drop_producer()
            pause = min(BACK_OFF_SECONDS, 0.1 * 2 ** min(self._failures, 6))
            await is_set_within(self._stop, pause * random.uniform(0.5, 1))

    async def _lead(self) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=10, command_timeout=30, server_settings=_SESSION)
        try:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
                self.last_progress = monotonic()
                if await is_set_within(self._stop, 1.0):
                    return
            if not await self._compared(connection):
                return
            self._metrics.relay_leader.set(1)
            log.info("relay_leads")
            await self._publish_until_stopped(connection)
        finally:
            # Closing the session releases the lock; a dead session has lost it already.
            await _bounded(connection.close(timeout=2), 3)

    async def _compared(self, connection: asyncpg.Connection) -> bool:
        """Waits until nothing told is forgotten; False if told to stop before."""

        def progress() -> None:
            self.last_progress = monotonic()

        told = await telling.begun(connection, self._reader, self._topics, self._metrics, self._stop, progress)
        self._told = told or self._told
        return told is not None

    async def _publish_until_stopped(self, connection: asyncpg.Connection) -> None:
        low_water = LowWater()
        gone = published = 0
        while True:
            self._wake.clear()
            if gone >= MARK_ROWS:
                await low_water.look(connection, published)
            rows = await connection.fetch(_READ, low_water.mark, self._batch)
            self.last_progress = monotonic()
            if rows:
                done = await self._publish(connection, rows)
                self._failures = 0
                gone += len(done)
                published = _published_up_to(rows, done)
                if low_water.settle(published):
                    gone = 0
                continue
            self._failures = 0
            if low_water.settle(EVERYTHING):
                gone = 0
            await self._told.rest(connection, at_once=self._stop.is_set())
            if self._stop.is_set():
                return
            await is_set_within(self._wake, self._poll_seconds)

    async def _publish(self, connection: asyncpg.Connection, rows: list[asyncpg.Record]) -> list[int]:
        """Sends one batch per partition, deletes the acknowledged rows and returns their ids. Rows that do not fit into
        their partition's batch wait for the next round."""
        producer = await self._ready_producer()
        batches: dict[tuple[str, int], tuple[Batch, list[int]]] = {}
        full: set[tuple[str, int]] = set()
        partitions = {topic: await _partitions(producer, topic) for topic in {topic for _, topic, _, _ in rows}}
        self._topics.update(partitions)
        told = self._told
        for id_, topic, key, record in rows:
            place = (topic, partition_of(key, partitions[topic]))
            if place in full or not told.knows(place):
                continue
            if place not in batches:
                batches[place] = (Batch(MAX_BATCH_BYTES), [])
            batch, ids = batches[place]
            if batch.add(record):
                ids.append(id_)
            else:
                full.add(place)
        acknowledged = await self._send(producer, batches) if batches else {}
        published = []
        for place, offset in acknowledged.items():
            foreign = told.acknowledged(place, offset, batches[place][0])
            if foreign is None:
                continue  # the rows stay: where the broker has another past, somebody may find the newer disk
            if foreign:
                self._metrics.foreign_records.labels(place[0]).inc(foreign)
                log.error("relay_foreign_records", topic=place[0], partition=place[1], count=foreign)
            published += batches[place][1]
        await told.delete(connection, published, _DELETE)
        for topic, partition in acknowledged:
            self._metrics.published.labels(topic).inc(len(batches[topic, partition][1]))
        if len(acknowledged) < len(batches):
            raise PublishFailedError
        if told.doubtful:
            raise NotAsToldError
        return published

    async def _send(
        self, producer: AIOKafkaProducer, batches: dict[tuple[str, int], tuple[Batch, list[int]]]
    ) -> dict[tuple[str, int], int]:
        """The batches that Kafka acknowledged within the relay's own timeout, each with the offset of its first record;
        the producer itself never gives up."""
        sent: dict[tuple[str, int], asyncio.Future[Any]] = {}
        try:
            async with asyncio.timeout(self._publish_timeout):
                for (topic, partition), (batch, _) in batches.items():
                    sent[topic, partition] = await producer.send_batch(batch, topic, partition=partition)
                await asyncio.wait(sent.values())
        except (TimeoutError, KafkaError) as error:
            log.warning("relay_not_acknowledged", reason=type(error).__name__)
        acknowledged = {}
        for place in batches:
            future = sent.get(place)
            if future is not None and future.done() and not future.cancelled() and future.exception() is None:
                acknowledged[place] = future.result().offset
            else:
                self._metrics.publish_failures.labels(place[0]).inc()
        return acknowledged

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._new_producer()
            self._producer = producer
            async with asyncio.timeout(self._publish_timeout):
                await producer.start()
        return self._producer

    async def _drop_producer(self) -> None:
        """Lets go of the producer with all its tasks and connections.

        `stop()` would wait for missing acknowledgements, and a producer left alone would send again later, behind the
        back of the next one. Nothing is lost: the outbox still has every row that was not acknowledged.
        """
        producer, self._producer = self._producer, None
        if producer is None:
            return
        producer._closed = True  # noqa: SLF001 - so that it does not complain that nobody stopped it
        if producer._sender is not None:  # noqa: SLF001
            await _bounded(producer._sender.close(), 2)  # noqa: SLF001
        await _bounded(producer.client.close(), 2)


def _published_up_to(rows: list[asyncpg.Record], done: list[int]) -> int:
    """The last of these ids before the first that is not published."""
    if len(done) == len(rows):
        return int(rows[-1]["id"])
    left = {row["id"] for row in rows}.difference(done)
    return int(min(left)) - 1


async def _partitions(producer: AIOKafkaProducer, topic: str) -> int:
    return len(producer.client.cluster.partitions_for_topic(topic) or await producer.partitions_for(topic))


async def _bounded(work: Awaitable[Any], seconds: float) -> None:
    """Tidies up; a dead peer cannot hold the process."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except Exception as error:  # noqa: BLE001 - what is being dropped may fail in any way
        logging.getLogger(__name__).debug("relay_tidy_up_failed", extra={"reason": type(error).__name__})
