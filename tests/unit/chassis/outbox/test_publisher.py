"""What becomes of batches and of the producer that sends them, whatever brokers do. The producer is a stand-in."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumber,
)
from aiokafka.protocol.produce import ProduceRequest

from chassis.outbox import publisher as module
from chassis.outbox.broker_responses import Rejection
from chassis.outbox.publisher import REFUSALS, Publisher
from chassis.outbox.records import Batch
from chassis.telemetry.metrics import Metrics
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture

ONE, TWO = ("ph.till.v1", 0), ("ph.till.v1", 1)
SILENT = object()
REQUEST = ProduceRequest(transactional_id=None, required_acks=-1, timeout=1, topics=[])


class Producer:
    """As aiokafka's, with its client, its cluster and its sender in one. `answers`: per partition an offset, an error
    or `SILENT`; `asks`: milliseconds of silence that its broker asks for."""

    def __init__(self) -> None:
        self.client = self.cluster = self._sender = self
        self.hosts = ["one"]
        self.answers: dict[tuple[str, int], Any] = {}
        self.known: set[int] | None = {0, 1, 2}
        self.refusal = 0
        """The error of a topic that is asked after."""
        self.asks, self.heard = 0, 0
        self.error: Exception | None = None
        self.started, self.closed = 0, 0
        self.connects_in = 0.0
        self.hangs = False
        self.waits: list[asyncio.Future[Any]] = []

    async def start(self) -> None:
        self.started += 1
        await asyncio.sleep(self.connects_in)

    async def close(self) -> None:
        self.closed += 1
        if self.hangs:
            await asyncio.Event().wait()

    def partitions_for_topic(self, _topic: str) -> set[int] | None:
        return self.known

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0, 1}

    def brokers(self) -> list[Any]:
        return [SimpleNamespace(nodeId=1)]

    async def send(self, _node: int, request: Any, **_: Any) -> Any:
        self.heard += 1
        if names := getattr(request, "_topics", None):
            return SimpleNamespace(topics=[(self.refusal, name, bytes(16), False, []) for name in names])
        return SimpleNamespace(throttle_time_ms=self.asks, topics=[])

    async def send_batch(self, _batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Any]:
        if self.error is not None:
            raise self.error
        await self.client.send(1, REQUEST)
        answer, sent = self.answers[topic, partition], asyncio.get_running_loop().create_future()
        if isinstance(answer, Exception):
            sent.set_exception(answer)
        elif answer is SILENT:
            self.waits.append(sent)
        else:
            sent.set_result(SimpleNamespace(offset=answer))
        return sent


class Desk:
    """A publisher with all producers that it has made."""

    def __init__(self, timeout: float = 0.05) -> None:
        self.made: list[Producer] = []
        self.next = Producer()
        self.metrics = Metrics("till")
        self.turns = 0
        self.publisher = Publisher(self._new, self.metrics, timeout, self._turned)  # type: ignore[arg-type]

    def _new(self) -> Producer:
        self.made.append(self.next)
        self.next = Producer()
        return self.made[-1]

    def _turned(self) -> None:
        self.turns += 1

    async def send(self, **answers: Any) -> Any:
        places = {"one": ONE, "two": TWO}
        producer = self.made[-1] if self.made else self.next
        producer.answers = {places[name]: answer for name, answer in answers.items()}
        return await asyncio.wait_for(self.publisher.send({place: Batch(1000) for place in producer.answers}), 10)

    def counted(self, topic: str, reason: str) -> tuple[float, float]:
        failures, errors = self.metrics.publish_failures, self.metrics.publish_errors
        return failures.labels(topic)._value.get(), errors.labels(topic, reason)._value.get()


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_one_producer_sends_until_a_batch_is_rejected(desk: Desk) -> None:
    assert await desk.publisher.send({}) == ({}, {})
    assert desk.made == [], "nothing to say, nobody to connect to"
    assert await desk.send(one=7) == ({ONE: 7}, {})
    assert await desk.send(one=8, two=3) == ({ONE: 8, TWO: 3}, {})
    (producer,) = desk.made
    assert (producer.started, producer.closed) == (1, 0)
    assert desk.turns == 1, "a connection is progress"


async def test_what_was_acknowledged_beside_a_rejected_batch_counts_and_the_producer_is_let_go(desk: Desk) -> None:
    lines = configured()
    acknowledged, rejected = await desk.send(one=7, two=OutOfOrderSequenceNumber())
    assert acknowledged == {ONE: 7}
    assert rejected == {TWO: Rejection("OutOfOrderSequenceNumber")}
    assert desk.made[0].closed == 2, "its sender and its client"
    assert desk.counted("ph.till.v1", "OutOfOrderSequenceNumber") == (1, 1)
    (line,) = lines()
    assert (line["event"], line["reason"], line["partitions"]) == (
        "relay_not_acknowledged", "OutOfOrderSequenceNumber", 1,
    )  # fmt: skip
    await desk.publisher.partitions("ph.till.v1")
    assert len(desk.made) == 2


async def test_each_batch_has_its_own_reason(desk: Desk) -> None:
    _, rejected = await desk.send(one=NotLeaderForPartitionError(), two=MessageSizeTooLargeError())
    assert {place: each.reason for place, each in rejected.items()} == {
        ONE: "NotLeaderForPartition", TWO: "MessageSizeTooLarge",
    }  # fmt: skip


async def test_a_broker_that_does_not_answer_in_time_has_rejected_nothing_else(desk: Desk) -> None:
    acknowledged, rejected = await desk.send(one=SILENT, two=5)
    assert (acknowledged, rejected) == ({TWO: 5}, {ONE: Rejection("NoAnswer")})
    assert desk.counted("ph.till.v1", "NoAnswer") == (1, 1)


async def test_an_error_before_anything_is_sent_is_the_reason_of_all(desk: Desk) -> None:
    desk.next.error = KafkaConnectionError()
    acknowledged, rejected = await desk.send(one=1, two=2)
    assert acknowledged == {}
    assert set(rejected) == {ONE, TWO}
    assert {each.reason for each in rejected.values()} == {"KafkaConnection"}
    assert desk.counted("ph.till.v1", "KafkaConnection") == (2, 2)


async def test_silence_that_a_broker_asks_for_is_no_missing_answer(desk: Desk) -> None:
    """The answer comes after more than the timeout, and in time once the silence is over."""
    desk.next.asks = 200
    asyncio.get_running_loop().call_later(0.15, lambda: desk.made[0].waits[0].set_result(SimpleNamespace(offset=4)))
    lines = configured()
    assert await desk.send(one=SILENT) == ({ONE: 4}, {})
    assert desk.turns > 1, "the probe sees that it waits for a reason"
    assert desk.metrics.relay_throttled_seconds._value.get() == pytest.approx(0.2)
    assert [(each["event"], each["seconds"]) for each in lines()] == [("relay_throttled", pytest.approx(0.2))]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time by which answers are waited for; whoever waits looks at it again at once."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("chassis.outbox.broker_responses.monotonic", lambda: clock.now)
    monkeypatch.setattr(module, "monotonic", lambda: clock.now)
    monkeypatch.setattr(module, "STEP_SECONDS", 0.001)
    return clock


async def waited(clock: SimpleNamespace, until: float) -> None:
    clock.now = until
    for _ in range(5):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("asks", "ends"), [(0, 110.0), (30_000, 140.0)])
async def test_an_answer_counts_until_its_time_is_over_which_begins_after_the_silence(
    clock: SimpleNamespace, asks: int, ends: float
) -> None:
    desk = Desk(timeout=10)
    desk.next.asks = asks
    in_time = asyncio.create_task(desk.send(one=SILENT))
    await waited(clock, 100.0)
    await waited(clock, ends - 1)
    desk.made[0].waits[0].set_result(SimpleNamespace(offset=4))
    assert await in_time == ({ONE: 4}, {})

    clock.now, desk = 100.0, Desk(timeout=10)
    desk.next.asks = asks
    too_late = asyncio.create_task(desk.send(one=SILENT))
    await waited(clock, 100.0)
    await waited(clock, ends)
    desk.made[0].waits[0].set_result(SimpleNamespace(offset=4))
    assert await too_late == ({}, {ONE: Rejection("NoAnswer")})


async def test_nobody_speaks_before_the_silence_is_over_or_after_he_was_told_to_stop(desk: Desk) -> None:
    stop = asyncio.Event()
    assert await desk.publisher.may_speak(stop)
    desk.next.asks = 150
    await desk.send(one=1)
    turns, begun = desk.turns, asyncio.get_running_loop().time()
    assert await desk.publisher.may_speak(stop)
    assert asyncio.get_running_loop().time() - begun > 0.1
    assert desk.turns > turns
    desk.made[0].asks = 30_000
    await desk.send(one=2)
    asyncio.get_running_loop().call_later(0.05, stop.set)
    assert not await asyncio.wait_for(desk.publisher.may_speak(stop), 5)


async def test_what_a_producer_holds_back_while_it_keeps_silent_is_never_said_once_it_is_let_go(desk: Desk) -> None:
    desk.next.asks = 30_000
    await desk.send(one=1)
    (producer,) = desk.made
    held_back = asyncio.create_task(producer.send(1, REQUEST))
    await asyncio.sleep(0.01)
    await desk.publisher.drop()
    with pytest.raises(KafkaConnectionError):
        await asyncio.wait_for(held_back, 5)
    assert producer.heard == 1


@pytest.mark.parametrize(("timeout", "addresses"), [(10.0, 0), (0.0, 1)])
async def test_a_connection_may_take_the_time_for_its_addresses_and_then_for_an_answer(
    timeout: float, addresses: int
) -> None:
    desk = Desk(timeout)
    desk.next.hosts, desk.next.connects_in = ["silent"] * addresses, 0.01
    assert await desk.publisher.partitions("ph.till.v1") == 3


async def test_a_connection_that_takes_longer_is_given_up(desk: Desk) -> None:
    desk.next.hosts, desk.next.connects_in = [], 60
    with pytest.raises(TimeoutError):
        await desk.publisher.partitions("ph.till.v1")
    assert desk.turns == 0, "that is no progress"


async def test_a_topic_that_the_client_does_not_know_yet_is_asked_for(desk: Desk) -> None:
    assert await desk.publisher.partitions("ph.till.v1") == 3
    desk.made[0].known = None
    assert await desk.publisher.partitions("ph.till.v1") == 2


async def test_a_producer_is_let_go_once_even_if_it_had_never_begun_to_send(desk: Desk) -> None:
    await desk.publisher.drop()
    await desk.publisher.partitions("ph.till.v1")
    (producer,) = desk.made
    producer._sender = None  # type: ignore[assignment]
    await desk.publisher.drop()
    await desk.publisher.drop()
    assert producer.closed == 1
    assert vars(producer)["_closed"], "or it complains that nobody stopped it"


async def test_a_producer_that_does_not_close_is_let_go_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.05)
    desk.next.hangs = True
    _, rejected = await desk.send(one=OutOfOrderSequenceNumber())
    assert (list(rejected), desk.made[0].closed) == ([ONE], 2), "its sender and its client were asked"
    await desk.publisher.partitions("ph.till.v1")
    assert len(desk.made) == 2


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_topic_that_is_not_there_or_not_for_this_user_is_told_at_once(desk: Desk, refusal: Any) -> None:
    desk.next.known, desk.next.refusal = None, refusal.errno
    with pytest.raises(refusal):
        await desk.publisher.partitions("ph.till.operations.v1")
