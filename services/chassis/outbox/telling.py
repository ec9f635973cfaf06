"""The relay's side of `lineage`: it sees whether it may go on, and writes what it has told along with its deletes.

While a leader has nothing to say to a partition it looks all the same how far that reaches (`EndsWatch`). What others
write there must count as known before retention takes it, or nobody could tell it from events that this database has
forgotten; and a broker that was put back shows although nothing is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import NamedTuple, Self

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from chassis.kafka.kinds import ORDINARY, Kinds
from chassis.kafka.past import Reader, opened
from chassis.outbox import moving_on
from chassis.outbox.lineage import Comparison, Told, compare
from chassis.outbox.records import Batch, id_in
from chassis.postgres.database import Connection, reason_of
from chassis.pure.operations import is_of_operation
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.trouble import Trouble
from chassis.waiting import bounded, is_set_within

TELL_SECONDS = 1.0
"""How often what was told is written: more often, the versions of a row would be in the way while an old snapshot keeps
them. After a crash so much of the topic is read again."""
LOOK_AGAIN_SECONDS = 2.0
"""While something is lost. A broker that has just started may show less than it has: only a second look counts."""

LOOK_SECONDS = 5.0
"""How soon a leader sees what others have written. Retention is a matter of days."""
END_SECONDS = 3.0
"""How long a look that is given up may take to end."""

_TELL = """
insert into lineage (topic, partition, next_offset, last_id)
select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[])
on conflict (topic, partition) do update set next_offset = excluded.next_offset, last_id = excluded.last_id
"""
_DELETE = "delete from outbox where id = any($5::bigint[])"
_DELETE_AND_TELL = f"with told as ({_TELL}) {_DELETE}"
_HALT = "insert into halt (kind, detail) values ($1, $2) on conflict (kind) do nothing"
_GO_ON = "delete from halt where kind <> all($1::text[])"

log = get_logger(__name__)


class NotAsToldError(Exception):
    """It is time to compare again: what was told is `doubtful`."""


class Look(NamedTuple):
    """Where partitions ended, and where they ended at the least when they were asked: all that was told stood there."""

    told: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]


class Telling:
    """What this leader has told since the comparison."""

    def __init__(self, ends: Mapping[TopicPartition, Told], leaderless: Collection[TopicPartition] = ()) -> None:
        self._told = dict(ends)
        self._leaderless = frozenset(leaderless)
        self._new: dict[TopicPartition, tuple[int, bytes]] = {}
        self._written = float("-inf")
        self.doubtful = False
        """True once something does not fit: a partition that nobody has compared, or an answer of the broker that does
        not follow on the last one."""

    def knows(self, place: tuple[str, int]) -> bool:
        """False for a partition that was not compared: made since, or of a topic not yet seen. The relay sends nothing
        there, and compares again."""
        known = place in self._told
        self.doubtful = self.doubtful or not known
        return known

    def waits(self, place: tuple[str, int]) -> bool:
        """True for a partition that nobody led when the others were compared: it is compared once a look finds it."""
        return place in self._leaderless

    def acknowledged(self, place: tuple[str, int], offset: int, batch: Batch) -> int | None:
        """Notes a batch; returns how many records somebody else has put before it. None for a doubtful one."""
        partition = TopicPartition(*place)
        expected = self._end(partition)
        if offset < expected:  # the broker has another past, or no longer knows where it had put the batch
            self.doubtful = True
            return None
        self._new[partition] = offset + batch.record_count(), batch.last()
        return offset - expected

    def to_look_at(self) -> dict[TopicPartition, int]:
        """Up to where each partition is known; 0 for one that nobody led."""
        return {place: self._end(place) for place in self._told} | dict.fromkeys(self._leaderless, 0)

    def seen(self, look: Look) -> dict[TopicPartition, int]:
        """Notes a look of the same leader, while nothing is on its way; returns how many records somebody else has put
        behind all that was told, by partition."""
        foreign = {}
        for place, end in look.ends.items():
            if place in self._leaderless or end < look.told[place]:
                self.doubtful = True
            elif end > (known := self._end(place)):
                foreign[place] = end - known
                self._new[place] = end, b""
        return foreign

    def _end(self, place: TopicPartition) -> int:
        return self._new[place][0] if place in self._new else self._told[place].next_offset

    async def delete(self, connection: Connection, ids: list[int], plainly: str) -> None:
        """Deletes rows, by the same statement that writes what was told if that is due, else `plainly`."""
        if self._new and monotonic() - self._written >= TELL_SECONDS:
            await connection.execute(_DELETE_AND_TELL, *self._columns(), ids)
            self._noted()
        else:
            await connection.execute(plainly, ids)

    async def rest(self, connection: Connection, *, at_once: bool) -> None:
        """Writes what is left, while there is nothing to publish."""
        if self._new and (at_once or monotonic() - self._written >= TELL_SECONDS):
            await connection.execute(_TELL, *self._columns())
            self._noted()

    def _columns(self) -> tuple[list[str], list[int], list[int], list[str]]:
        told = [(place.topic, place.partition, offset, id_in(last)) for place, (offset, last) in self._new.items()]
        topics, partitions, offsets, ids = zip(*told, strict=True)
        return list(topics), list(partitions), list(offsets), list(ids)

    def _noted(self) -> None:
        self._written = monotonic()
        self._told.update({place: Told(offset) for place, (offset, _) in self._new.items()})
        self._new = {}


class EndsWatch:
    """Asks in the background how far partitions reach, again and again, for one leader.

    One without a leader shows nothing, one that is not there ends at 0; neither is in the way of the others.
    """

    _task: asyncio.Task[None]

    def __init__(self, reader: Reader, told: Callable[[], dict[TopicPartition, int]], metrics: Metrics) -> None:
        self._reader = reader
        self._told = told
        self._metrics = metrics
        self._look: Look | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await bounded(asyncio.wait({self._task}), END_SECONDS)

    def take(self) -> Look | None:
        """The last look, once. Raises what nobody foresaw."""
        if self._task.done():
            self._task.result()
        look, self._look = self._look, None
        return look

    async def _run(self) -> None:
        """A broker that does not answer is asked again by a new connection."""
        fails = False
        while True:
            try:
                async with opened(self._reader) as past:
                    while True:
                        told = self._told()
                        self._look = Look(told, await past.ends_now(told))
                        if fails:
                            log.info("relay_sees_ends_again")
                        fails = False
                        await asyncio.sleep(LOOK_SECONDS)
            except (KafkaError, Trouble, OSError) as error:
                self._metrics.retries.labels("relay", reason_of(error)).inc()
                if not fails:
                    log.warning("relay_sees_no_ends", **why(error))
                fails = True
                await asyncio.sleep(LOOK_SECONDS)


def why(error: Exception) -> dict[str, str]:
    """What a log line tells of it. A `Trouble` is a secret or certificate that cannot be read."""
    if isinstance(error, Trouble):
        return {"reason": type(error).__name__, "says": error.what, "remedy": error.remedy}
    return {"reason": reason_of(error)}


async def begun(
    connection: Connection,
    reader: Reader,
    topics: Collection[str],
    metrics: Metrics,
    stop: asyncio.Event,
    progress: Callable[[], None],
    kinds: Kinds = ORDINARY,
) -> Telling | None:
    """Compares until nothing is lost; None if told to stop before. Call it as the leader, before anything is published.

    A database that has forgotten nothing but what it told of its operation goes on by itself: it tells that anew.
    What else is wrong is written to `halt`, where every process of the service sees it. What waits and stands in its
    topic all the same is deleted first: whoever cannot delete it does not begin to publish it again.
    """
    suspected = False
    while True:
        found = await compare(connection, reader, topics, kinds, first_only=True)
        progress()
        if _tells_anew(found):
            found = await compare(connection, reader, topics, kinds)
            progress()
        if not found.losses or (_tells_anew(found) and await _told_anew(connection, found)):
            await _go_on(connection, found, metrics)
            return Telling(found.ends, found.leaderless)
        if suspected or any(loss.kind == "database" for loss in found.losses):
            await _halt(connection, found, metrics)
        suspected = True
        if await is_set_within(stop, LOOK_AGAIN_SECONDS):
            return None


def _tells_anew(found: Comparison) -> bool:
    """True if all that is lost, as far as it was looked for, was told of the service's operation."""
    otherwise = found.gone or found.cut or found.unreadable
    return (
        bool(found.forgotten)
        and not otherwise
        and all(is_of_operation(each.topic, each.key) for each in found.forgotten)
    )


