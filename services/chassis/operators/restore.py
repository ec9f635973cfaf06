"""After a restore: what was published and is forgotten, and how a service goes on without using a number twice.

What was erased or taken back meanwhile has its effect again before anybody is answered (`repeats.py`). What ends by a
term waits a while: its run must not come before the service has read again what others have told since, holds above
all.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

import asyncpg
from aiokafka import TopicPartition

from chassis.clock import Clock
from chassis.kafka.kinds import ORDINARY, Kinds
from chassis.kafka.past import Reader, opened
from chassis.operators import repeats, retention
from chassis.operators.repeats import Repeats, repeats_in
from chassis.outbox import moving_on, telling
from chassis.outbox.lineage import Comparison, Told, compare, event_of
from chassis.outbox.partitions import partition_of
from chassis.outbox.relay import LOCK
from chassis.pure.messages import Event
from chassis.trouble import Trouble

TERMS_WAIT: Final = timedelta(hours=1)
"""So long after `reconcile` nothing ends by its term. What others have told in a day is read in minutes."""
_PUBLISHED = """
select s.topic, s.key, s.sequence - coalesce(o.waiting, 0) as published
from stream s left join (select key, count(*) as waiting from outbox_envelope group by key) o using (key)
"""
"""What waits in the outbox are the last numbers of its key."""
_PARTITIONS = "select topic, max(partition) + 1 from lineage where topic = any($1::text[]) group by topic"
_HALTED = "select kind from halt for update"
_GONE = "delete from lineage where topic = $1 and partition = $2"
_GO_ON = "delete from halt"
_DECIDED = "select decided_at, decided_by, reason, report from reconciliation order by id desc"
_AUDIT = "insert into reconciliation (decided_by, reason, report) values ($1, $2, $3)"


class Missing(NamedTuple):
    """Events that the broker had acknowledged and lacks. `certain` is False for a key of which the topic has nothing
    any more, although it no longer reaches back to its beginning: its events may just have become too old."""

    topic: str
    partition: int
    key: str
    first: int
    last: int
    certain: bool


@dataclass(frozen=True)
class Plan:
    """What a look at database and topics has shown, and what of it the broker lacks."""

    comparison: Comparison
    missing: list[Missing]
    repeats: Repeats
    """What of the forgotten is to have its effect again before the service answers."""

    @property
    def holds(self) -> bool:
        """True if nothing is lost."""
        return not self.comparison.losses


@dataclass(frozen=True)
class Reconciled:
    """What `reconcile` has changed."""

    keys: int
    """Keys whose next number lies behind everything published."""
    renumbered: int
    dropped: int
    """Waiting events that were published already."""
    repeats: int = 0
    """Events that the worker is to repeat before anybody is answered."""


async def plan(
    connection: asyncpg.Connection,
    reader: Reader,
    topics: Collection[str],
    kinds: Kinds = ORDINARY,
    events: Sequence[type[Event]] = (),
) -> Plan:
    """Compares, and changes nothing. `events`: those that the service repeats, in its order."""
    comparison = await compare(connection, reader, topics, kinds, wanted={each.type for each in events})
    missing = await _missing(connection, reader, comparison, kinds) if comparison.cut else []
    return Plan(comparison, missing, repeats_in(comparison, events))


def document(found: Plan) -> dict[str, Any]:
    """All of it, for programs and for the table `reconciliation`. Nothing here is personal."""
    comparison = found.comparison
    return {
        "holds": found.holds,
        "forgotten": [each._asdict() for each in comparison.forgotten],
        "repeats": found.repeats.counts(),
        "unread": [each._asdict() for each in found.repeats.unread],
        "too_old_to_see": [place._asdict() for place in comparison.gone],
        "missing": [each._asdict() for each in found.missing],
        "cut": [each._asdict() for each in comparison.cut],
        "unreadable": [each._asdict() for each in comparison.unreadable],
        "leaderless": [place._asdict() for place in comparison.leaderless],
        "foreign": comparison.foreign,
    }


async def decided(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """What was reconciled so far, the last first: `by` whom, when (`at`), why (`reason`), and what was forgotten then
    (`report`)."""
    rows = await connection.fetch(_DECIDED)
    return [
        {"at": row["decided_at"], "by": row["decided_by"], "reason": row["reason"], "report": json.loads(row["report"])}
        for row in rows
    ]


async def reconcile(
    connection: asyncpg.Connection,
    reader: Reader,
    topics: Collection[str],
    by: str,
    reason: str,
    kinds: Kinds = ORDINARY,
    events: Sequence[type[Event]] = (),
) -> tuple[Plan, Reconciled]:
    """Moves the numbers past everything published, renumbers what waits, and takes the topics as they are. The worker
    is to repeat what there is of `events` before anybody is answered.

    Done again it changes nothing. Raises `Trouble` if the service publishes.
    """
    async with _nobody_publishes(connection) as alone:
        found = await plan(connection, reader, topics, kinds, events)
        if found.comparison.leaderless:
            raise Trouble(
                "nobody leads some partitions, so that it cannot be told what stands there: "
                + ", ".join(f"{place.topic}-{place.partition}" for place in found.comparison.leaderless),
                where="Kafka",
                remedy="Wait until their brokers are back, or have lost their disks for good and were replaced.",
            )
        if found.comparison.forbidden:
            raise Trouble(
                "it may not see " + ", ".join(sorted(found.comparison.forbidden)),
                where="Kafka",
                remedy="Give the user of KAFKA_* the right to read these topics: ph doctor names it.",
            )
        if absent := {each.topic for each in found.comparison.cut} - {place.topic for place in found.comparison.ends}:
            raise Trouble(
                "there is no topic " + ", ".join(sorted(absent)),
                where="Kafka",
                remedy="See that KAFKA_BOOTSTRAP_SERVERS names the right cluster. If the topic was deleted for good,"
                " make it anew before: ph topics apply.",
            )
        async with connection.transaction():
            await moving_on.alone(connection)
            if not alone and not await connection.fetch(_HALTED):
                raise _publishing()
            lost = found.comparison
            moved = await moving_on.renumber(connection, lost)
            done = Reconciled(len(lost.numbers), moved, len(lost.told_already), len(found.repeats.found))
            ends = found.comparison.ends
            await _stand_still(reader, ends)
            await telling.write(connection, ends, found.comparison.told_already)
            gone = [each[:2] for each in found.comparison.cut if each[:2] not in ends]
            await connection.executemany(_GONE, gone)
            await connection.execute(_GO_ON)
            await repeats.note(connection, found.repeats, by)
            if not found.holds:
                await moving_on.tell_anew(connection)
            if any(loss.kind == "database" for loss in found.comparison.losses):
                await retention.wait(connection, Clock().now() + TERMS_WAIT)
            if not found.holds:
                await connection.execute(_AUDIT, by, reason, json.dumps(document(found) | {"done": asdict(done)}))
    return found, done


async def _stand_still(reader: Reader, ends: Mapping[TopicPartition, Told]) -> None:
    """Raises `Trouble` if somebody has written since the comparison: a process on the database as it was before."""
    async with opened(reader) as past:
        now = await past.ends(ends)
    if moved := [place for place, end in now.items() if end != ends[place].next_offset]:
        raise Trouble(
            "somebody writes to " + ", ".join(f"{place.topic}-{place.partition}" for place in sorted(moved)),
            where="Kafka",
            remedy="End every process of this service that still uses the other database, then reconcile again.",
        )


@asynccontextmanager
async def _nobody_publishes(connection: asyncpg.Connection) -> AsyncIterator[bool]:
    """True while this session holds the relay's lock. False if a relay holds it that has halted: the caller looks again
    within its transaction, and the relay cannot go on meanwhile, because it deletes the row that was locked."""
    if await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
        try:
            yield True
        finally:
            await connection.execute("select pg_advisory_unlock($1)", LOCK)
    elif await connection.fetchval("select exists (select from halt)"):
        yield False
    else:
        raise _publishing()


def _publishing() -> Trouble:
    return Trouble(
        "the service publishes: it has compared its database with its topics and found nothing lost",
        where="relay",
        remedy="Nothing is to be done. If a restore is under way, start again once the service runs on that database.",
    )


async def _missing(connection: asyncpg.Connection, reader: Reader, found: Comparison, kinds: Kinds) -> list[Missing]:
    """Reads the topics of partitions that were cut from their beginning, and compares the last number of each key.
    Only events of the topic's owner count: a stranger's number hides nothing."""
    cut = {TopicPartition(each.topic, each.partition): each for each in found.cut}
    last: dict[tuple[str, str], int] = {}
    async with opened(reader) as past:
        there = await past.bounds({place.topic for place in cut})
        bounds = {place: each for place, each in there.items() if each is not None}
        starts = {place: bounds[place].beginning for place in cut if place in bounds}
        async for records in past.records(starts, {place: each.end for place, each in bounds.items()}):
            for record in records:
                if (event := event_of(record, kinds)) is not None:
                    at = (event.topic, event.key)
                    last[at] = max(last.get(at, 0), event.number)
    missing = []
    counted = await connection.fetch(_PARTITIONS, list({place.topic for place in cut}))
    partitions: dict[str, int] = {row[0]: row[1] for row in counted}
    for topic, key, published in await connection.fetch(_PUBLISHED):
        if topic not in partitions:
            continue
        place = TopicPartition(topic, partition_of(key, partitions[topic]))
        found_last = last.get((topic, key), 0)
        if place in cut and published > found_last:
            certain = bool(found_last) or place not in bounds or bounds[place].beginning == 0
            missing.append(Missing(topic, place.partition, key, found_last + 1, published, certain))
    return sorted(missing)
