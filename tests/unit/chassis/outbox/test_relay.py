"""What a leader sends, deletes and reads again, whatever a broker answers. Database and broker are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, NotEnoughReplicasError
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
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

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
        self.answers: list[dict[int, Any]] = []
        """Instead of its own: by partition an error, or an offset. For the next rounds, one after the other."""
        self.largest = 1_000_000
        self.free = True
        self.errors: list[Exception] = []
        """What the database raises at the next reads."""
        self.looks: list[Look] = []
        self.marks: list[int] = []
        self.compared = 0
        self.known, self.unled = set(range(PARTITIONS)), set[int]()
        self.metrics = Metrics("till")
        self.made = 0
        self.closed = 0
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
        task = asyncio.create_task(self.relay.run())
        try:
            yield
        finally:
            self.relay.stop()
            await asyncio.wait_for(task, 10)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
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

    async def fetchval(self, query: str, *_: Any) -> Any:
        return self.free if "advisory" in query else self.next_id - 1

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        if "pg_locks" in query:
            return []
        if self.errors:
            raise self.errors.pop(0)
        mark, limit, held = given
        self.marks.append(mark)
        assert mark < min(self.rows, default=mark + 1), "the mark has passed a row that waits"
        await asyncio.sleep(0)
        return [row for id_, row in sorted(self.rows.items()) if id_ > mark and row["key"] not in held][:limit]

    async def execute(self, query: str, *given: Any) -> str:
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
                self.topic[partition].append((each.key.decode(), dict(each.headers)["ce_sequence"].decode()))
            sent.set_result(SimpleNamespace(offset=offset))
            return sent

        answers = self.answers.pop(0) if self.answers else {}
        return SimpleNamespace(client=client, start=lambda: asyncio.sleep(0), _sender=None, send_batch=send_batch)

    # --- what was told -----------------------------------------------------------------------------------------------

    async def _begun(self, *_: Any) -> Telling:
        self.compared += 1
        ends = {TopicPartition(TOPIC, each): Told(len(self.topic[each])) for each in self.known - self.unled}
        return Telling(ends, [TopicPartition(TOPIC, each) for each in self.unled])

    async def __aenter__(self) -> World:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def take(self) -> Look | None:
        return self.looks.pop(0) if self.looks else None


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


async def test_what_waits_is_sent_in_order_and_deleted_and_whoever_stops_has_sent_it(world: World) -> None:
    world.add(A, B, A, A2, B2)
    async with world.at_work():
        await world.empty()
        assert world.metrics.relay_leader._value.get() == 1
        world.add(A, A)
        world.relay.wake()
        await world.empty()
        world.add(B)
    assert (world.numbers(0), world.numbers(1)) == ([1000, 1002, 1003, 1005, 1006], [1001, 1004, 1007])
    assert world.metrics.published.labels(TOPIC)._value.get() == 8
    assert (world.metrics.relay_leader._value.get(), world.closed, world.made) == (0, 1, 1)


async def test_only_what_was_acknowledged_is_deleted_and_the_rest_is_sent_again_by_another_producer(
    world: World,
) -> None:
    world.add(A, B, A, B)
    world.answers = [{1: NotEnoughReplicasError()}, {1: NotEnoughReplicasError()}]
    async with world.at_work():
        await world.empty()
    assert (world.numbers(0), world.numbers(1)) == ([1000, 1002], [1001, 1003])
    assert world.made == 3
    assert world.metrics.retries.labels("relay", "NotEnoughReplicas")._value.get() == 2


async def test_no_event_is_passed_over_when_a_batch_is_made_smaller_or_does_not_fit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MARK_ROWS", 1)
    world.largest = 5_000
    world.add(*[A, B, A, A2, B2] * 10, size=1000)
    lines = configured()
    world.add(A, size=9000)
    world.add(B, A2, A)
    async with world.at_work():
        await world.until(lambda: {row["key"] for row in world.rows.values()} == {A})
        await world.until(lambda: world.metrics.relay_held_keys._value.get() == 1)
        world.largest = 10_000
        monkeypatch.setattr("chassis.outbox.limits.monotonic", lambda: float(2**40))
        await world.empty()
    for key in (A, A2, B, B2):
        sent = [number for each in world.topic.values() for name, number in each if name == key]
        assert sent == sorted(set(sent), key=int)
    assert sorted(world.numbers(0, 1)) == list(range(1000, 1054))
    assert [each["key"] for each in lines() if each["event"] == "record_held"] == [A]


async def test_the_mark_moves_behind_what_was_published_and_never_past_what_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MARK_ROWS", 4)
    world.relay._batch = 2
    world.add(*[A, B] * 6)
    async with world.at_work():
        await world.empty()
        await asyncio.sleep(0.05)
    assert world.marks[:2] == [0, 0]
    assert 1000 < max(world.marks) <= 1011
    looked = world.marks.index(max(world.marks))
    world.add(*[A, B] * 2)
    assert looked > 2


async def test_records_of_others_are_counted(world: World) -> None:
    world.add(A)
    world.answers = [{0: 3}]
    async with world.at_work():
        await world.empty()
    assert world.metrics.foreign_records.labels(TOPIC)._value.get() == 3
    assert world.compared == 1


async def test_an_answer_that_does_not_follow_deletes_nothing_of_its_batch_and_is_compared_again(world: World) -> None:
    world.add(A, B)
    world.answers = [{0: -1}]
    async with world.at_work():
        await world.empty()
    assert world.compared == 2
    assert world.numbers(0) == [1000, 1000], "nobody knows where the first one stands"
    assert world.numbers(1) == [1001]
    assert world.metrics.foreign_records.labels(TOPIC)._value.get() == 0


async def test_nothing_is_sent_to_a_partition_before_it_is_compared(world: World) -> None:
    world.known = {0}
    world.add(A, B, A, B)
    async with world.at_work():
        await world.until(lambda: world.compared > 2)
        assert (world.numbers(0), world.numbers(1)) == ([1000, 1002], [])
        world.known = {0, 1}
        await world.empty()
    assert world.numbers(1) == [1001, 1003]


async def test_keys_of_a_partition_that_nobody_leads_wait_and_hold_up_nobody(world: World) -> None:
    world.unled, world.relay._batch = {1}, 2
    world.add(B, A, B2, A, A2)
    async with world.at_work():
        await world.until(lambda: len(world.rows) == 2)
        assert world.numbers(0) == [1001, 1003, 1004]
        await world.until(lambda: world.metrics.relay_held_keys._value.get() == 2)
        world.unled.clear()
        place = TopicPartition(TOPIC, 1)
        world.looks = [Look({place: 0}, {place: 0})]
        await world.empty()
    assert world.numbers(1) == [1000, 1002]
    assert world.compared == 2


async def test_a_look_counts_what_others_have_written_and_notices_a_partition_that_has_become_shorter(
    world: World,
) -> None:
    place = TopicPartition(TOPIC, 2)
    world.looks = [Look({place: 0}, {place: 5}), Look({place: 5}, {place: 2})]
    async with world.at_work():
        await world.until(lambda: world.compared > 1)
    assert world.metrics.foreign_records.labels(TOPIC)._value.get() == 5


async def test_whoever_does_not_lead_waits_publishes_nothing_and_is_seen_to_be_alive(world: World) -> None:
    world.free = False
    world.add(A)
    before = world.relay.last_progress
    async with world.at_work():
        await world.until(lambda: world.relay.last_progress > before)
        assert world.metrics.relay_leader._value.get() == 0
    assert (world.compared, world.numbers(0), world.closed) == (0, [], 1)


async def test_an_outage_is_waited_for_and_what_is_unexpected_is_raised(world: World) -> None:
    world.errors = [ConnectionRefusedError(), TimeoutError()]
    world.add(A)
    async with world.at_work():
        await world.empty()
    assert world.closed == 3
    assert world.metrics.retries.labels("relay", "ConnectionRefusedError")._value.get() == 1
    world.errors = [ValueError("a defect")]
    with pytest.raises(ValueError, match="a defect"):
        await asyncio.wait_for(world.relay.run(), 5)
    assert world.metrics.relay_leader._value.get() == 0


async def test_pauses_grow_to_five_seconds_are_spread_and_begin_anew_once_something_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []

    async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
        if event is world.relay._stop:
            paused.append(seconds)
        await asyncio.sleep(0)
        return event.is_set()

    def uniform(low: float, high: float) -> float:
        return (low, high)[len(paused) % 2]

    monkeypatch.undo()
    world = World(monkeypatch)
    monkeypatch.setattr(module, "BACK_OFF_SECONDS", 5.0)
    monkeypatch.setattr(module, "is_set_within", is_set_within)
    monkeypatch.setattr(module.random, "uniform", uniform)
    world.errors = [TimeoutError() for _ in range(7)]
    async with world.at_work():
        await world.until(lambda: world.marks)
        world.errors = [TimeoutError()]
        await world.until(lambda: len(paused) > 7)
    assert paused[:8] == pytest.approx([0.1, 0.4, 0.4, 1.6, 1.6, 5, 2.5, 0.2])
