"""The hop by hand: aiokafka and asyncpg in one loop, batches of 500, nothing generic, nothing that can be left out.

It writes the same rows as the counselling service for `ReturneeReferred` (position, file, deadline, stream, outbox),
makes the same spans, and publishes in batches. It parks nothing, retries nothing and knows one event.
`options["loops"]`: the number of group members in the one process, each with a connection of its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from pydantic_core import from_json, to_json
from uuid_utils.compat import uuid7

from bench.child import (
    Meter,
    Task,
    processor,
    resource,
)
from bench.documents import add, calendars, centre_of, due_at, new_file, text_of
from chassis.outbox.partitions import partition_of
from chassis.settings import ROOT
from counselling.contracts import ReturneeReferred
from counselling.reference import Reference

BATCH = 500
RELAY_BATCH = 1000
OFFSET_SECONDS = 0.25
"""The shortest time between two commits of offsets, as ours."""
TOPIC = "ph.counselling.v1"
TYPE = "ph.counselling.ReferralReceived.v1"
SCHEMA = "https://schemas.perspektive-heimat.invalid/events/counselling/ReferralReceived.v1.json"
SCOPE = InstrumentationScope("chassis")
SAMPLED = TraceFlags(TraceFlags.SAMPLED)
UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)
UNSET = Status(StatusCode.UNSET)

SEEN = """
select p.key, p.sequence from position p join unnest($2::text[]) as wanted(key) using (key)
where p.source = $1 order by p.key for update of p
"""
FILES = "select id, version, data from centre_file where id = any($1::uuid[]) order by id for update"
SAVE_FILES = """
insert into centre_file as t (id, version, status, links, data, updated_at)
select id, version, status, links::uuid[], data::jsonb, $6
from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[]) as u(id, version, status, links, data)
on conflict (id) do update set version = excluded.version, status = excluded.status, links = excluded.links,
    data = excluded.data, updated_at = excluded.updated_at
