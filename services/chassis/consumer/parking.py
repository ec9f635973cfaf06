"""Records that could not be handled: kept in order, out of the way of other keys, until an operator decides.

This is the worker's side: it parks records, takes them up again and settles them. `operators.parked` is the operator's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from chassis.consumer.inbound import (
    Fault,
    Inbound,
    Record,
    headers_from,
    headers_json,
)
from chassis.postgres.database import Connection

_SAVE = """
insert into parked (topic, partition, record_offset, key, type, sequence, headers, payload, failure, detail, digest)
select u.topic, u.partition, u.record_offset, u.key, u.type, u.sequence, u.headers::json, u.payload, u.failure,
       u.detail, u.digest
from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bytea[],
            $9::text[], $10::text[], $11::bytea[])
     with ordinality
     as u(topic, partition, record_offset, key, type, sequence, headers, payload, failure, detail, digest, place)
order by u.place
on conflict (topic, digest) do nothing
returning topic, partition, record_offset
"""
_READY_KEYS = """
select p.source, p.key, null::bigint as id from position p
left join lateral (
    select q.id, q.state, q.failure from parked q
    where q.topic = p.source and q.key = p.key and q.state <> 'discarded' order by q.id limit 1
) head on true
where p.blocked and (head.id is null or head.state = 'retry' or head.failure = 'behind')
union all
select topic, null, id from parked where state = 'retry' and key is null
"""
_LOCK_KEY = "select true from position where source = $1 and key = $2 and blocked for update"
_HEAD = """
select id, topic, partition, record_offset, key, sequence, headers, payload, state, failure from parked
where topic = $1 and key = $2 and state <> 'discarded' order by id limit 1 for update
"""
_ONE = """
select id, topic, partition, record_offset, key, sequence, headers, payload, state, failure from parked
where id = $1 and state = 'retry' for update
"""
_SETTLED = """
delete from parked where id = $1 or (topic = $2 and key = $3 and sequence = $4 and state <> 'discarded') returning id
"""
_FAILED = """
update parked set state = 'parked', failure = $2, detail = $3, attempts = attempts + 1, updated_at = clock_timestamp()
where id = $1
"""
_UNBLOCK = """
update position set blocked = false where source = $1 and key = $2 and not exists (
    select from parked where topic = $1 and key = $2 and state <> 'discarded')
"""


class Parked(NamedTuple):
    """A record and why it is parked."""

    inbound: Inbound
    fault: Fault


class Ready(NamedTuple):
    """A key whose queue may go on, or a single record without a key."""

    source: str
    key: str | None
    id: int | None


class StoredRecord(NamedTuple):
    """A parked record, shaped as it came from Kafka."""

    id: int
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    sequence: int | None


async def save(connection: Connection, records: Sequence[Parked]) -> set[tuple[str, int, int]]:
    """Stores the records in their order, by at most one statement; returns the places of those that were new.

    A record that comes again is kept once: whether it was read again or published again (without a key perhaps to
    another partition), and even if an operator has discarded it meanwhile.
    """
    if not records:
        return set()
    rows = [(inbound.record, inbound, fault) for inbound, fault in sorted(records, key=_place)]
    kept = await connection.fetch(
        _SAVE,
        [record.topic for record, _, _ in rows],
        [record.partition for record, _, _ in rows],
        [record.offset for record, _, _ in rows],
        [inbound.key for _, inbound, _ in rows],
        [inbound.type or None for _, inbound, _ in rows],
        [inbound.sequence or None for _, inbound, _ in rows],
        [headers_json(record) for record, _, _ in rows],
        [record.value for record, _, _ in rows],
        [fault.code for _, _, fault in rows],
        [fault.detail for _, _, fault in rows],
        [_digest(record) for record, _, _ in rows],
    )
    return {(topic, partition, offset) for topic, partition, offset in kept}


def _place(parked: Parked) -> bytes:
    """Sorts keyed records first, as they came, and those without a key by digest. They have no order of their own, and
    two members that park the same ones from two partitions then lock them in the same order."""
    return b"" if parked.inbound.key is not None else _digest(parked.inbound.record)


def _digest(record: Record) -> bytes:
    return hashlib.sha256(repr((record.key, record.value, headers_json(record))).encode()).digest()


async def ready(connection: Connection) -> list[Ready]:
    """The keys and records that an operator's decision, or a settled record before them, has set free."""
    return [Ready(*row) for row in await connection.fetch(_READY_KEYS)]


async def take(connection: Connection, candidate: Ready) -> StoredRecord | None:
    """Locks the key and its first record, if it may be handled now; unblocks the key if nothing is left."""
    if candidate.key is None:
        row = await connection.fetchrow(_ONE, candidate.id)
    else:
        if not await connection.fetchval(_LOCK_KEY, candidate.source, candidate.key):
            return None
        row = await connection.fetchrow(_HEAD, candidate.source, candidate.key)
        if row is None:
            await connection.execute(_UNBLOCK, candidate.source, candidate.key)
    if row is None or (row["state"] != "retry" and row["failure"] != "behind"):
        return None
    return StoredRecord(
        id=row["id"],
        topic=row["topic"],
        partition=row["partition"],
        offset=row["record_offset"],
        key=None if row["key"] is None else row["key"].encode(),
        value=row["payload"],
        headers=headers_from(row["headers"]),
        sequence=row["sequence"],
    )


async def settle(connection: Connection, record: StoredRecord, candidate: Ready, fault: Fault | None) -> int:
    """Removes a handled record, or parks it again for its new reason; the last one removed unblocks its key.

    Other parked records of the same number go with a handled one: they are repeats of it. Returns how many.
    """
    if fault is not None:
        await connection.execute(_FAILED, record.id, fault.code, fault.detail)
        return 0
    gone = await connection.fetch(_SETTLED, record.id, record.topic, candidate.key, record.sequence)
    if candidate.key is not None:
        await connection.execute(_UNBLOCK, candidate.source, candidate.key)
    return len(gone) - 1
