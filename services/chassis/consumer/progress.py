"""How far each partition was read. It stands in the service's own database, beside the effects.

A batch moves it in its own transaction, so neither a crash nor a restored database leaves the two apart. What the group
commits to Kafka is for those who watch the lag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

from chassis.consumer.inbound import Record
from chassis.consumer.leases import PARTITIONS
from chassis.postgres.database import Connection
from chassis.postgres.writes import Part, Writes

MAX_ID = 200

Terms = Mapping[TopicPartition, int]
"""The term of each partition that the caller reads."""
NO_TERMS: Terms = {}


class TermOverError(Exception):
    """Somebody has begun to read one of these partitions after the caller, who never moves it again in this term."""


_REGISTER = """
insert into progress (topic, partition)
select topic, partition from unnest($1::text[], $2::int[]) as wanted(topic, partition)
where not exists (select from progress p where p.topic = wanted.topic and p.partition = wanted.partition)
on conflict do nothing
"""
_LEASES = """
select p.topic, p.partition, p.lease
from progress p join unnest($1::text[], $2::int[]) as wanted(topic, partition) using (topic, partition)
"""
_BEGIN = f"""
update progress p set term = term + 1 from unnest($1::text[], $2::int[]) as wanted(topic, partition)
where p.topic = wanted.topic and p.partition = wanted.partition and exists (
    select from pg_locks where locktype = 'advisory' and classid::int = {PARTITIONS} and objid::int = p.lease
        and objsubid = 2 and granted and pid = $3
        and database = (select oid from pg_database where datname = current_database()))
returning p.topic, p.partition, p.term, p.next_offset, p.last_id, p.topic_id, p.reread_to
"""  # noqa: S608 - a constant
"""A term that began after its lease was gone would end the one of whoever holds it now, who would never know."""
_SKIP = """
with moved as (
    update progress set next_offset = $5, last_id = null, reread_to = case when reread_to > $5 then reread_to end
    where topic = $1 and partition = $2 and term = $3 returning topic, partition
)
insert into missed (topic, partition, first_offset, next_offset) select topic, partition, $4::bigint, $5 from moved
on conflict (topic, partition, first_offset) do update set next_offset = excluded.next_offset
returning true
"""
_SET = """
update progress set next_offset = $4, last_id = $5, topic_id = $6, reread_to = $7
where topic = $1 and partition = $2 and term = $3
"""
_MISSED = """
insert into missed (topic, partition, first_offset, next_offset) values ($1, $2, $3, $4)
on conflict (topic, partition, first_offset) do update set next_offset = excluded.next_offset
"""
_MOVED = Part(
    "progress_moved",
    """
update progress p set next_offset = u.next_offset, last_id = u.last_id,
    reread_to = case when p.reread_to > u.next_offset then p.reread_to end
from {rows} where p.topic = u.topic and p.partition = u.partition and p.term = u.term returning true
""",
    ("topic text", "partition int", "term int", "next_offset bigint", "last_id text"),
    exact=True,
    otherwise=TermOverError,
)


class Progress(NamedTuple):
    """A partition's row, as its new reader finds it. `next_offset` is None before the first one."""

    term: int
    next_offset: int | None
    last_id: str | None
    topic_id: bytes | None
    reread_to: int | None


def record_id(record: Record) -> str:
    """What tells a record from another one at its offset: its id, or a digest where it has none that can be kept."""
    id_ = next((value for name, value in record.headers if name == "ce_id"), None)
    if id_ and len(id_) <= MAX_ID and id_.isascii() and b"\x00" not in id_:
        return id_.decode()
    return hashlib.sha256(repr((record.key, record.value, list(record.headers))).encode()).hexdigest()


def last_of(records: Iterable[Record]) -> dict[TopicPartition, Record]:
    """The last of these records, per partition."""
    return {TopicPartition(record.topic, record.partition): record for record in records}


async def register(connection: Connection, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
    """The number of each partition's lease; those that are new get one."""
    wanted = _columns(partitions)
    await connection.execute(_REGISTER, *wanted)
    rows = await connection.fetch(_LEASES, *wanted)
    return {TopicPartition(topic, partition): lease for topic, partition, lease in rows}


async def begin(
    connection: Connection, partitions: Collection[TopicPartition], session: int
) -> dict[TopicPartition, Progress]:
    """Begins a new term for each of these partitions whose lease the session still holds. Whoever read before has
    ended."""
    rows = await connection.fetch(_BEGIN, *_columns(partitions), session)
    return {TopicPartition(topic, partition): Progress(*row) for topic, partition, *row in rows}


async def put(connection: Connection, partition: TopicPartition, progress: Progress) -> None:
    """Writes a row that did not fit what the brokers hold; does nothing if its term is over."""
    await connection.execute(_SET, *partition, *progress)


async def skip(connection: Connection, partition: TopicPartition, term: int, first: int, behind: int) -> bool:
    """Goes on at `behind`, and remembers that nobody reads what stands from `first` on. False, and nothing is done, if
    the term is over."""
    return bool(await connection.fetchval(_SKIP, *partition, term, first, behind))


async def miss(connection: Connection, partition: TopicPartition, first: int, behind: int) -> None:
    """Remembers the records from `first` to before `behind`, which nobody will ever read here."""
    await connection.execute(_MISSED, *partition, first, behind)


def save(writes: Writes, records: Iterable[Record], terms: Terms) -> None:
    """Moves the progress behind these records, in the transaction of their effects.

    The write raises `TermOverError`, which ends the transaction, if one of the terms is over.
    """
    rows = [
        (*partition, terms[partition], record.offset + 1, record_id(record))
        for partition, record in sorted(last_of(records).items())
        if partition in terms
    ]
    writes.add(_MOVED, rows)


def _columns(partitions: Iterable[TopicPartition]) -> tuple[Sequence[str], Sequence[int]]:
    places = sorted(partitions)
    return [place.topic for place in places], [place.partition for place in places]
