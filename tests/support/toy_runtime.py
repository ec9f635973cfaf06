"""The toy service's parts, wired to a real database, without HTTP."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from chassis.clock import Clock
from chassis.consumer.dispatch import Dispatcher
from chassis.postgres.storage import Storage
from chassis.pure.decision import Actor, Refused
from chassis.pure.resources import Seen
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import Resource, Tracer
from chassis.work.command_bus import CommandBus, Done, IdempotencyKey
from chassis.work.deadline_runner import DeadlineRunner
from chassis.work.standing import Standing
from chassis.work.workshop import Workshop
from tests.support import outbox, toy
from tests.support.records import FakeRecord

ACTOR = Actor("seller", "programme:shop")
KEY = b"a secret of this service"


class SpanCollector(SpanProcessor):
    """Keeps finished spans."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


@dataclass
class Statements:
    """Every SQL statement that a pool's connections ran, transaction control included."""

    queries: list[str] = field(default_factory=list)

    def note(self, record: Any) -> None:
        self.queries.append(" ".join(record.query.split()))

    def starting_with(self, *words: str) -> list[str]:
        return [query for query in self.queries if query.lower().startswith(words)]


class ToyRuntime:
    """Commands, batches and deadlines of the toy service on one database."""

    def __init__(self, pool: asyncpg.Pool, ratio: float = 1.0, compacted: Collection[str] = ()) -> None:
        self.pool = pool
        self.clock = Clock()
        self.metrics = Metrics("till")
        self.collector = SpanCollector()
        self.tracer = Tracer(Resource.create({"service.name": "till"}), self.collector, ratio, toy.TILL.subject)
        self.wakes = 0
        storage = Storage(toy.KINDS)
        self.workshop = Workshop(
            toy.TILL.actor, pool, storage, Standing(None), self.clock, self.tracer, self.metrics, self._woken, KEY
        )
        self.bus = CommandBus(self.workshop, toy.COMMANDS)
        self.dispatcher = Dispatcher(self.workshop, toy.CONSUMERS, self._fetch, compacted)
        self.deadlines = DeadlineRunner(self.workshop, toy.DEADLINES)
        self.kafka: dict[tuple[str, int, int], FakeRecord] = {}
        """What is read again at its place."""
        self._keys = 0

    async def _fetch(self, *place: Any) -> FakeRecord | None:
        return self.kafka.get(place)

    def _woken(self) -> None:
        self.wakes += 1

    async def command(self, command: Any, key: str = "", body: bytes = b"", seen: Seen | None = None) -> Done | Refused:
        """Runs a command; without `key` each call is a new intent."""
        self._keys += 1
        key_ = IdempotencyKey((key or f"key-{self._keys}").encode(), body)
        return await self.bus.execute(command, ACTOR, key_, seen)

    async def totals(self) -> dict[UUID, int]:
        """Each till's total."""
        rows = await self.pool.fetch("select id, data from till")
        return {row["id"]: json.loads(row["data"])["total"] for row in rows}

    async def receipts(self, till: UUID) -> list[int]:
        """The till's receipts in the order in which they were handled."""
        data = await self.pool.fetchval("select data from till where id = $1", till)
        receipts: list[int] = json.loads(data)["receipts"] if data else []
        return receipts

    async def outbox(self) -> list[tuple[str, int]]:
        """Key and sequence of every outbox row, in order of id."""
        rows = await self.pool.fetch("select record from outbox order by id")
        written = [outbox.read(row["record"]) for row in rows]
        return [(each.key, int(each.headers["ce_sequence"])) for each in written]

    async def parked(self) -> list[tuple[int, str, str]]:
        """Offset, failure and state of every parked record, in order."""
        rows = await self.pool.fetch("select record_offset, failure, state from parked order by id")
        return [tuple(row) for row in rows]

    async def discard(self, *offsets: int) -> None:
        """What an operator's `ph parked discard` does to these records."""
        await self.pool.execute(
            "update parked set state = 'discarded', reason = 'test', decided_by = 'test', decided_at = now() "
            "where record_offset = any($1)",
            offsets,
        )

    async def retry(self, *offsets: int) -> None:
        """What an operator's `ph parked retry` does to these records."""
        await self.pool.execute("update parked set state = 'retry' where record_offset = any($1)", offsets)

    def advance(self, **delta: int) -> None:
        """Moves the clock forward."""
        self.clock.advance(timedelta(**delta))


def in_batches(records: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Slices of `size`."""
    return [records[start : start + size] for start in range(0, len(records), size)]
