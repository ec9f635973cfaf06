"""Topics, tables, offsets, logs and spans as anybody can read them, without a line of the code under test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from chaos.evidence import (
    ParkedRow,
    Record,
    SpanSeen,
    Tables,
    Written,
)
from chaos.witness import STATE

READ_SECONDS = 60
NOTHING_READ: Mapping[tuple[str, int], int] = MappingProxyType({})
COORDINATOR = 1
"""The local stack's only broker."""


async def topics(
    bootstrap: str, names: Sequence[str], since: Mapping[tuple[str, int], int] = NOTHING_READ
) -> dict[str, list[Record]]:
    """Every record of these topics up to their present end, by partition and offset; `since`: from these offsets on."""
    found: dict[str, list[Record]] = {name: [] for name in names}
    consumer = AIOKafkaConsumer(
        *names, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())  # without a group: all of them
        until = await consumer.end_offsets(partitions)
        for each in partitions:
            if (each.topic, each.partition) in since:
                consumer.seek(each, since[each.topic, each.partition])
        async with asyncio.timeout(READ_SECONDS):
            while any([await consumer.position(each) < until[each] for each in partitions]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    for record in batch:
                        headers = {name: value or b"" for name, value in record.headers}
                        found[record.topic].append(
                            Record(
                                record.topic,
                                record.partition,
                                record.offset,
                                record.key,
                                record.value,
                                headers,
                                record.timestamp / 1000,
                                record.timestamp_type == 1,
                            )
                        )
    finally:
        await consumer.stop()
    for records in found.values():
        records.sort(key=lambda record: (record.partition, record.offset))
    return found


async def ends(bootstrap: str, names: Sequence[str]) -> dict[tuple[str, int], int]:
    """Where each partition of these topics ends."""
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        until = await consumer.end_offsets(sorted(consumer.assignment()))
    finally:
        await consumer.stop()
    return {(each.topic, each.partition): offset for each, offset in until.items()}


async def committed(bootstrap: str, group: str) -> dict[tuple[str, int], int]:
    """The group's committed offsets."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return await committed_by(admin, group)
    finally:
        await admin.close()


async def committed_by(admin: AIOKafkaAdminClient, group: str) -> dict[tuple[str, int], int]:
    """The same with a client that is there already."""
    found: dict[TopicPartition, Any] = await admin.list_consumer_group_offsets(group, COORDINATOR)
    return {(each.topic, each.partition): kept.offset for each, kept in found.items() if kept.offset >= 0}


async def tables(dsn: str, service: str) -> Tables:
    """A service's database, from one snapshot."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            states = await connection.fetch(f"select id::text, data from public.{STATE[service]}")
            positions = await connection.fetch("select source, key, sequence, blocked from position")
            streams = await connection.fetch("select key, sequence from stream")
            outbox = await connection.fetch("select id, key from outbox order by id")
            parked = await connection.fetch(
                "select topic, partition, record_offset, key, state, failure, blocks,"
                " extract(epoch from parked_at)::float8 from parked order by id"
            )
            alarms = await connection.fetch("select owner::text, level from deadline")
            everything = await _rows(connection)
    finally:
        await connection.close()
    pending: dict[str, list[int]] = {}
    for owner, level in alarms:
        pending.setdefault(owner, []).append(level)
    return Tables(
        states={id_: json.loads(data) for id_, data in states},
        positions={(source, key): (sequence, blocked) for source, key, sequence, blocked in positions},
        streams=dict(streams),
        outbox=[(id_, key) for id_, key in outbox],
        parked=[ParkedRow(*row) for row in parked],
        pending=pending,
        rows=everything,
    )


async def rows(dsn: str) -> dict[str, list[str]]:
    """Every table of a database as text."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _rows(connection)
    finally:
        await connection.close()


async def _rows(connection: asyncpg.Connection) -> dict[str, list[str]]:
    names = await connection.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
    found = {}
    for (name,) in names:
        if name == "progress":  # how far it has read moves with every record, also with one that changes nothing
            continue
        texts = await connection.fetch(f'select t::text as row from public."{name}" t order by 1')
        found[name] = [text for (text,) in texts]
    return found


async def written(dsn: str) -> list[Written]:
    """All that the witness saw."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch(
            "select place, transaction::text::bigint, backend, extract(epoch from at)::float8, what, source, key, "
            "number, detail from judge.written order by place"
        )
    finally:
        await connection.close()
    return [Written(*row) for row in found]


def log(path: Path) -> list[dict[str, Any]]:
    """A process's log without its access log; a line that is not JSON is kept as `{"text": ...}`."""
    lines = []
    for text in path.read_text(errors="replace").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            lines.append({"text": text})
            continue
        if line.get("event") != "http_request":
            lines.append({**line, "at": datetime.fromisoformat(line["timestamp"]).timestamp()})
    return lines


def spans(bodies: Iterable[bytes]) -> list[SpanSeen]:
    """The spans in the bodies of OTLP requests."""
    found = []
    for body in list(bodies):
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = _texts(group.resource.attributes)
            for scope in group.scope_spans:
                for span in scope.spans:
                    found.append(
                        SpanSeen(
                            resource.get("service.name", ""),
                            resource.get("service.instance.id", ""),
                            span.name,
                            span.trace_id.hex(),
                            span.span_id.hex(),
                            span.parent_span_id.hex(),
                            tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                            _texts(span.attributes),
                            span.start_time_unix_nano / 1e9,
                        )
                    )
    return found


def _texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {each.key: _text(each.value) for each in attributes}


def _text(value: AnyValue) -> str:
    return str(getattr(value, value.WhichOneof("value") or "string_value"))
