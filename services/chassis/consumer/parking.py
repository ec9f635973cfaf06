"""Records that could not be handled: kept in order, out of the way of other keys, until an operator decides.

This is the worker's side: it parks records, takes them up again and settles them. `operators.parked` is the operator's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from chassis.consumer.inbound import (
    MAX_VALUE,
    Fault,
    Inbound,
    Place,
    Record,
    headers_from,
    headers_json,
)
from chassis.postgres.database import Connection
from chassis.telemetry.logs import get_logger

log = get_logger(__name__)

HEAD = 4096
"""Bytes that are kept of a value that is too large: enough to see what it is."""

_SAVE = """
insert into parked (topic, partition, record_offset, key, type, sequence, headers, payload, size, value_digest, failure,
                    detail, blocks, digest)
select u.topic, u.partition, u.record_offset, u.key, u.type, u.sequence, u.headers::json, u.payload, u.size,
       u.value_digest, u.failure, u.detail, u.blocks, u.digest
from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bytea[],
            $9::bigint[], $10::bytea[], $11::text[], $12::text[], $13::boolean[], $14::bytea[])
     with ordinality
     as u(topic, partition, record_offset, key, type, sequence, headers, payload, size, value_digest, failure, detail,
          blocks, digest, place)
order by u.place
on conflict (topic, digest) do nothing
returning topic, partition, record_offset
"""
_KNOWN = """
select u.topic, u.partition, u.record_offset
from unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[]) as u(topic, partition, record_offset, digest)
where exists (select from parked where topic = u.topic and digest = u.digest)
"""
_READY = """
select distinct topic, key, case when not blocks then id end as id from parked
where (state = 'retry' or due or (state = 'discarded' and blocks)) and failure <> 'unreadable'
order by topic, key, id
"""
_PASSED = """
update parked set blocks = false, due = false where topic = $1 and key = $2 and state = 'discarded' and blocks
"""
_LOCK_KEY = "select true from position where source = $1 and key = $2 and blocked for update"
_COLUMNS = """id, topic, partition, record_offset, key, headers, payload, size, digest, state, failure, blocks,
    value_digest is not null as incomplete"""
_HEAD = f"""
select {_COLUMNS} from parked
where topic = $1 and key = $2 and blocks and state <> 'discarded' order by id limit 1 for update
"""  # noqa: S608 - here and below: nothing but constants is filled in
_ONE = f"select {_COLUMNS} from parked where id = $1 and state = 'retry' for update"  # noqa: S608
_SETTLED = "delete from parked where id = $1"
_FAILED = """
update parked set state = 'parked', failure = $2, detail = $3, blocks = blocks and $4, due = false,
    attempts = attempts + 1, updated_at = clock_timestamp()
where id = $1
"""
_NEXT = """
update parked set due = true where failure = 'behind' and id = (
    select id from parked where topic = $1 and key = $2 and blocks and state <> 'discarded' order by id limit 1)
"""
_UNBLOCK = """
update position set blocked = false where source = $1 and key = $2 and not exists (
    select from parked where topic = $1 and key = $2 and blocks and state <> 'discarded')
"""
_READ_SINCE = """
delete from parked p using progress r
where p.failure = 'unreadable' and p.state <> 'discarded'
  and r.topic = p.topic and r.partition = p.partition and r.next_offset > p.record_offset
