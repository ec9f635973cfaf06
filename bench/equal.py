"""Whether variants do the same work: each handles the same small topic, and what it leaves behind is compared.

It compares the files, deadlines, stream numbers and inbox or positions in the database, that the outbox is empty, and
the events in the topic in their order per key. It leaves out what cannot be equal: ids of events and traces, times of
writing, how often a file was written (that depends on the size of the batches), and the order of a file's links (they
are a set).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.bare import TOPIC
from bench.bench import Bench
from bench.child import Task
from bench.seed import PARTITIONS, referral
from chassis.outbox.partitions import partition_of

OF_A_RUN = {"ce_id", "ce_time", "ce_recordedtime", "ce_traceparent"}
TABLES = {
    "files": "select id::text, status, array(select unnest(links)::text order by 1) as links, data::text"
    " from centre_file order by id",
    "deadlines": "select name, subject::text, owner::text, due_at::text, level from deadline order by name, subject",
    "numbers": "select key, sequence from stream order by key",
}
WAITING = "select id from outbox union all select id from plain_outbox"
POSITIONS = "select source, key, sequence, blocked from position order by key"
RECEIVED = "select id::text from inbox order by id"
WAITING_SECONDS = 20

Left = Mapping[str, Sequence[Any]]


class Differs(Exception):
    """Two variants do not do the same work, so a comparison of their speed means nothing."""


def check(bench: Bench, variants: Sequence[str], events: int) -> None:
    """Runs each variant over the same new topic. Raises `Differs` that says where they part."""
    source = bench.topic(events, events // 2)
    first: Left | None = None
    for variant in variants:
        left = _left_by(bench, variant, source, events)
        _expect(variant, "as many events as it has read", [len(left["events"])], [events])
        _expect(variant, "an empty outbox", left.pop("outbox"), [])
        _expect(variant, "all it has seen", left.pop("seen"), _seen(source, events, inbox=variant == "naive"))
        if first is None:
            first = left
        for what, rows in left.items():
            _expect(variant, f"the same {what} as {variants[0]}", rows, first[what])


def _left_by(bench: Bench, variant: str, source: str, events: int) -> dict[str, Sequence[Any]]:
    dsn = bench.database()
    try:
        before = bench.wait(_ends(bench.bootstrap))
        bench.child(variant, Task(dsn=dsn, bootstrap="", source=source, events=events))
        published = bench.wait(_published(bench.bootstrap, before))
        return {"events": published, **bench.wait(_tables(dsn, inbox=variant == "naive"))}
    finally:
        bench.drop(dsn)


async def _tables(dsn: str, *, inbox: bool) -> dict[str, Sequence[Any]]:
    connection = await asyncpg.connect(dsn)
    try:
        found = {what: [_plain(row) for row in await connection.fetch(query)] for what, query in TABLES.items()}
        found["seen"] = [_plain(row) for row in await connection.fetch(RECEIVED if inbox else POSITIONS)]
        found["outbox"] = [row["id"] for row in await connection.fetch(WAITING)]
        return dict(found)
    finally:
        await connection.close()


def _plain(row: asyncpg.Record) -> tuple[Any, ...]:
    return tuple(_document(value) if name == "data" else value for name, value in row.items())


def _document(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    for each in document["referrals"]:
        each["changed_at"] = None  # a time of writing
    return document


def _seen(source: str, events: int, *, inbox: bool) -> list[tuple[Any, ...]]:
    made = [referral(number, events // 2) for number in range(events)]
    if inbox:
        return sorted((headers["ce_id"],) for _, headers, _ in made)
    last: dict[str, int] = {}
    for key, headers, _ in made:
        last[key] = max(last.get(key, 0), int(headers["ce_sequence"]))
    return sorted((source, key, sequence, False) for key, sequence in last.items())


async def _ends(bootstrap: str) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets([TopicPartition(TOPIC, number) for number in range(PARTITIONS)]))
    finally:
        await consumer.stop()


async def _published(bootstrap: str, since: Mapping[TopicPartition, int]) -> list[tuple[Any, ...]]:
    """Partition, key, headers and value of what has come since, in the order of each partition, sorted by key."""
    until = await _ends(bootstrap)
    missing = sum(until[partition] - offset for partition, offset in since.items())
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    records: list[Any] = []
    try:
        consumer.assign(list(since))
        for partition, offset in since.items():
            consumer.seek(partition, offset)
        while len(records) < missing:
            found = await consumer.getmany(timeout_ms=WAITING_SECONDS * 1000)
            if not found:
                raise Differs(f"{missing} events were published, only {len(records)} can be read")
            records += [record for each in found.values() for record in each]
    finally:
        await consumer.stop()
    events = []
    for record in records:
        headers = {name: value.decode() for name, value in record.headers}
        key = record.key.decode()
        if record.partition != partition_of(key, PARTITIONS):
            raise Differs(f"the event of {key} lies in partition {record.partition}")
        stable = {name: value for name, value in headers.items() if name not in OF_A_RUN}
        sampled = int(headers["ce_traceparent"][-2:], 16) & 1
        events.append((key, tuple(sorted(headers)), stable, sampled, json.loads(record.value)))
    return sorted(events, key=lambda event: event[0])  # a stable sort: within a key the order of the topic stays


def _expect(variant: str, what: str, found: Sequence[Any], wanted: Sequence[Any]) -> None:
    if found == wanted:
        return
    place = next(
        (number for number, (one, other) in enumerate(zip(found, wanted, strict=False)) if one != other),
        min(len(found), len(wanted)),
    )
    raise Differs(
        f"{variant} does not leave {what}: {len(found)} rows, {len(wanted)} expected;"
        f" first difference at {place}:\n{found[place : place + 1]}\n{wanted[place : place + 1]}"
    )
