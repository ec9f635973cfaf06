"""Promises about time are judged by quiet seconds, and only where there were enough of them."""

from __future__ import annotations

import pytest

from chaos.evidence import Entry, Evidence
from chaos.faults import ALL
from chaos.faults.base import ALONE
from chaos.invariants import INVARIANTS
from chaos.laws.timely import HEALING, NO_REASON, PUBLISHED_WITHIN, READ_WITHIN
from chaos.spared import spared
from chaos.windows import Quiet, troubled
from tests.unit.chaos.good_run import good_run
from tests.unit.chaos.story import LOST_KEY
from tests.unit.chaos.ways_to_break_events import a_record_in_a_new_partition_was_read_late, a_relay_was_silent

LATE = {17: a_record_in_a_new_partition_was_read_late, 22: a_relay_was_silent}


def _late(number: int) -> tuple[Evidence, float]:
    """A run with one fact that is late, and when that began."""
    evidence = good_run()
    LATE[number](evidence)
    rows = [row.at for row in evidence.written["shop"] if row.what == "outbox+" and row.key == LOST_KEY]
    return spared(evidence), evidence.tips[1].at if number == 17 else rows[-1]


@pytest.mark.parametrize(("number", "within"), [(17, READ_WITHIN), (22, PUBLISHED_WITHIN)])
def test_what_is_too_near_the_end_of_the_storm_says_nothing(number: int, within: float) -> None:
    evidence, began = _late(number)
    evidence.over = began + within + 0.1
    assert INVARIANTS[number][1](evidence).violations
    evidence.over = began + within - 0.1
    check = INVARIANTS[number][1](evidence)
    assert not check.violations
    evidence.over = 0.0
    check = INVARIANTS[number][1](evidence)
    assert check.facts == 0, "not exercised"
    assert check.counts["too near the end"]


@pytest.mark.parametrize("number", LATE)
@pytest.mark.parametrize(
    ("fault", "detail", "excuse"),
    [
        ("sigkill", "till-2", {17}),
        ("sigkill", "shop-1", {22}),
        ("postgres_delay", "till", {17}),
        ("postgres_delay", "shop", {22}),
        ("kafka_killed", "", {17, 22}),
        ("kafka_moved", "shop till", {17, 22}),
        ("poison", "refused", set()),
    ],
)
def test_only_a_fault_that_concerns_the_service_is_an_excuse(
    number: int, fault: str, detail: str, excuse: set[int]
) -> None:
    evidence, began = _late(number)
    evidence.journal = [Entry(began - 1, fault, "begin", detail), Entry(began + 30, fault, "end", detail)]
    assert bool(INVARIANTS[number][1](evidence).violations) is (number not in excuse)


def test_calm_is_no_trouble_and_meets_nobody() -> None:
    assert ALL["calm"].needs == {ALONE}
    evidence = Evidence(journal=[Entry(1.0, "calm", "note", "nothing is wrong")])
    assert troubled(evidence, healing=HEALING) == []


def test_who_is_no_reason_to_be_late_is_a_fault() -> None:
    assert set(NO_REASON) <= set(ALL)


@pytest.mark.parametrize(
    ("since", "until", "seconds"),
    [
        (0, 10, 10),
        (0, 100, 70),
        (15, 18, 0),
        (15, 35, 15),
        (20, 50, 20),
        (55, 90, 30),
        (70, 60, 0),
        (70, float("inf"), float("inf")),
    ],
)
def test_quiet_seconds_are_those_beside_the_troubles(since: float, until: float, seconds: float) -> None:
    assert Quiet([(10, 20), (40, 50), (50, 60)]).seconds(since, until) == seconds


def test_what_heals_slowly_heals_only_while_nothing_else_is_wrong() -> None:
    evidence = good_run()
    evidence.journal = [
        Entry(1000.0, "kafka_moved", "begin", "shop till"),
        Entry(1000.0, "kafka_moved", "end", ""),
        Entry(1020.0, "postgres_reset", "begin", "till"),
        Entry(1032.0, "postgres_reset", "end", ""),
        Entry(1040.0, "postgres_reset", "begin", "till"),
        Entry(1041.0, "postgres_reset", "end", ""),
    ]
    slow = {"kafka_moved": 30.0}
    assert troubled(evidence, healing=2.0, slow=slow, of="shop") == [(1000.0, 1030.0)]
    assert troubled(evidence, healing=2.0, slow=slow, of="till") == [(1000.0, 1047.0)]