returning p.topic, p.partition, p.record_offset
"""


class Parked(NamedTuple):
    """A record and why it is parked."""

    inbound: Inbound
    fault: Fault


class Ready(NamedTuple):
    """A key whose queue may go on, or by its id a single record that blocks nobody."""

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
    size: int | None
    digest: bytes
    failure: str
    blocks: bool
    vouched: bool
    """An operator wants it handled; else it is only its turn."""
    incomplete: bool
    """Only the beginning of its value is here."""
    gone: bool = False
    """Kafka was asked for the rest of it, and has it no more."""
    timestamp: int | None = None
    """Is not kept of a parked record."""


class IncompleteError(Exception):
    """A record can be handled only once all of it has been read again from Kafka; nothing has changed so far."""

    def __init__(self, record: StoredRecord) -> None:
        super().__init__(f"parked record {record.id}")
        self.record = record


async def save(connection: Connection, records: Sequence[Parked]) -> set[Place]:
    """Stores the records in their order, by at most one statement; returns the places of those that were new.

    A record that comes again is kept once: whether it was read again or published again (without a key perhaps to
    another partition), and even if an operator has discarded it meanwhile.
    """
    if not records:
        return set()
    rows = [_row(inbound, fault) for inbound, fault in sorted(records, key=_order)]
    return {(*place,) for place in await connection.fetch(_SAVE, *zip(*rows, strict=True))}


def _row(inbound: Inbound, fault: Fault) -> tuple[Any, ...]:
    value = inbound.record.value or b""
    large = len(value) > MAX_VALUE
    return (
        *inbound.place,
        inbound.key,
        inbound.type or None,
        inbound.sequence or None,
        headers_json(inbound.record),
        value[:HEAD] if large else inbound.record.value,
        len(value),
        hashlib.sha256(value).digest() if large else None,
        fault.code,
        fault.detail,
        fault.blocks and inbound.key is not None,
        digest(inbound.record),
    )


def _order(parked: Parked) -> bytes:
    """Sorts keyed records first, as they came, and those without a key by digest. They have no order of their own, and
    two members that park the same ones from two partitions then lock them in the same order."""
    return b"" if parked.inbound.key is not None else digest(parked.inbound.record)


def digest(record: Record) -> bytes:
    """Tells a record from all others of its topic, wherever it stands."""
    return hashlib.sha256(repr((record.key, record.value, headers_json(record))).encode()).digest()


async def known(connection: Connection, batch: Sequence[Inbound]) -> set[Place]:
    """The places of those records that are parked already, or were discarded: by this place or by another one."""
    rows = [(*each.place, digest(each.record)) for each in batch]
    return {(*place,) for place in await connection.fetch(_KNOWN, *zip(*rows, strict=True))}


async def ready(connection: Connection) -> list[Ready]:
    """The keys and records that an operator's decision, or a settled record before them, has set free."""
    return [Ready(*row) for row in await connection.fetch(_READY)]


async def take(connection: Connection, candidate: Ready) -> StoredRecord | None:
    """Locks the key and its first record, if it may be handled now; unblocks the key if nothing is left."""
    source, key = candidate.source, candidate.key
    if candidate.id is not None:
        row = await connection.fetchrow(_ONE, candidate.id)
    else:
        await connection.execute(_PASSED, source, key)
        if not await connection.fetchval(_LOCK_KEY, source, key):
            return None
        row = await connection.fetchrow(_HEAD, source, key)
        if row is None:
            await connection.execute(_UNBLOCK, source, key)
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
        size=row["size"],
        digest=row["digest"],
        failure=row["failure"],
        blocks=row["blocks"],
        vouched=row["state"] == "retry",
        incomplete=row["incomplete"],
    )


def missing(record: StoredRecord) -> Fault | None:
    """What is wrong with a record of which only the beginning is here."""
    if record.gone:
        return Fault("record_gone", "only its beginning is kept, and Kafka no longer has it at its place")
    if record.incomplete:
        return Fault("too_large", f"the value has {record.size} bytes, of at most {MAX_VALUE}")
    return None


async def settle(connection: Connection, record: StoredRecord, fault: Fault | None) -> None:
    """Removes a handled record, or parks it again for its new reason. If its key waits for it no longer, the next
    record of the key is due; the last one unblocks it."""
    if fault is None:
        await connection.execute(_SETTLED, record.id)
    else:
        await connection.execute(_FAILED, record.id, fault.code, fault.detail, fault.blocks)
    if record.blocks and record.key is not None and (fault is None or not fault.blocks):
        await go_on(connection, record.topic, record.key.decode())


async def go_on(connection: Connection, source: str, key: str | None) -> None:
    """Makes the first record of a key due if it has only waited; unblocks the key if nothing is left."""
    await connection.execute(_NEXT, source, key)
    await connection.execute(_UNBLOCK, source, key)


async def settle_what_was_read(connection: Connection) -> None:
    """Nobody need decide on a batch that could not be unpacked and since was: by another version, say."""
    for topic, partition, offset in await connection.fetch(_READ_SINCE):
        log.info("records_read_since", topic=topic, partition=partition, offset=offset)
