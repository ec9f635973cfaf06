"""The journey as it is usually written: a FastStream handler per message, and a transaction of its own.

The documents follow by the same rules as ours (`journey.handlers.incoming.DOCUMENTS`), and the tables are the same, but
for the place of positions: the last number of each key is a row of `seen`. Each row is one statement; the offset is
acknowledged after each message. What costs nothing but care is done, as in `bench.naive`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from uuid_utils.compat import uuid7

from bench.child import Meter, Task, processor, resource
from bench.journeys import topics_of
from chassis.consumer.noting import MARK
from chassis.consumer.parking import digest
from chassis.postgres.database import Connection, open_pool
from chassis.pure.states import Codec
from journey import contracts
from journey.handlers import KINDS
from journey.handlers.incoming import DOCUMENTS
from journey.ledger import COLUMNS

SEEN = "create table if not exists seen (topic text, key text, sequence bigint not null, primary key (topic, key))"
LAST = "select sequence from seen where topic = $1 and key = $2 for update"
SEE = """
insert into seen (topic, key, sequence) values ($1, $2, $3)
on conflict (topic, key) do update set sequence = excluded.sequence
"""
NAMES = ", ".join(column.split()[0] for column in COLUMNS)
NOTE = f"insert into ledger ({NAMES}) values ({', '.join(f'${number + 1}' for number in range(len(COLUMNS)))})"
LOAD = "select version, data from {table} where id = $1 for update"
SAVE = """
insert into {table} (id, version, status, data, updated_at) values ($1, $2, $3, $4, $5)
on conflict (id) do update set version = excluded.version, status = excluded.status, data = excluded.data,
    updated_at = excluded.updated_at
"""
SAVE_WITH_LINKS = """
insert into {table} (id, version, status, data, updated_at, links) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set version = excluded.version, status = excluded.status, data = excluded.data,
    updated_at = excluded.updated_at, links = excluded.links
"""
CONTRACTS = {each.type: each for each in contracts.ALL}
OF_STATE = {kind.state: kind for kind in KINDS}


class Projector:
    """One run."""

    def __init__(self, task: Task, meter: Meter) -> None:
        self.task = task
        self.meter = meter
        self.codecs = {state: Codec(OF_STATE[state]) for state in DOCUMENTS}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.spans = TracerProvider(resource=resource())
        if (sink := processor(task)) is not None:
            self.spans.add_span_processor(sink)
        self.pool: asyncpg.Pool

    async def consume(self) -> None:
        """FastStream's subscriber, until all is done."""
        self.pool = await open_pool(self.task.dsn, 1, "projector")
        await self.pool.execute(SEEN)
        broker = KafkaBroker(
            self.task.bootstrap,
            middlewares=(KafkaTelemetryMiddleware(tracer_provider=self.spans),),
            apply_types=False,
            consumer_only=True,
            allow_auto_create_topics=False,
            logger=None,
        )
        subscriber = broker.subscriber(
            *topics_of(self.task.source),
            group_id=f"projector-{uuid7()}",
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
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

    async def decode(self, message: KafkaMessage) -> KafkaMessage:
        """The body is read by its contract, once it is known to be new."""
        return message

    async def handle(self, message: KafkaMessage) -> None:
        """One message, one transaction."""
        record = message.raw_message
        assert isinstance(record, ConsumerRecord)
        try:
            async with self.pool.acquire() as database, database.transaction():
                await self.receive(database, record, message.headers)
        except Exception as error:
            if not self.failed.done():
                self.failed.set_exception(error)
            raise
        self.meter.count(handled=1)

    async def receive(self, database: Connection, record: ConsumerRecord[Any, Any], headers: Mapping[str, str]) -> None:
        """A row of the ledger, and what the event says of the case; nothing if it comes again."""
        key, sequence = (record.key or b"").decode(), int(headers["ce_sequence"])
        last = await database.fetchval(LAST, record.topic, key) or 0
        if sequence <= last:
            return
        await database.execute(SEE, record.topic, key, sequence)
        verdict = "next" if sequence == last + 1 else "gap"
        await database.execute(NOTE, *_noted(record, headers, key, sequence, verdict))
        contract = CONTRACTS[headers["ce_type"]]
        event: Any = contract.model_validate_json(record.value or b"")
        occurred_at = datetime.fromisoformat(headers["ce_time"])
        for state, folds in DOCUMENTS.items():
            if contract in folds:
                await self.fold(
                    database, state, UUID(key), lambda was, fold=folds[contract]: fold(was, event, occurred_at)
                )

    async def fold(self, database: Connection, state: type[Any], id_: UUID, fold: Any) -> None:
        """Loads one document, changes it and saves it."""
        kind, codec = OF_STATE[state], self.codecs[state]
        found = await database.fetchrow(LOAD.format(table=kind.table), id_)
        version, was = (0, state(id_)) if found is None else (found["version"], codec.load(found["data"]))
        after = fold(was)
        if found is not None and after == was:
            return
        row = (id_, version + 1, after.status, codec.dump(after), datetime.now(UTC))
        if kind.links is None:
            await database.execute(SAVE.format(table=kind.table), *row)
        else:
            await database.execute(SAVE_WITH_LINKS.format(table=kind.table), *row, list(kind.links(after)))


def _noted(
    record: ConsumerRecord[Any, Any], headers: Mapping[str, str], key: str, sequence: int, verdict: str
) -> tuple[object, ...]:
    return (
        record.topic,
        record.partition,
        record.offset,
        digest(record)[:MARK],
        key,
        UUID(key),
        headers["ce_type"],
        headers["ce_source"],
        sequence,
        UUID(headers["ce_id"]),
        None,
        datetime.fromisoformat(headers["ce_time"]),
        datetime.fromisoformat(headers["ce_recordedtime"]),
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
        headers["ce_traceparent"].split("-")[1],
        headers["ce_actorrole"],
        headers["ce_actororg"],
        verdict,
        None,
    )


async def run(task: Task) -> Mapping[str, float]:
    """One run."""
    meter = Meter(task)
    consuming = asyncio.create_task(Projector(task, meter).consume())
    waiting = asyncio.create_task(meter.wait())
    await asyncio.wait((consuming, waiting), return_when=asyncio.FIRST_COMPLETED)
    if consuming.done():
        consuming.result()
    await waiting
    await consuming
    return meter.result
