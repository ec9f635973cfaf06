"""What FastStream asks for records: it waits for some, and nothing that the client raises gets out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    KafkaConnectionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnsupportedCodecError,
)

from chassis.consumer import faststream_adapter
from chassis.consumer.faststream_adapter import WaitingConsumer
from chassis.kafka import clients
from chassis.settings import KafkaSettings

GOOD, BAD = TopicPartition("ph.shop.v1", 0), TopicPartition("ph.shop.v1", 1)
RECORDS = {GOOD: ["a record"]}


class Told:
    """What a holder is told."""

    def __init__(self) -> None:
        self.held = {GOOD: object(), BAD: object()}
        self.calls: list[tuple[str, Any]] = []

    def seek_back(self) -> None:
        self.calls.append(("seek_back", None))

    def out_of_range(self, partition: TopicPartition) -> None:
        self.calls.append(("out_of_range", partition))

    def forbidden(self, topic: str) -> None:
        self.calls.append(("forbidden", topic))

    def unreadable(self, partition: TopicPartition, error: BaseException) -> None:
        self.calls.append(("unreadable", partition))
        self.held.pop(partition, None)


Answers = Callable[..., tuple[WaitingConsumer, Told]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """A consumer that is given these answers, and what its holder is told."""
    made: list[WaitingConsumer] = []
    monkeypatch.setattr(faststream_adapter, "PAUSE_SECONDS", 0.0)

    def make(*given: Any) -> tuple[WaitingConsumer, Told]:
        left: Iterator[Any] = iter(given)

        async def getmany(_self: AIOKafkaConsumer, *partitions: TopicPartition, **_options: Any) -> Any:
            await asyncio.sleep(0)
            answer = next(left)
            if callable(answer):
                answer = answer(*partitions)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
        told = Told()
        made.append(WaitingConsumer(bootstrap_servers="nobody.test:9092", holder=told, kafka=KafkaSettings()))
        return made[-1], told

    yield make
    for each in made:
        each._closed = True  # it has never been open


async def test_empty_answers_are_not_handed_on(answers: Answers) -> None:
    waiting, told = answers({}, {}, RECORDS)
    assert await waiting.getmany() == RECORDS
    assert waiting.given == {GOOD: told.held[GOOD]}
    assert told.calls == []


async def test_a_closed_consumer_has_no_more(answers: Answers) -> None:
    waiting, _ = answers({})
    waiting._closed = True
    assert await waiting.getmany() == {}


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (KafkaConnectionError(), None),
        (TopicAuthorizationFailedError("ph.shop.v1"), ("forbidden", "ph.shop.v1")),
        (OffsetOutOfRangeError({GOOD: 7}), ("out_of_range", GOOD)),
    ],
)
async def test_an_error_is_told_and_what_it_may_have_lost_is_read_again(
    answers: Answers, error: Exception, call: tuple[str, Any] | None
) -> None:
    waiting, told = answers(error, RECORDS)
    assert await waiting.getmany() == RECORDS
    assert told.calls == [("seek_back", None), *([call] if call else [])]


@pytest.mark.parametrize("error", [ValueError("varint"), UnsupportedCodecError("zstd")])
async def test_of_all_partitions_the_one_that_cannot_be_unpacked_is_found(answers: Answers, error: Exception) -> None:
    def alone(*partitions: TopicPartition) -> Any:
        (asked,) = partitions
        return error if asked == BAD else {}

    waiting, told = answers(error, alone, alone, RECORDS)
    assert await waiting.getmany() == RECORDS
    assert told.calls == [("seek_back", None), ("unreadable", BAD)]


async def test_what_stands_before_it_is_handed_over_one_by_one(answers: Answers) -> None:
    def first(*partitions: TopicPartition) -> Any:
        return {partitions[0]: ["before"]}

    waiting, told = answers(ValueError(), first)
    assert await waiting.getmany() == {GOOD: ["before"]}
    assert told.calls == [("seek_back", None)]


async def test_partitions_with_a_backlog_do_not_hide_the_one_that_cannot_be_unpacked(answers: Answers) -> None:
    def alone(*partitions: TopicPartition) -> Any:
        (asked,) = partitions
        return ValueError() if asked == BAD else {asked: ["one of many"]}

    waiting, told = answers(ValueError(), alone, alone, alone, RECORDS)
    told.held = {GOOD: object(), TopicPartition("ph.shop.v1", 2): object(), BAD: object()}
    for _ in range(3):
        await waiting.getmany()
    assert told.calls == [("seek_back", None), ("unreadable", BAD)]


async def test_metadata_is_not_asked_for_without_a_pause(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, _ = answers()
    asked = []

    async def ask() -> bool:
        asked.append(True)
        return True

    monkeypatch.setattr(AIOKafkaConsumer, "start", lambda _self: asyncio.sleep(0))
    waiting._client.force_metadata_update = ask
    await waiting.start()
    for count in (1, 2):
        await asyncio.gather(*(waiting._client.force_metadata_update() for _ in range(100)))
        assert len(asked) == count


async def test_a_wall_clock_that_is_set_makes_nobody_deaf(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps: dict[TopicPartition, int | None] = {GOOD: None}
    monkeypatch.setattr(AIOKafkaConsumer, "assignment", lambda _self: set(stamps))
    monkeypatch.setattr(AIOKafkaConsumer, "last_poll_timestamp", lambda _self, each: stamps[each])
    passed = [100.0]
    monkeypatch.setattr(faststream_adapter, "monotonic", lambda: passed[0])
    waiting, _ = answers()
    assert waiting.fetched_at() == float("-inf"), "never"
    stamps[GOOD] = 1_800_000_000_000
    assert waiting.fetched_at() == 100
    passed[0] = 110
    assert waiting.fetched_at() == 100, "silent since"
    stamps[GOOD] = 1_799_999_000_000
    assert waiting.fetched_at() == 110, "an answer, by a clock that was set back"


async def test_an_address_that_takes_connections_and_says_nothing_is_left_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "FIRST_ANSWER_MS", 100)
    silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    consumer = WaitingConsumer(holder=Told(), kafka=KafkaSettings(), bootstrap_servers=f"127.0.0.1:{port}")
    try:
        async with asyncio.timeout(20):
            with pytest.raises(KafkaConnectionError):
                await consumer.start()
    finally:
        await consumer.stop()
        silent.close()
