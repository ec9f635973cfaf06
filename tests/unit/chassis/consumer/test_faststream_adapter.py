"""What FastStream asks for records: it waits for some, and tells when there will never be any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError

from chassis.consumer import faststream_adapter
from chassis.consumer.faststream_adapter import WaitingConsumer

RECORDS = {TopicPartition("ph.shop.v1", 0): ["a record"]}

Answers = Callable[..., tuple[WaitingConsumer, list[BaseException]]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """A consumer that is given these answers, and what it has called fatal."""
    made: list[WaitingConsumer] = []

    def make(*given: Any) -> tuple[WaitingConsumer, list[BaseException]]:
        left: Iterator[Any] = iter(given)

        async def getmany(_self: AIOKafkaConsumer, *_partitions: TopicPartition, **_options: Any) -> Any:
            await asyncio.sleep(0)
            answer = next(left)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
        fatal: list[BaseException] = []
        made.append(WaitingConsumer(bootstrap_servers="nobody.test:9092", on_fatal=fatal.append))
        return made[-1], fatal

    yield make
    for each in made:
        each._closed = True  # it has never been open


async def test_empty_answers_are_not_handed_on(answers: Answers) -> None:
    waiting, fatal = answers({}, {}, RECORDS)
    assert await waiting.getmany() == RECORDS
    assert fatal == []


async def test_a_closed_consumer_has_no_more(answers: Answers) -> None:
    waiting, _ = answers({})
    waiting._closed = True
    assert await waiting.getmany() == {}


async def test_what_asking_again_cannot_mend_ends_the_process_at_once(answers: Answers) -> None:
    error = TopicAuthorizationFailedError("ph.shop.v1")
    waiting, fatal = answers(error)
    with pytest.raises(KafkaError):
        await waiting.getmany()
    assert fatal == [error]


async def test_what_may_pass_ends_it_only_if_it_lasts(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, fatal = answers(KafkaConnectionError(), KafkaConnectionError(), RECORDS, KafkaConnectionError())
    for _ in range(2):
        with pytest.raises(KafkaError):
            await waiting.getmany()
    assert fatal == []
    assert await waiting.getmany() == RECORDS
    monkeypatch.setattr(faststream_adapter, "FETCH_PATIENCE_SECONDS", -1)
    with pytest.raises(KafkaError):
        await waiting.getmany()
    assert len(fatal) == 1
