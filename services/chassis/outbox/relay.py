"""Publishes the outbox: in order of id, by one leader per database, deleting only what Kafka has acknowledged.

There is no cursor. A cursor over ids loses rows that commit late, and competing relays reorder; one leader that deletes
in order of id does neither. Before a leader publishes, it compares the topics with its database (`lineage`), and
deletes what waits although it stands there: a crash or the database came between acknowledgement and delete.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Collection, Sequence
from time import monotonic

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis.kafka.kinds import ORDINARY, Kinds
from chassis.kafka.past import Reader
from chassis.outbox import telling
from chassis.outbox.broker_responses import Rejection
from chassis.outbox.limits import Limits
from chassis.outbox.low_water import LowWater
from chassis.outbox.partitions import partition_of
from chassis.outbox.publisher import REFUSALS, Place, Publisher
from chassis.outbox.records import Batch
from chassis.outbox.telling import EndsWatch, NotAsToldError, Telling
from chassis.postgres.database import Connection, Password, is_outage, told
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.trouble import Trouble
from chassis.waiting import bounded, is_set_within

LOCK = int.from_bytes(b"phrelay")
"""The advisory lock of the leader."""
EVERYTHING = sys.maxsize
MARK_ROWS = 1000
"""The mark moves after so many published rows: a look into the lock table costs something, a few dead rows do not."""
BACK_OFF_SECONDS = 5.0
ASK_SECONDS = 1.0
"""How often a relay that does not lead asks for the lock."""
LEFT_OUT_SECONDS = 2.0
"""After so long a topic that was not there, or not for this user, is tried again."""
_FORBIDDEN = "TopicAuthorizationFailed"
CLOSE_SECONDS = 3.0
"""How long a session may take to close; the library gives up after two seconds, where it has no defect."""

_READ = """
with may_delete as (delete from outbox where false)
select id, topic, key, record from outbox
where id > $1 and key not in (select unnest($3::text[])) order by id limit $2
"""
"""Deletes nothing, but fails where a delete would: on a read-only database, or without the right to delete. What cannot
be deleted is not published, or it would be published again and again. The keys that wait are hashed: behind a partition
without a leader they may be many thousand, and "key <> all" would compare each row with each of them."""
_DELETE = "delete from outbox where id = any($1::bigint[])"

_SESSION = {
    "application_name": "relay",
    "jit": "off",
    # Always read by the index. The table is empty most of the time, and a plan made then would later scan and sort all
    # of it, with all that a backlog has left behind.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    # If a crash of the server loses a delete, the next leader finds the event in its topic: not worth a wait.
    "synchronous_commit": "off",
    # A machine that is lost closes nothing. PostgreSQL asks after it, and after half a minute others may lead; by the
    # system's own settings it would keep the lock for hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}

log = get_logger(__name__)


class PublishFailedError(Exception):
    """Kafka did not acknowledge every batch. `reason`: the broker's error, or what else went wrong."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


async def read(connection: Connection, mark: int, limit: int, held: Sequence[str]) -> list[asyncpg.Record]:
    """The first rows above the mark, in order of id, `limit` at most; those of keys that are held are left out."""
    return await connection.fetch(_READ, mark, limit, held)


