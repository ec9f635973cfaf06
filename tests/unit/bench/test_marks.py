from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from bench.against import topics
from bench.against.topics import watch
from deploy.local.places import StackError
from deploy.local.processes import Program


class Running:
    """A program that ends after so many looks."""

    name, log = "counselling", Path("counselling.log")

    def __init__(self, looks: int = 10**6) -> None:
        self._looks = looks

    def require_alive(self) -> None:
        self._looks -= 1
        if not self._looks:
            raise StackError("counselling has ended")


async def watched(counts: Sequence[int], wanted: int, program: Running | None = None) -> list[tuple[int, float]]:
    """Events and processor time of both marks; each look at the processor time finds one second more."""
    remaining, seconds = iter(counts), iter(range(1, 100))

    async def events() -> int:
        return next(remaining, counts[-1])

    marks = await watch(cast("Program", program or Running()), events, wanted, lambda: float(next(seconds)), 0)
    return [(mark.events, mark.cpu) for mark in marks]


async def test_the_first_mark_is_the_first_event_and_the_last_mark_the_last() -> None:
    assert await watched([0, 0, 3, 5, 9, 10], 10) == [(3, 1.0), (10, 2.0)]


async def test_events_that_all_come_at_once_measure_nothing() -> None:
    with pytest.raises(RuntimeError, match="all 10 events of counselling came at once"):
        await watched([0, 10], 10)


async def test_a_program_that_ends_is_not_waited_for() -> None:
    with pytest.raises(StackError, match="has ended"):
        await watched([0, 3], 10, Running(looks=20))


async def test_a_program_that_stands_still_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "SILENCE_SECONDS", 0.05)
    with pytest.raises(TimeoutError, match=r"counselling stands still at 3 of 10 events; see counselling\.log"):
        await watched([0, 3], 10)
