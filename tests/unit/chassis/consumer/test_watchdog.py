"""What counts as deaf, and how often a reader may be."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from chassis.consumer import watchdog
from chassis.consumer.watchdog import (
    AGAIN_SECONDS,
    DEAF_SECONDS,
    STILL_SECONDS,
    DeafReaderError,
    Hearing,
    Watchdog,
)

PLACE = TopicPartition("ph.shop.v1", 0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that have passed; add to them."""
    passed = [0.0]
    monkeypatch.setattr(watchdog, "monotonic", lambda: passed[0])
    return passed


def test_quiet_is_deaf_after_a_while_in_which_others_were_answered(clock: list[float]) -> None:
    dog = Watchdog()
    assert not dog.deaf(0)
    clock[0] += DEAF_SECONDS
    assert not dog.deaf(0), "the time that it has, and no longer"
    clock[0] += 5
    assert dog.deaf(0)
    assert not dog.deaf(10)


def test_after_an_outage_nobody_is_deaf_at_once(clock: list[float]) -> None:
    dog = Watchdog()
    dog.deaf(0)
    clock[0] += 100
    dog.pause()
    assert not dog.deaf(0)
    clock[0] += 29
    assert not dog.deaf(0)
    clock[0] += 2
    assert dog.deaf(0)


def test_a_database_that_is_gone_for_a_moment_is_no_reason_to_stay_deaf(clock: list[float]) -> None:
    dog = Watchdog()
    dog.deaf(0)
    clock[0] += 25
    dog.pause(brokers_answer=True)
    clock[0] += 10
    assert dog.deaf(0)


def test_partitions_without_a_reader_count_while_they_last(clock: list[float]) -> None:
    dog = Watchdog()
    assert not dog.uncovered(covered=False)
    clock[0] += DEAF_SECONDS
    assert not dog.uncovered(covered=False), "the time that it has, and no longer"
    clock[0] += 1
    assert dog.uncovered(covered=False)
    assert not dog.uncovered(covered=True)
    assert not dog.uncovered(covered=False)
    clock[0] += 29
    assert not dog.uncovered(covered=False)


def test_time_in_which_a_member_connects_does_not_count(clock: list[float]) -> None:
    dog = Watchdog()
    for _ in range(8):
        assert not dog.uncovered(covered=False, connecting=60)
        clock[0] += 5
    for _ in range(6):
        assert not dog.uncovered(covered=False), "since 35 s it connects no more"
        clock[0] += 5
    assert dog.uncovered(covered=False)


def test_who_connects_for_longer_than_that_may_take_is_as_deaf_as_anybody(clock: list[float]) -> None:
    dog = Watchdog()
    for _ in range(19):
        assert not dog.uncovered(covered=False, connecting=60)
        clock[0] += 5
    assert dog.uncovered(covered=False, connecting=60)


def test_neither_an_outage_nor_a_new_reader_counts_as_without_one(clock: list[float]) -> None:
    dog = Watchdog()
    for forgive in (dog.pause, lambda: dog.renewal(["till-1"])):
        dog.uncovered(covered=False)
        clock[0] += 25
        forgive()
        clock[0] += 10
        assert not dog.uncovered(covered=False)
        clock[0] += 31
        assert dog.uncovered(covered=False), "from then on it does again"


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


def test_a_batch_in_hand_neither_judges_nor_forgets(clock: list[float]) -> None:
    """One partition is deaf beside others of its reader, which is at work at every other look."""
    dog, other = Watchdog(), TopicPartition("ph.shop.v1", 1)
    for look in range(13):
        in_hand = {PLACE, other} if look % 2 else set()
        assert not dog.stands_still({PLACE: 2, other: look}, {PLACE: 9, other: 9}, in_hand)
        clock[0] += 5
    assert not dog.stands_still({PLACE: 2, other: 13}, {PLACE: 9, other: 9}, {PLACE, other})
    assert dog.stands_still({PLACE: 2, other: 13}, {PLACE: 9, other: 9})


def test_a_batch_in_hand_that_has_moved_its_place_begins_anew(clock: list[float]) -> None:
    dog = Watchdog()
    assert not dog.stands_still({PLACE: 2}, {PLACE: 9})
    clock[0] += 40
    assert not dog.stands_still({PLACE: 3}, {PLACE: 9}, {PLACE})
    clock[0] += 40
    assert not dog.stands_still({PLACE: 3}, {PLACE: 9})


def test_a_batch_in_hand_of_a_place_that_was_not_behind_is_no_lag(clock: list[float]) -> None:
    dog = Watchdog()
    assert not dog.stands_still({PLACE: 2}, {PLACE: 9}, {PLACE})
    clock[0] += 61
    assert not dog.stands_still({PLACE: 2}, {PLACE: 9}), "behind since now"


def test_one_record_is_a_lag_and_a_place_without_any_is_none(clock: list[float]) -> None:
    dog, other = Watchdog(), TopicPartition("ph.shop.v1", 1)
    assert not dog.stands_still({PLACE: 2, other: 2}, {PLACE: 1})
    clock[0] += STILL_SECONDS
    assert not dog.stands_still({PLACE: 2, other: 2}, {PLACE: 1}), "the time that it has, and no longer"
    clock[0] += 1
    assert not dog.stands_still({other: 2}, {})
    assert not dog.stands_still({PLACE: 2, other: 2}, {PLACE: 1}), "nobody read it meanwhile"
    clock[0] += 61
    assert dog.stands_still({PLACE: 2, other: 2}, {PLACE: 1})
    assert not dog.stands_still({other: 2}, {})


def test_a_new_reader_has_its_time_before_it_stands_still(clock: list[float]) -> None:
    dog = Watchdog()
    dog.stands_still({PLACE: 2}, {PLACE: 9})
    clock[0] += 59
    dog.renewal(["till-1"])
    clock[0] += 59
    assert not dog.stands_still({PLACE: 2}, {PLACE: 9})


def test_a_second_renewal_of_a_member_within_ten_minutes_is_too_many(clock: list[float]) -> None:
    dog = Watchdog()
    dog.renewal(["till-1", "till-2"])
    clock[0] += AGAIN_SECONDS
    dog.renewal(["till-1"])
    clock[0] += 599
    dog.renewal(["till-2"])
    with pytest.raises(DeafReaderError):
        dog.renewal(["till-1"])


def test_members_that_are_deaf_for_the_same_reason_are_made_anew_one_by_one_too(clock: list[float]) -> None:
    dog = Watchdog()
    dog.renewal(["till-1"])
    clock[0] += 1
    dog.renewal(["till-2"])
    clock[0] += 1
    with pytest.raises(DeafReaderError):
        dog.renewal(["till-1", "till-2"])


def test_partitions_that_are_taken_anew_make_nobody_less_deaf(clock: list[float]) -> None:
    hearing = Hearing()
    clock[0] += 20
    hearing.rests()
    clock[0] += 50
    hearing.listens(float("-inf"))
    assert hearing.quiet_since(float("-inf")) == 50, "20 s of silence, and none while nothing was wanted"
    clock[0] += 5
    assert hearing.quiet_since(float("-inf")) == 50
    assert hearing.quiet_since(73) == 73, "an answer"


def test_whoever_has_heard_while_it_rested_begins_anew(clock: list[float]) -> None:
    hearing = Hearing()
    clock[0] += 20
    hearing.rests()
    clock[0] += 10
    hearing.heard()
    clock[0] += 10
    hearing.listens(float("-inf"))
    assert hearing.quiet_since(float("-inf")) == 40