class Relay:
    """Runs until told to stop; survives the loss of database and broker."""

    def __init__(  # noqa: PLR0913 - what one process has for it
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
        password: Password = None,
        kinds: Kinds = ORDINARY,
    ) -> None:
        self._dsn = dsn
        self._password = password
        self._publisher = Publisher(producer, metrics, publish_timeout_seconds, self._turned)
        self._limits = Limits()
        self._reader = reader
        self._topics = set(topics)
        self._left_out = set[str]()
        """Topics that nothing could be sent to, as it was told once."""
        self._kinds = kinds
        self._told = Telling({})
        self._metrics = metrics
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._failures = 0
        self.last_progress = monotonic()

    def _turned(self) -> None:
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
            except (PublishFailedError, KafkaError, Trouble) as error:
                self._failures += 1
                why = _why(error)
                self._metrics.retries.labels("relay", why["reason"]).inc()
                log.warning("relay_publish_failed", **why)
            except Exception as error:
                if not is_outage(error):
                    raise
                self._failures += 1
                why = told(error)
                self._metrics.retries.labels("relay", why["reason"]).inc()
                log.warning("relay_interrupted", **why)
            else:
                return
            finally:
                self._turned()
                self._metrics.relay_leader.set(0)
                await self._publisher.drop()
            pause = min(BACK_OFF_SECONDS, 0.1 * 2 ** min(self._failures, 6))
            await is_set_within(self._stop, pause * random.uniform(0.5, 1))

    async def _lead(self) -> None:
        connection = await asyncpg.connect(
            self._dsn, password=self._password, timeout=10, command_timeout=30, server_settings=_SESSION
        )
        try:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
                self._turned()
                if await is_set_within(self._stop, ASK_SECONDS):
                    return
            if not await self._compared(connection):
                return
            self._metrics.relay_leader.set(1)
            log.info("relay_leads")
            async with EndsWatch(self._reader, self._told.to_look_at, self._metrics) as watch:
                await self._publish_until_stopped(connection, watch)
        finally:
            # Closing the session releases the lock; a dead session has lost it already.
            await bounded(connection.close(timeout=2), CLOSE_SECONDS)

    async def _compared(self, connection: asyncpg.Connection) -> bool:
        """Waits until nothing told is forgotten; False if told to stop before."""
        told = await telling.begun(
            connection, self._reader, self._topics, self._metrics, self._stop, self._turned, self._kinds
        )
        self._told = told or self._told
        return told is not None

    async def _publish_until_stopped(self, connection: asyncpg.Connection, watch: EndsWatch) -> None:
        low_water = LowWater()
        self._limits.release()
        gone = published = 0
        while True:
            self._wake.clear()
            self._look_at(watch)
            if gone >= MARK_ROWS:
                await low_water.look(connection, published)
            if not await self._publisher.may_speak(self._stop):
                return  # what is left waits for the next leader
            held = self._limits.held()
            self._metrics.relay_held_keys.set(len(held))
            rows = await read(connection, low_water.mark, self._batch, held)
            self._turned()
            if rows:
                done = await self._publish(connection, rows)
                self._failures = 0
                gone += len(done)
                published = self._limits.before_held(_published_up_to(rows, done))
                if low_water.settle(published):
                    gone = 0
                continue
            self._failures = 0
            if low_water.settle(self._limits.before_held(EVERYTHING)):
                gone = 0
            await self._told.rest(connection, at_once=self._stop.is_set())
            if self._stop.is_set():
                return
            await is_set_within(self._wake, self._poll_seconds)

    async def _publish(self, connection: asyncpg.Connection, rows: list[asyncpg.Record]) -> list[int]:
        """Sends one batch per partition, deletes the acknowledged rows and returns their ids. Rows that do not fit into
        their partition's batch wait for the next round, and so do those of a batch that was too large. Keys of a
        partition that nobody leads, or of a topic that is not there or may not be written, are left out of the reads
        that follow.

        Raises `PublishFailedError` if a batch was not acknowledged for another reason, `NotAsToldError` if what was
        told must be compared again.
        """
        batches: dict[Place, Batch] = {}
        chosen: dict[Place, list[asyncpg.Record]] = {}
        full: set[Place] = set()
        partitions = await self._counted(rows)
        told = self._told
        for row in [each for each in rows if each["topic"] in partitions]:
            id_, topic, key, record = row
            place = (topic, partition_of(key, partitions[topic]))
            if told.waits(place):
                self._limits.leave_out(key, id_)
                continue
            if place in full or not told.knows(place):
                continue
            if place not in batches:
                batches[place], chosen[place] = Batch(self._limits.of(topic)), []
            if batches[place].add(record):
                chosen[place].append(row)
            else:
                full.add(place)
        acknowledged, rejected = await self._publisher.send(batches)
        published = []
        for place, offset in acknowledged.items():
            foreign = told.acknowledged(place, offset, batches[place])
            if foreign is None:
                continue  # the rows stay: where the broker has another past, somebody may find the newer disk
            if foreign:
                self._report(*place, foreign)
            published += [row["id"] for row in chosen[place]]
            self._left_out.discard(place[0])
            self._metrics.published.labels(place[0]).inc(len(chosen[place]))
        await told.delete(connection, published, _DELETE)
        for place, why in rejected.items():
            self._rejected(place, why, batches[place].size(), chosen[place])
        if told.doubtful:
            raise NotAsToldError
        return published

    async def _counted(self, rows: list[asyncpg.Record]) -> dict[str, int]:
        """How many partitions each topic has. Rows of one that is not there, or not for this user, are left out."""
        partitions = {}
        for topic in {topic for _, topic, _, _ in rows}:
            try:
                partitions[topic] = await self._publisher.partitions(topic)
            except REFUSALS as error:
                self._leave_out(topic, type(error).__name__.removesuffix("Error"), [r for r in rows if r[1] == topic])
        self._topics.update(partitions)
        return partitions

    def _leave_out(self, topic: str, reason: str, rows: list[asyncpg.Record]) -> None:
        """These keys wait a while, all others go on. A topic that has come is compared before anything goes there."""
        for id_, _, key, _ in rows:
            self._limits.leave_out(key, id_, LEFT_OUT_SECONDS)
        if topic not in self._left_out:
            remedy = "Make the topic and the rights of this service's user; until then what is told there waits."
            log.error("topic_left_out", topic=topic, reason=reason, remedy=remedy)
        self._left_out.add(topic)

    def _rejected(self, place: Place, why: Rejection, size: int, rows: list[asyncpg.Record]) -> None:
        if why.reason == _FORBIDDEN:
            self._leave_out(place[0], why.reason, rows)
        elif why.too_large:
            self._make_smaller(place, size, rows)
        else:
            raise PublishFailedError(why.reason)

    def _look_at(self, watch: EndsWatch) -> None:
        """Raises `NotAsToldError` if a partition ends before what was told or is led again. Call it while nothing is
        on its way."""
        look = watch.take()
        if look is None:
            return
        for place, count in self._told.seen(look).items():
            self._report(*place, count)
        if self._told.doubtful:
            raise NotAsToldError

    def _report(self, topic: str, partition: int, foreign: int) -> None:
        self._metrics.foreign_records.labels(topic).inc(foreign)
        log.error("relay_foreign_records", topic=topic, partition=partition, count=foreign)

    def _make_smaller(self, place: Place, size: int, rows: list[asyncpg.Record]) -> None:
        """The next batches of this topic. A record that was alone fits into none: its key waits, all others go on."""
        topic, partition = place
        if len(rows) > 1:
            self._limits.halve(topic, size)
            return
        [(id_, _, key, _)] = rows
        self._limits.hold(topic, size, key, id_)
        remedy = "Raise max.message.bytes of this topic; until then the events of this key wait."
        log.error("record_held", topic=topic, partition=partition, key=key, outbox_id=id_, bytes=size, remedy=remedy)


def _why(error: PublishFailedError | KafkaError | Trouble) -> dict[str, str]:
    return {"reason": error.reason} if isinstance(error, PublishFailedError) else telling.why(error)


def _published_up_to(rows: list[asyncpg.Record], done: list[int]) -> int:
    """The last of these ids before the first that is not published."""
    if len(done) == len(rows):
        return int(rows[-1]["id"])
    left = {row["id"] for row in rows}.difference(done)
    return int(min(left)) - 1