"""
SAVE_DEADLINES = """
insert into deadline (name, subject, owner, due_at)
select 'referral_answer', * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
on conflict (name, subject) do update set owner = excluded.owner, due_at = excluded.due_at, level = excluded.level
"""
NUMBER = """
insert into stream as s (key, sequence, topic) select *, 'ph.counselling.v1' from unnest($1::text[], $2::bigint[])
on conflict (key) do update set sequence = s.sequence + excluded.sequence returning key, sequence
"""
PUT_OUT = """
insert into plain_outbox (topic, key, headers, payload)
select $1, key, headers::json, payload
from unnest($2::text[], $3::text[], $4::bytea[]) with ordinality as u(key, headers, payload, place) order by place
"""
MOVE = """
insert into position (source, key, sequence) select $1, * from unnest($2::text[], $3::bigint[])
on conflict (source, key) do update set sequence = excluded.sequence
"""
READ = "select id, key, headers, payload from plain_outbox order by id limit $1"
DELETE = "delete from plain_outbox where id = any($1::bigint[])"


class Bare:
    """One run."""

    def __init__(self, task: Task, meter: Meter) -> None:
        self.task = task
        self.meter = meter
        self.spans = processor(task)
        self.resource = resource()
        self.reference = Reference.load(Path(ROOT / "schemas" / "reference"))
        self.days = calendars()
        self.wake = asyncio.Event()
        self.members = int(task.options.get("loops", 1)) if task.consume else 0
        self.together = asyncio.Barrier(max(1, self.members))
        self.group = f"bare-{uuid7()}"

    async def consume(self) -> None:
        """Batch after batch: one transaction, then the offsets."""
        database = await asyncpg.connect(self.task.dsn, server_settings={"jit": "off"})
        consumer = AIOKafkaConsumer(
            self.task.source,
            bootstrap_servers=self.task.bootstrap,
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=BATCH,
        )
        await consumer.start()
        await self.together.wait()  # otherwise the second member would handle again what the first has handled
        last: dict[TopicPartition, int] = {}
        committed = 0.0
        try:
            while not self.meter.done.is_set():
                found = await consumer.getmany(max_records=BATCH, timeout_ms=50)
                records = [record for each in found.values() for record in each]
                if not records:
                    continue
                self.meter.begin()
                await self.handle(database, records)
                self.wake.set()
                self.meter.count(handled=len(records))
                last |= {TopicPartition(each.topic, each.partition): each.offset + 1 for each in records}
                if time.monotonic() - committed >= OFFSET_SECONDS:
                    await consumer.commit(last)
                    committed = time.monotonic()
        finally:
            await consumer.stop()
            await database.close()

    async def handle(self, database: asyncpg.Connection, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """The work of one batch."""
        started = time.time_ns()
        now = datetime.now(UTC)
        async with database.transaction():
            keys = [(record.key or b"").decode() for record in records]
            seen = {key: sequence for key, sequence in await database.fetch(SEEN, self.task.source, keys)}  # noqa: C416
            fresh = []
            for key, record in zip(keys, records, strict=True):
                headers = dict(record.headers)
                sequence = int(headers["ce_sequence"])
                if sequence <= seen.get(key, 0):
                    continue
                seen[key] = sequence
                fresh.append((key, record, headers, ReturneeReferred.model_validate_json(record.value or b"")))
            files: dict[UUID, tuple[int, dict[str, Any]]] = {
                id_: (version, from_json(data))
                for id_, version, data in await database.fetch(FILES, list({each[3].case_id for each in fresh}))
            }
            deadlines, events = [], []
            for key, record, headers, message in fresh:
                version, file = files.get(message.case_id) or (0, new_file(key))
                occurred = headers["ce_time"].decode()
                due = due_at(self.reference, message, self.days)
                due_text = text_of(due)
                add(file, message, occurred, due_text, centre_of(self.reference, message).admin1)
                files[message.case_id] = (version, file)
                deadlines.append((message.referral_id, message.case_id, due))
                parent, child, link = self.contexts(headers)
                events.append((key, record, headers, message, parent, child, link, occurred, due_text))
            rows = sorted(files.items())
            await database.execute(
                SAVE_FILES,
                [id_ for id_, _ in rows],
                [version + 1 for _, (version, _) in rows],
                [file["status"] for _, (_, file) in rows],
                ["{" + ",".join(each["id"] for each in file["referrals"]) + "}" for _, (_, file) in rows],
                [to_json(file).decode() for _, (_, file) in rows],
                now,
            )
            deadlines.sort()
            await database.execute(SAVE_DEADLINES, *zip(*deadlines, strict=True))
            await self.put_out(database, events, text_of(now))
            moved = sorted(seen.items())
            await database.execute(MOVE, self.task.source, [key for key, _ in moved], [last for _, last in moved])
        if self.spans is not None:
            self.record(events, started, time.time_ns())

    def contexts(self, headers: Mapping[str, bytes]) -> tuple[SpanContext, SpanContext, SpanContext]:
        """Of the `process` span, of the `create` span below it, and of the creation it is linked to."""
        _, trace_id, span_id, flag = headers["ce_traceparent"].decode().split("-")
        flags = SAMPLED if int(flag, 16) & 1 else UNSAMPLED
        link = SpanContext(int(trace_id, 16), int(span_id, 16), False, flags)
        trace = random.getrandbits(128) | 1
        parent = SpanContext(trace, random.getrandbits(64) | 1, False, flags)
        return parent, SpanContext(trace, random.getrandbits(64) | 1, False, flags), link

    async def put_out(self, database: asyncpg.Connection, events: Sequence[Any], now: str) -> None:
        """Numbers the events and stores them."""
        counts = sorted(Counter(each[0] for each in events).items())
        numbered = await database.fetch(NUMBER, [key for key, _ in counts], [count for _, count in counts])
        upcoming = {key: last for key, last in numbered}  # noqa: C416
        for key, count in counts:
            upcoming[key] -= count
        headers_of, payloads = [], []
        for key, _, cause, message, _, child, _, occurred, due in events:
            upcoming[key] = sequence = upcoming[key] + 1
            headers_of.append(
                f'{{"content-type":"application/json","ce_specversion":"1.0","ce_id":"{uuid7()}","ce_type":"{TYPE}",'
                f'"ce_source":"/ph/counselling","ce_subject":"{key}","ce_time":"{now}","ce_recordedtime":"{now}",'
                f'"ce_dataschema":"{SCHEMA}","ce_sequence":"{sequence}","ce_sequencetype":"Integer",'
                f'"ce_partitionkey":"{key}","ce_correlationid":"{key}",'
                f'"ce_traceparent":"00-{child.trace_id:032x}-{child.span_id:016x}-0{int(child.trace_flags)}",'
                f'"ce_actorrole":"system","ce_actororg":"programme:counselling","ce_dataclass":"pseudonymous",'
                f'"ce_causationid":"{cause["ce_id"].decode()}","ce_country":"{message.country}"}}'
            )
            payloads.append(
                f'{{"case_id":"{key}","centre":"{message.to_centre}","country":"{message.country}",'
                f'"referral_id":"{message.referral_id}","root_referral_id":"{message.root_referral_id}",'
                f'"received_at":"{occurred}","answer_due_at":"{due}"}}'.encode()
            )
        await database.execute(PUT_OUT, TOPIC, [each[0] for each in events], headers_of, payloads)

    def record(self, events: Sequence[Any], started: int, ended: int) -> None:
        """The spans of a batch, after its commit."""
        assert self.spans is not None
        name_of_process, name_of_create = f"process {ReturneeReferred.type}", f"create {TYPE}"
        for key, record, headers, _, parent, child, link, _, _ in events:
            if not parent.trace_flags:
                continue
            for name, context, above, kind, links, attributes in (
                (
                    name_of_process,
                    parent,
                    None,
                    SpanKind.CONSUMER,
                    (Link(link),),
                    {
                        "messaging.system": "kafka",
                        "messaging.operation.type": "process",
                        "messaging.destination.name": record.topic,
                        "messaging.kafka.offset": record.offset,
                        "cloudevents.event_id": headers["ce_id"].decode(),
                        "cloudevents.event_type": ReturneeReferred.type,
                        "ph.case.id": key,
                    },
                ),
                (
                    name_of_create,
                    child,
                    parent,
                    SpanKind.PRODUCER,
                    (),
                    {"messaging.operation.type": "create", "ph.case.id": key},
                ),
            ):
                self.spans.on_end(
                    ReadableSpan(
                        name=name,
                        context=context,
                        parent=above,
                        resource=self.resource,
                        attributes=attributes,
                        links=links,
                        kind=kind,
                        status=UNSET,
                        start_time=started,
                        end_time=ended,
                        instrumentation_scope=SCOPE,
                    )
                )

    async def publish(self) -> None:
        """The relay: a batch per partition, delete what was acknowledged, again."""
        settings = {"jit": "off", "synchronous_commit": "off"}  # as ours: a lost delete is published again
        database = await asyncpg.connect(self.task.dsn, server_settings=settings)
        producer = AIOKafkaProducer(
            bootstrap_servers=self.task.bootstrap, enable_idempotence=True, acks="all", max_batch_size=900_000
        )
        await producer.start()
        partitions = len(await producer.partitions_for(TOPIC))
        try:
            while not self.meter.done.is_set():
                self.wake.clear()
                rows = await database.fetch(READ, RELAY_BATCH)
                if not rows:
                    await asyncio.wait_for(self.wake.wait(), 60)
                    continue
                self.meter.begin()
                batches: dict[int, tuple[Any, list[int]]] = {}
                full: set[int] = set()
                for id_, key, headers, payload in rows:
                    partition = partition_of(key, partitions)
                    if partition in full:
                        continue
                    if partition not in batches:
                        batches[partition] = (producer.create_batch(), [])
                    batch, ids = batches[partition]
                    pairs = [(name, text.encode()) for name, text in from_json(headers).items()]
                    if batch.append(key=key.encode(), value=payload, timestamp=None, headers=pairs) is None:
                        full.add(partition)
                    else:
                        ids.append(id_)
                sent = [
                    await producer.send_batch(batch, TOPIC, partition=partition)
                    for partition, (batch, _) in batches.items()
                ]
                await asyncio.gather(*sent)
                done = [id_ for _, ids in batches.values() for id_ in ids]
                await database.execute(DELETE, done)
                self.meter.count(published=len(done))
        finally:
            await producer.stop()
            await database.close()


async def run(task: Task) -> Mapping[str, float]:
    """Consumes, publishes, or both."""
    meter = Meter(task)
    bare = Bare(task, meter)
    loops = [asyncio.create_task(bare.consume()) for _ in range(bare.members)]
    if task.relay:
        loops.append(asyncio.create_task(bare.publish()))
    waiting = asyncio.create_task(meter.wait())
    done, _ = await asyncio.wait((waiting, *loops), return_when=asyncio.FIRST_COMPLETED)
    for each in done:
        each.result()
    await waiting
    await meter.flush(bare.spans)
    bare.wake.set()
    await asyncio.gather(*loops)
    if bare.spans is not None:
        bare.spans.shutdown()
    return meter.result
