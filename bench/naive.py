"""The hop as it is usually written: a FastStream handler per message, its own transaction, and an outbox relay.

Inbox row, state document, deadline, stream number and outbox row are one statement each; FastStream's OpenTelemetry
middleware makes the spans; the offset is acknowledged after each message; the relay sends row by row with
`send_and_wait` and deletes what it has sent. Documents, events and tables are those of `bare`, with an inbox beside
them: only the approach differs. What costs nothing but care is done: no argument injection (`apply_types`), JSON goes
straight into the contract, connections are not reset between uses, partitions are computed by a cached murmur2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaProducer, ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracerProvider, SpanKind
from pydantic_core import from_json, to_json
from uuid_utils.compat import uuid7

from bench.bare import (
    DELETE,
    READ,
    SCHEMA,
    TOPIC,
    TYPE,
)
from bench.child import (
    Meter,
    Task,
    processor,
    resource,
)
from bench.documents import add, calendars, centre_of, due_at, new_file, text_of
from chassis.outbox.partitions import partition_of
from chassis.postgres.database import Connection, open_pool
from chassis.settings import ROOT
from counselling.contracts import ReturneeReferred
from counselling.reference import Reference

RELAY_BATCH = 1000
GATHER_SECONDS = 0.02
"""The relay's pause after it was woken: without it nearly every event has a read and a delete of its own."""

INBOX = "create table if not exists inbox (id uuid primary key, received_at timestamptz not null)"
RECEIVE = "insert into inbox (id, received_at) values ($1, $2) on conflict do nothing"
FILE = "select version, data from centre_file where id = $1 for update"
SAVE_FILE = """
insert into centre_file (id, version, status, links, data, updated_at) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set version = excluded.version, status = excluded.status, links = excluded.links,
    data = excluded.data, updated_at = excluded.updated_at
"""
SAVE_TIMER = """
insert into deadline (name, subject, owner, due_at) values ('referral_answer', $1, $2, $3)
on conflict (name, subject) do update set owner = excluded.owner, due_at = excluded.due_at, level = excluded.level
"""
NUMBER = """
insert into stream as s (key, topic, sequence) values ($1, 'ph.counselling.v1', 1)
on conflict (key) do update set sequence = s.sequence + 1 returning sequence
"""
PUT_OUT = "insert into plain_outbox (topic, key, headers, payload) values ($1, $2, $3, $4)"


class Referred(NamedTuple):
    """What the handler is given."""

    key: str
    headers: Mapping[str, str]
    message: ReturneeReferred


