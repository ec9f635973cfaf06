"""Of what a library repeats some lines go out, and the number of the others: none is lost without a word."""

from __future__ import annotations

import logging

import pytest

from chassis.telemetry import repeats
from chassis.telemetry.repeats import LINES, WINDOW_SECONDS, Repeats
from tests.support.loglines import configured


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that have passed; add to them."""
    passed = [0.0]
    monkeypatch.setattr(repeats, "monotonic", lambda: passed[0])
    return passed


def test_each_kind_has_its_own_lines() -> None:
    seen = Repeats[str]()
    assert [seen.goes_out("gone") for _ in range(LINES + 2)] == [True] * LINES + [False] * 2
    assert seen.goes_out("late")


def test_what_did_not_go_out_is_told_once_its_time_is_over(clock: list[float]) -> None:
    seen = Repeats[str]()
    for kind, lines in (("gone", LINES + 7), ("late", LINES), ("slow", LINES + 1)):
        for _ in range(lines):
            seen.goes_out(kind)
    clock[0] = WINDOW_SECONDS - 1
    assert list(seen.held_back()) == []
    clock[0] = WINDOW_SECONDS
    assert list(seen.held_back()) == [("gone", 7), ("slow", 1)]
    assert list(seen.held_back()) == []
    assert seen.goes_out("gone"), "counted anew"


def test_a_library_that_repeats_itself_hides_nothing_else() -> None:
    lines = configured()
    client = logging.getLogger("aiokafka.client")
    for node in [1] * 30 + [2]:
        client.error("Unable connect to node with id %s: %s", node, ConnectionRefusedError("an address"))
    told = [line["event"] for line in lines()]
    assert told.count("Unable connect to node with id 1: ConnectionRefusedError") == LINES
    assert told.count("Unable connect to node with id 2: ConnectionRefusedError") == 1


def test_the_number_comes_with_the_next_line_of_any_library(clock: list[float]) -> None:
    lines = configured()
    for _ in range(30):
        logging.getLogger("aiokafka.client").warning("no broker")
    clock[0] += WINDOW_SECONDS
    logging.getLogger("asyncpg").warning("another")
    told = [(line["module"], line["event"], line["level"], line.get("repeated")) for line in lines()]
    assert told[LINES:] == [
        ("aiokafka.client", "no broker", "warning", 30 - LINES),
        ("asyncpg", "another", "warning", None),
    ]