async def _told_anew(connection: Connection, found: Comparison) -> bool:
    async with connection.transaction():
        await moving_on.alone(connection)
        await moving_on.renumber(connection, found)
        await write(connection, found.ends, found.told_already)
        await moving_on.tell_anew(connection)
    log.warning("operations_told_anew", count=len(found.forgotten))
    return True


async def _go_on(connection: Connection, found: Comparison, metrics: Metrics) -> None:
    for kind in ("database", "broker"):
        metrics.lineage_lost.labels(kind).set(0)
    await write(connection, found.ends, found.told_already)
    if await connection.execute(_GO_ON, []) != "DELETE 0":
        log.info("lineage_holds_again")
    for place in found.leaderless:
        log.warning("partition_without_leader", topic=place.topic, partition=place.partition)
    for topic in sorted(found.forbidden):
        log.error("topic_left_out", topic=topic, reason="TopicAuthorizationFailed")
    log.info("lineage_holds", examined=found.examined, foreign=found.foreign, told_already=len(found.told_already))


async def write(connection: Connection, ends: Mapping[TopicPartition, Told], told_already: Sequence[int] = ()) -> None:
    """Takes these ends of partitions as known, and deletes the rows that were found before them."""
    told = [(*place, *end) for place, end in ends.items()]
    await connection.execute(_DELETE_AND_TELL, *([row[column] for row in told] for column in range(4)), told_already)


async def _halt(connection: Connection, found: Comparison, metrics: Metrics) -> None:
    kinds = {loss.kind for loss in found.losses}
    await connection.execute(_GO_ON, list(kinds))
    for kind in ("database", "broker"):
        metrics.lineage_lost.labels(kind).set(kind in kinds)
    for kind, topic, partition, offset in found.losses:
        if await connection.execute(_HALT, kind, f"{topic}-{partition} at {offset}") != "INSERT 0 0":
            log.error("lineage_lost", reason=kind, topic=topic, partition=partition, offset=offset)