class Naive:
    """One run. `workers` above one reads that many partitions at a time: FastStream's `max_workers`."""

    def __init__(self, task: Task, meter: Meter) -> None:
        self.task = task
        self.meter = meter
        self.workers = int(task.options.get("workers", 1))
        self.reference = Reference.load(Path(ROOT / "schemas" / "reference"))
        self.days = calendars()
        self.wake = asyncio.Event()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.processor = processor(task)
        self.spans = None
        if self.processor is not None:
            self.spans = TracerProvider(resource=resource())
            self.spans.add_span_processor(self.processor)
        self.tracer = (self.spans or NoOpTracerProvider()).get_tracer("chassis")
        self.pool: asyncpg.Pool

    async def consume(self) -> None:
        """FastStream's subscriber, until all is done."""
        self.pool = await open_pool(self.task.dsn, self.workers, "naive")
        await self.pool.execute(INBOX)
        broker = KafkaBroker(
            self.task.bootstrap,
            middlewares=(KafkaTelemetryMiddleware(tracer_provider=self.spans),) if self.spans is not None else (),
            apply_types=False,
            consumer_only=True,
            allow_auto_create_topics=False,
            logger=None,
        )
        subscriber = broker.subscriber(
            self.task.source,
            group_id=f"naive-{uuid7()}",
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            max_workers=self.workers,
            parser=self.parse,
            decoder=self.decode,
        )
        subscriber(self.handle)
        await broker.start()
        try:
            await asyncio.wait(
                (self.failed, asyncio.create_task(self.meter.done.wait())), return_when="FIRST_COMPLETED"
            )
            if self.failed.done():
                self.failed.result()
        finally:
            await broker.stop()
            await self.pool.close()

    async def parse(self, record: ConsumerRecord[Any, Any], original: Any) -> KafkaMessage:
        """FastStream's own parsing. Its middleware knows the trace by the name without the prefix of CloudEvents."""
        self.meter.begin()
        message: KafkaMessage = await original(record)
        message.headers["traceparent"] = message.headers["ce_traceparent"]
        return message

    async def decode(self, message: KafkaMessage) -> Referred:
        """JSON into the contract, without a dictionary in between."""
        record = message.raw_message
        assert isinstance(record, ConsumerRecord)
        return Referred(
            (record.key or b"").decode(), message.headers, ReturneeReferred.model_validate_json(message.body)
        )

    async def handle(self, referred: Referred) -> None:
        """One message, one transaction."""
        try:
            async with self.pool.acquire() as database:
                await self.receive(database, referred)
        except Exception as error:
            if not self.failed.done():
                self.failed.set_exception(error)
            raise
        self.meter.count(handled=1)
        self.wake.set()

    async def receive(self, database: Connection, referred: Referred) -> None:
        """Everything that a referral means, or nothing if it comes again."""
        key, headers, message = referred
        now = datetime.now(UTC)
        attributes = {"messaging.operation.type": "create", "ph.case.id": key}
        async with database.transaction():
            if await database.execute(RECEIVE, headers["ce_id"], now) == "INSERT 0 0":
                return
            found = await database.fetchrow(FILE, message.case_id)
            version, file = (found["version"], from_json(found["data"])) if found is not None else (0, new_file(key))
            due = due_at(self.reference, message, self.days)
            add(file, message, headers["ce_time"], text_of(due), centre_of(self.reference, message).admin1)
            links = [each["id"] for each in file["referrals"]]
            data = to_json(file).decode()
            await database.execute(SAVE_FILE, message.case_id, version + 1, file["status"], links, data, now)
            await database.execute(SAVE_TIMER, message.referral_id, message.case_id, due)
            with self.tracer.start_as_current_span(
                f"create {TYPE}", kind=SpanKind.PRODUCER, attributes=attributes
            ) as span:
                context = span.get_span_context()
                trace = f"00-{context.trace_id:032x}-{context.span_id:016x}-0{int(context.trace_flags)}"
                await self.put_out(database, referred, text_of(due), text_of(now), trace)

    async def put_out(self, database: Connection, referred: Referred, due: str, now: str, trace: str) -> None:
        """Numbers the event and stores it."""
        key, cause, message = referred
        sequence = await database.fetchval(NUMBER, key)
        headers = {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": str(uuid7()),
            "ce_type": TYPE,
            "ce_source": "/ph/counselling",
            "ce_subject": key,
            "ce_time": now,
            "ce_recordedtime": now,
            "ce_dataschema": SCHEMA,
            "ce_sequence": str(sequence),
            "ce_sequencetype": "Integer",
            "ce_partitionkey": key,
            "ce_correlationid": key,
            "ce_traceparent": trace,
            "ce_actorrole": "system",
            "ce_actororg": "programme:counselling",
            "ce_dataclass": "pseudonymous",
            "ce_causationid": cause["ce_id"],
            "ce_country": message.country,
        }
        payload = {
            "case_id": key,
            "centre": message.to_centre,
            "country": message.country,
            "referral_id": str(message.referral_id),
            "root_referral_id": str(message.root_referral_id),
            "received_at": cause["ce_time"],
            "answer_due_at": due,
        }
        await database.execute(PUT_OUT, TOPIC, key, to_json(headers).decode(), to_json(payload))

    async def publish(self) -> None:
        """The relay: row by row in order of id, each acknowledged before the next; deleted together."""
        database = await asyncpg.connect(self.task.dsn, server_settings={"jit": "off"})
        producer = AIOKafkaProducer(bootstrap_servers=self.task.bootstrap, enable_idempotence=True, acks="all")
        await producer.start()
        partitions = len(await producer.partitions_for(TOPIC))
        try:
            while not self.meter.done.is_set():
                self.wake.clear()
                rows = await database.fetch(READ, RELAY_BATCH)
                if not rows:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.wake.wait(), 1)
                    await asyncio.sleep(GATHER_SECONDS)
                    continue
                self.meter.begin()
                for _, key, headers, payload in rows:
                    await producer.send_and_wait(
                        TOPIC,
                        payload,
                        key=key.encode(),
                        partition=partition_of(key, partitions),
                        headers=[(name, text.encode()) for name, text in from_json(headers).items()],
                    )
                await database.execute(DELETE, [row["id"] for row in rows])
                self.meter.count(published=len(rows))
        finally:
            await producer.stop()
            await database.close()


async def run(task: Task) -> Mapping[str, float]:
    """Consumes, publishes, or both."""
    meter = Meter(task)
    naive = Naive(task, meter)
    loops = [asyncio.create_task(naive.consume())] if task.consume else []
    if task.relay:
        loops.append(asyncio.create_task(naive.publish()))
    waiting = asyncio.create_task(meter.wait())
    done, _ = await asyncio.wait((waiting, *loops), return_when=asyncio.FIRST_COMPLETED)
    for each in done:
        each.result()
    await waiting
    await meter.flush(naive.processor)
    naive.wake.set()
    await asyncio.gather(*loops)
    if naive.spans is not None:
        naive.spans.shutdown()
    return meter.result
