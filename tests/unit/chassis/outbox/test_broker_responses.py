"""What brokers answer to the relay: the silence that they ask for, and why they reject a batch."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.produce import ProduceRequest

from chassis.outbox import broker_responses
from chassis.outbox.broker_responses import BrokerResponses, Rejection, rejection

PLACE = ("ph.till.v1", 2)


class Broker:
    """Answers each request with what it was told to; the producer's client, as `BrokerResponses` sees it."""

    def __init__(self) -> None:
        self.client = self
        self.heard: list[tuple[int, Any]] = []
        self.answer: Any = SimpleNamespace()

    async def send(self, node: int, request: Any, **_: Any) -> Any:
        self.heard.append((node, request))
        return self.answer


class Time:
    def __init__(self) -> None:
        self.now = 500.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(broker_responses, "monotonic", time)
    return time


def heard(broker: Broker) -> tuple[BrokerResponses, list[float]]:
    asked: list[float] = []
    found = BrokerResponses(asked.append)
    found.listen(broker)  # type: ignore[arg-type]
    return found, asked


def produced(*codes: int, throttle: int = 0) -> Any:
    """The answer to a batch for each of the partitions 2, 3, ..."""
    partitions = [(2 + number, code, 0, 0) for number, code in enumerate(codes)]
    return SimpleNamespace(throttle_time_ms=throttle, topics=[("ph.till.v1", partitions)])


def request() -> ProduceRequest:
    return ProduceRequest(transactional_id=None, required_acks=-1, timeout=1000, topics=[])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (10, Rejection("MessageSizeTooLarge", too_large=True)),
        (18, Rejection("RecordListTooLarge", too_large=True)),
        (29, Rejection("TopicAuthorizationFailed")),
        (12345, Rejection("error 12345")),
    ],
)
def test_a_rejection_says_the_brokers_error_and_whether_a_smaller_batch_may_do(code: int, expected: Rejection) -> None:
    assert rejection(code) == expected


async def test_the_last_answer_for_a_partition_is_known_until_the_next_one_or_the_next_producer() -> None:
    broker = Broker()
    found, _ = heard(broker)
    assert found.rejection(PLACE) is None
    broker.answer = produced(10, 29)
    assert await broker.send(1, request()) is broker.answer
    assert found.rejection(PLACE) == rejection(10)
    assert found.rejection(("ph.till.v1", 3)) == rejection(29)
    broker.answer = produced(0)
    await broker.send(1, request())
    assert found.rejection(PLACE) is None
    assert found.rejection(("ph.till.v1", 3)) == rejection(29)
    found.listen(Broker())  # type: ignore[arg-type]
    assert found.rejection(("ph.till.v1", 3)) is None


async def test_other_requests_reject_nothing() -> None:
    broker = Broker()
    found, asked = heard(broker)
    broker.answer = produced(10)
    await broker.send(1, "metadata")
    broker.answer = SimpleNamespace()
    await broker.send(1, "of an older protocol")
    assert found.rejection(PLACE) is None
    assert asked == []
    assert found.silence() <= 0


async def test_a_broker_that_asks_for_silence_is_left_in_peace_as_long_as_it_says(time: Time) -> None:
    broker = Broker()
    found, asked = heard(broker)
    broker.answer = produced(0, throttle=1500)
    await broker.send(1, request())
    assert asked == [1.5]
    assert found.silence() == 1.5
    time.now += 1
    assert found.silence() == 0.5
    time.now += 1
    assert found.silence() == -0.5
    async with asyncio.timeout(5):
        await broker.send(1, "at once")


async def test_the_longest_silence_counts(time: Time) -> None:
    broker = Broker()
    found, _ = heard(broker)
    for node, throttle in ((1, 300), (2, 900), (3, 100)):
        broker.answer = produced(0, throttle=throttle)
        await broker.send(node, request())
    assert found.silence() == pytest.approx(0.9)


async def test_what_is_said_too_early_is_held_back_for_that_broker_only() -> None:
    broker = Broker()
    found, _ = heard(broker)
    broker.answer = produced(0, throttle=200)
    await broker.send(1, request())
    broker.answer = produced(0)
    early = asyncio.create_task(broker.send(1, "early"))
    await broker.send(2, "to another")
    await asyncio.sleep(0.05)
    assert [said for _, said in broker.heard[1:]] == ["to another"]
    await early
    assert broker.heard[-1] == (1, "early")
    assert found.silence() <= 0


async def test_the_next_producer_keeps_silent_for_as_long_as_the_last_one_must() -> None:
    first, second = Broker(), Broker()
    found, _ = heard(first)
    first.answer = produced(0, throttle=60_000)
    await first.send(1, request())
    waiting = asyncio.create_task(first.send(1, "never"))
    await asyncio.sleep(0)
    found.drop()
    with pytest.raises(KafkaConnectionError):
        await waiting
    found.listen(second)  # type: ignore[arg-type]
    held = asyncio.create_task(second.send(1, "later"))
    await asyncio.sleep(0.02)
    assert not held.done()
    assert second.heard == []
    found.drop()
    with pytest.raises(KafkaConnectionError):
        await held


def test_without_a_producer_there_is_nothing_to_drop_and_nobody_asks_for_silence() -> None:
    found = BrokerResponses(print)
    found.drop()
    assert found.silence() == 0
