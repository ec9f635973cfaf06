"""Whom the lag in seconds asks, and what it says when nobody knows. Its brokers are a stand-in."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaConnectionError

from chassis.consumer.lag import Lag
from chassis.kafka.unpacking import Written
from chassis.telemetry.metrics import Metrics

PLACE = TopicPartition("ph.shop.v1", 0)


class Lookout:
    """One batch from offset 10 to before 20. `answer`: instead of it."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.answer: Written | Exception | None = Written(time.time() - 100, 20)

    async def written_at(self, _partition: TopicPartition, offset: int) -> Written | None:
        self.asked.append(offset)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def lookout() -> Lookout:
    return Lookout()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("till")


@pytest.fixture
def lag(lookout: Lookout, metrics: Metrics) -> Lag:
    return Lag(cast("Any", lookout), metrics)


def told(metrics: Metrics, name: str, place: TopicPartition = PLACE) -> float | None:
    return metrics.registry.get_sample_value(name, {"topic": place.topic, "partition": str(place.partition)})


def seconds(metrics: Metrics) -> float | None:
    return told(metrics, "ph_consumer_lag_seconds")


def test_only_what_this_process_reads_now_has_a_lag_in_records(lag: Lag, metrics: Metrics) -> None:
    other = TopicPartition("ph.shop.v1", 1)
    lag.tell({PLACE: 5, other: 0})
    assert [told(metrics, "ph_consumer_lag", each) for each in (PLACE, other)] == [5, 0]
    lag.tell({other: 2})
    assert [told(metrics, "ph_consumer_lag", each) for each in (PLACE, other)] == [None, 2]


async def test_what_nobody_can_tell_is_no_number(lag: Lag, metrics: Metrics) -> None:
    lag.tell({PLACE: 5})
    await lag.tell_seconds({PLACE: 5}, {PLACE: 10})
    lag.forget()
    assert (told(metrics, "ph_consumer_lag"), seconds(metrics)) == (None, None)


async def test_whoever_is_not_behind_asks_nobody(lag: Lag, lookout: Lookout, metrics: Metrics) -> None:
    await lag.tell_seconds({PLACE: 0}, {PLACE: 10})
    assert (seconds(metrics), lookout.asked) == (0, [])


async def test_the_brokers_are_asked_once_per_batch(lag: Lag, lookout: Lookout, metrics: Metrics) -> None:
    for place in (10, 10, 19):
        await lag.tell_seconds({PLACE: 5}, {PLACE: place})
        assert 100 <= (seconds(metrics) or 0) < 160
    assert lookout.asked == [10]
    lookout.answer = Written(time.time() - 7, 30)
    await lag.tell_seconds({PLACE: 5}, {PLACE: 20})
    assert 7 <= (seconds(metrics) or 0) < 67
    assert lookout.asked == [10, 20]


async def test_after_a_step_back_they_are_asked_again(lag: Lag, lookout: Lookout) -> None:
    await lag.tell_seconds({PLACE: 5}, {PLACE: 15})
    await lag.tell_seconds({PLACE: 9}, {PLACE: 11})
    assert lookout.asked == [15, 11]


@pytest.mark.parametrize("answer", [None, CorruptRecordException()], ids=["gone", "no batch"])
async def test_what_is_gone_or_no_batch_has_no_age(
    lag: Lag, lookout: Lookout, metrics: Metrics, answer: Exception | None
) -> None:
    await lag.tell_seconds({PLACE: 5}, {PLACE: 15})
    lookout.answer = answer
    await lag.tell_seconds({PLACE: 5}, {PLACE: 20})
    assert seconds(metrics) is None


async def test_brokers_that_do_not_answer_are_an_outage(lag: Lag, lookout: Lookout) -> None:
    lookout.answer = KafkaConnectionError()
    with pytest.raises(KafkaConnectionError):
        await lag.tell_seconds({PLACE: 5}, {PLACE: 15})


async def test_a_clock_of_the_writer_that_is_ahead_makes_no_negative_age(
    lag: Lag, lookout: Lookout, metrics: Metrics
) -> None:
    lookout.answer = Written(time.time() + 1000, 20)
    await lag.tell_seconds({PLACE: 5}, {PLACE: 15})
    assert seconds(metrics) == 0
