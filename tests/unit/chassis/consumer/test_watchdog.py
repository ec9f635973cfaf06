"""What counts as deaf, and how often a reader may be."""

from __future__ import annotations

import time

import pytest
from aiokafka import TopicPartition

from chassis.consumer import watchdog
from chassis.consumer.watchdog import DeafReaderError, Watchdog

PLACE = TopicPartition("ph.shop.v1", 0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that have passed; add to them."""
    passed = [0.0]
    monkeypatch.setattr(watchdog, "monotonic", lambda: passed[0])
    return passed


def test_quiet_is_deaf_after_a_while() -> None:
    assert not Watchdog().deaf(time.time() - 25)
    assert Watchdog().deaf(time.time() - 35)


def test_partitions_without_a_reader_count_while_they_last(clock: list[float]) -> None:
    dog = Watchdog()
    assert not dog.uncovered(covered=False)
    clock[0] += 29
    assert not dog.uncovered(covered=False)
    assert not dog.uncovered(covered=True)
    assert not dog.uncovered(covered=False)
    clock[0] += 31
    assert dog.uncovered(covered=False)


def test_a_lag_counts_while_its_place_stays(clock: list[float]) -> None:
    dog = Watchdog()
    for place in (1, 2, 2, 2):
        assert not dog.stands_still({PLACE: place}, {PLACE: 9})
        clock[0] += 25
    assert dog.stands_still({PLACE: 2}, {PLACE: 9})
    assert not dog.stands_still({PLACE: 2}, {PLACE: 0})
    assert not dog.stands_still({PLACE: 2}, {PLACE: 9})
    clock[0] += 61
    dog.pause()
    assert not dog.stands_still({PLACE: 2}, {PLACE: 9})


def test_a_second_renewal_of_a_member_within_ten_minutes_is_too_many(clock: list[float]) -> None:
    dog = Watchdog()
    dog.renewal(["till-1", "till-2"])
    clock[0] += 601
    dog.renewal(["till-1"])
    clock[0] += 599
    dog.renewal(["till-2"])
    with pytest.raises(DeafReaderError):
        dog.renewal(["till-1"])
