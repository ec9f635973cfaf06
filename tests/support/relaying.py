"""An outbox and a topic at hand for the relay, whatever a broker answers. Database and broker are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatch

from chassis.outbox import relay as module
from chassis.outbox.lineage import Told
from chassis.outbox.partitions import partition_of
from chassis.outbox.records import Batch
from chassis.outbox.relay import Relay
from chassis.outbox.telling import Look, Telling
from chassis.telemetry.metrics import Metrics
from tests.support import outbox

TOPIC, PARTITIONS = "ph.till.v1", 3


def keys_of(partition: int) -> list[str]:
    return [key for number in range(99) if partition_of(key := f"key-{number}", PARTITIONS) == partition]


A, A2, *_ = keys_of(0)
B, B2, *_ = keys_of(1)


class Row(tuple[Any, ...]):
    """As asyncpg's."""

    __slots__ = ()

    def __getitem__(self, at: Any) -> Any:
        return super().__getitem__(("id", "topic", "key", "record").index(at) if isinstance(at, str) else at)


class World:
    """The outbox by id, the topic by partition, and a relay between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, batch: int = 100) -> None:
        self.rows: dict[int, Row] = {}
        self.next_id = 1000
        self.topic: dict[int, list[tuple[str, str]]] = {partition: [] for partition in range(PARTITIONS)}
        """Keys and numbers, as they were sent."""
        self.sent: list[int] = []
        """Numbers, in the order in which all partitions got them."""
        self.answers: list[dict[int, Any]] = []
        """Instead of its own: by partition an error, or an offset. For the next rounds, one after the other."""
        self.largest = 1_000_000
        self.free, self.asked_for_the_lock = True, 0
        self.errors: list[Exception | None] = []
        """What the database raises at the next reads; None where it answers."""
        self.looks: list[Look] = []
        self.marks: list[int] = []
        self.compared = 0
        self.topics = set[str]()
        """Those that were compared last."""
        self.told: dict[int, int] = {}
        """Up to where each partition is told, as it is written."""
        self.known, self.unled = set(range(PARTITIONS)), set[int]()
        self.metrics = Metrics("till")
        self.made = 0
        self.closed = 0
        self.closing: Callable[[], Awaitable[Any]] = partial(asyncio.sleep, 0)
        """What a session does while it closes."""
        monkeypatch.setattr(module, "BACK_OFF_SECONDS", 0.01)
        monkeypatch.setattr(module, "EndsWatch", lambda *_: self)
        monkeypatch.setattr(module.telling, "begun", self._begun)
        monkeypatch.setattr(module.asyncpg, "connect", self._connect)
        self.relay = Relay(
            "dsn", self._producer, None, [TOPIC], self.metrics, batch=batch, poll_seconds=0.01,  # type: ignore[arg-type]
            publish_timeout_seconds=1.0,
        )  # fmt: skip

    def add(self, *keys: str, size: int = 1) -> None:
        for key in keys:
            record = outbox.record(key, bytes(size), ce_sequence=str(self.next_id))
            self.rows[self.next_id] = Row((self.next_id, TOPIC, key, record))
            self.next_id += 1

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        self.task = asyncio.create_task(self.relay.run())
        try:
            yield
        finally:
            self.relay.stop()
            await asyncio.wait_for(self.task, 10)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                assert not self.task.done(), "the relay has ended"
                await asyncio.sleep(0.002)

    async def empty(self) -> None:
        await self.until(lambda: not self.rows)

    def numbers(self, *partitions: int) -> list[int]:
        return [int(number) for each in partitions for _, number in self.topic[each]]

    # --- the database ------------------------------------------------------------------------------------------------

    async def _connect(self, *_: Any, **__: Any) -> World:
        return self

    async def close(self, timeout: float) -> None:
        self.closed += 1
        await self.closing()

    async def fetchval(self, query: str, *_: Any) -> Any:
        if "advisory" not in query:
            return self.next_id - 1
        self.asked_for_the_lock += 1
        return self.free

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        if "pg_locks" in query:
            return []
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        mark, limit, held = given
        self.marks.append(mark)
        assert mark < min(self.rows, default=mark + 1), "the mark has passed a row that waits"
        await asyncio.sleep(0)
        return [row for id_, row in sorted(self.rows.items()) if id_ > mark and row["key"] not in held][:limit]

    async def execute(self, query: str, *given: Any) -> str:
        if "into lineage" in query:
            self.told |= dict(zip(*given[1:3], strict=True))
        if "outbox" in query:
            for id_ in given[-1]:
                del self.rows[id_]
        return ""

    # --- the broker --------------------------------------------------------------------------------------------------

    def _producer(self) -> Any:
        async def answered(answer: tuple[int, int], _request: Any) -> Any:
            return SimpleNamespace(topics=[(TOPIC, [answer])])

        self.made += 1
        cluster = SimpleNamespace(partitions_for_topic=lambda _: set(range(PARTITIONS)))
        client = SimpleNamespace(cluster=cluster, hosts=["one"], send=answered, close=lambda: asyncio.sleep(0))

        request = ProduceRequest(transactional_id=None, required_acks=-1, timeout=1, topics=[])

        async def send_batch(batch: Batch, _topic: str, partition: int) -> asyncio.Future[Any]:
            sent, answer = asyncio.get_running_loop().create_future(), answers.get(partition)
            if batch.size() > self.largest:
                answer = MessageSizeTooLargeError()
            if isinstance(answer, KafkaError):
                await client.send((partition, answer.errno), request)
                sent.set_exception(answer)
                return sent
            offset = len(self.topic[partition]) if answer is None else answer
            for each in DefaultRecordBatch(bytearray(batch._build())):
                number = dict(each.headers)["ce_sequence"].decode()
                self.topic[partition].append((each.key.decode(), number))
                self.sent.append(int(number))
            sent.set_result(SimpleNamespace(offset=offset))
            return sent

        answers = self.answers.pop(0) if self.answers else {}
        return SimpleNamespace(client=client, start=lambda: asyncio.sleep(0), _sender=None, send_batch=send_batch)

    # --- what was told -----------------------------------------------------------------------------------------------

    async def _begun(self, _database: Any, _reader: Any, topics: set[str], *_: Any) -> Telling:
        self.compared += 1
        self.topics = set(topics)
        ends = {TopicPartition(TOPIC, each): Told(len(self.topic[each])) for each in self.known - self.unled}
        return Telling(ends, [TopicPartition(TOPIC, each) for each in self.unled])

    async def __aenter__(self) -> World:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def take(self) -> Look | None:
        return self.looks.pop(0) if self.looks else None
