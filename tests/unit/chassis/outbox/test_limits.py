"""What a relay learns from refusals: how large a batch may be, and which keys wait."""

from __future__ import annotations

import pytest

from chassis.outbox import limits
from chassis.outbox.limits import HELD_SECONDS, LEARNT_SECONDS, MAX_BATCH_BYTES, Limits

LARGE = MAX_BATCH_BYTES - 1000


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(limits, "monotonic", time)
    return time


def test_a_batch_stays_below_what_a_topic_takes_as_a_rule() -> None:
    assert Limits().of("t") == MAX_BATCH_BYTES == 900_000


def test_a_refused_batch_halves_the_next_ones_of_its_topic_until_it_is_forgotten(time: Time) -> None:
    learnt = Limits()
    learnt.halve("t", LARGE + 1)
    assert learnt.of("t") == LARGE // 2
    assert learnt.of("other") == MAX_BATCH_BYTES
    time.now += LEARNT_SECONDS - 0.1
    assert learnt.of("t") == LARGE // 2
    time.now += 0.1
    assert learnt.of("t") == MAX_BATCH_BYTES


def test_a_larger_batch_that_is_refused_later_does_not_raise_the_limit_again(time: Time) -> None:
    learnt = Limits()
    learnt.halve("t", 1000)
    learnt.halve("t", 8000)
    assert learnt.of("t") == 500


def test_a_record_that_is_alone_too_large_makes_its_key_wait_and_lowers_the_limit_below_it(time: Time) -> None:
    learnt = Limits()
    learnt.hold("t", LARGE, "k", 7)
    assert learnt.of("t") == LARGE - 1
    assert learnt.held() == ["k"]
    time.now += HELD_SECONDS - 0.1
    assert learnt.held() == ["k"]
    time.now += 0.1
    assert learnt.held() == []


def test_a_key_whose_partition_nobody_leads_waits_until_the_next_comparison(time: Time) -> None:
    learnt = Limits()
    learnt.leave_out("k", 7)
    learnt.leave_out("k", 9)
    time.now += 1e9
    assert learnt.held() == ["k"]
    assert learnt.before_held(20) == 6, "the first of its rows"
    learnt.release()
    assert (learnt.held(), learnt.before_held(20)) == ([], 20)


def test_a_new_leader_tries_all_keys_again(time: Time) -> None:
    learnt = Limits()
    learnt.hold("t", LARGE, "k", 7)
    learnt.release()
    assert learnt.held() == []


def test_the_mark_stays_before_the_first_record_that_waits(time: Time) -> None:
    learnt = Limits()
    assert learnt.before_held(20) == 20
    learnt.hold("t", LARGE, "k", 9)
    learnt.hold("t", LARGE, "m", 7)
    assert learnt.before_held(20) == 6
    assert learnt.before_held(5) == 5
