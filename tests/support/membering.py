"""A member of the readers and everything around it. Client, broker and dispatcher are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from chassis.consumer import transport
from chassis.consumer.held import Held
from chassis.consumer.transport import Consumer
from chassis.settings import KafkaSettings, Settings
from chassis.telemetry.metrics import Metrics
from tests.support.records import FakeRecord, record

ONE, TWO, OTHER = TopicPartition("ph.shop.v1", 0), TopicPartition("ph.shop.v1", 1), TopicPartition("ph.other.v1", 0)


def at(place: TopicPartition, offset: int) -> FakeRecord:
    return record(
        b"{}", type_="ph.shop.Sold.v1", key="key", sequence=offset + 1, offset=offset, topic=place.topic,
        partition=place.partition,
    )  # fmt: skip


class Client:
    """Remembers what it was asked. It stands at `places`, and hands over for what is held when it does."""

    def __init__(self) -> None:
        self.assigned: list[set[TopicPartition]] = []
        self.reads: dict[TopicPartition, int] = {}
        self.given: dict[TopicPartition, Held] = {}
        self.committed: list[dict[TopicPartition, int]] = []
        self.ended = False
        self.by = object()
        self.paused: list[TopicPartition] = []

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        self.assigned.append(set(partitions))
        self.reads.clear()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._sought = partition, offset

    def resume(self, partition: TopicPartition) -> None:
        assert self._sought[0] == partition
        self.reads[partition] = self._sought[1]

    def pause(self, partition: TopicPartition) -> None:
        self.reads.pop(partition, None)
        self.paused.append(partition)

    def place(self, partition: TopicPartition) -> int:
        return self.reads[partition]

    def connection(self, _partition: TopicPartition) -> object:
        return self.by

    def fetched_at(self) -> float:
        return float("-inf")

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.append(offsets)


class World:
    """A member and everything around it: its client is made by `cover`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.handled: list[tuple[TopicPartition, int]] = []
        self.terms: list[dict[TopicPartition, int]] = []
        self.errors: list[BaseException] = []
        """What the next batches end with."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.seen: list[Any] = []
        self.fatal: list[BaseException] = []
        self.metrics = Metrics("till")
        self.clients: list[Any] = []
        self.closed = 0
        self.refused: BaseException | None = None
        self.start = asyncio.Event()
        self.start.set()
        for name in ("raw_batches", "build_waiting_consumers", "close"):
            monkeypatch.setattr(transport.adapter, name, getattr(self, f"_{name}"))
        monkeypatch.setattr(transport, "WaitingConsumer", Client)
        self.make: Callable[[], Any] = Client
        self.member = Consumer(
            "till",
            KafkaSettings(bootstrap_servers="127.0.0.1:1"),
            Settings(auth_issuer="i", auth_jwks="j"),
            cast("Any", self),
            self.metrics,
            self.fatal.append,
            cast("Any", self),
        )

    @property
    def client(self) -> Client:
        return cast("Client", self.clients[-1].consumer)

    def _raw_batches(self, *given: Any) -> tuple[Any, Any]:
        subscriber = SimpleNamespace(consumer=None, partitions=given[4])
        broker = SimpleNamespace(connect=self._connect, start=self._start, subscriber=subscriber)
        return broker, subscriber

    async def _connect(self) -> None:
        if self.refused is not None:
            raise self.refused

    def _build_waiting_consumers(self, broker: Any, _holder: Any, _kafka: Any) -> None:
        self.clients.append(broker.subscriber)

    async def _start(self) -> None:
        await self.start.wait()
        self.clients[-1].consumer = self.make()

    async def _close(self, _broker: Any, _seconds: float) -> None:
        self.closed += 1

    async def handle(self, records: Any, terms: Any) -> None:
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.handled += [(TopicPartition(each.topic, each.partition), each.offset) for each in records]
        self.terms.append(dict(terms))

    def displaced(self, partition: TopicPartition, suspect: int | None = None) -> None:
        self.seen.append((partition, suspect))

    def forbidden(self, topic: str) -> None:
        self.seen.append(topic)

    def unreadable(self, partition: TopicPartition, held: Held, error: BaseException) -> None:
        self.seen.append((partition, held.next_offset, error))

    async def reading(self, *places: TopicPartition) -> None:
        await self.member.cover(places)
        for place in places:
            self.member.take(place, Held(3, 10))

    async def batch(self, *records: FakeRecord) -> None:
        self.client.given = dict(self.member.held)
        await asyncio.wait_for(self.member._on_batch(cast("Any", records)), 10)

    def committed(self) -> dict[TopicPartition, int]:
        return {place: offset for each in self.client.committed for place, offset in each.items()}
