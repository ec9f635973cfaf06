"""The low-water mark against what a database might show: it moves in two looks, and never too far."""

from __future__ import annotations

from typing import Any

from chassis.outbox.low_water import LowWater


class Shown:
    """A connection to a database that has handed out ids up to `last`, with these writers."""

    def __init__(self) -> None:
        self.last = 50
        self.writers = ["1/1"]

    async def fetchval(self, _query: str) -> int:
        return self.last

    async def fetch(self, _query: str) -> list[dict[str, Any]]:
        return [{"virtualtransaction": each} for each in self.writers]


async def look(mark: LowWater, shown: Shown, at_most: int = 1000) -> None:
    await mark.look(shown, at_most)  # type: ignore[arg-type]


async def test_without_a_look_nothing_is_settled() -> None:
    mark = LowWater()
    assert not mark.settle(2**62)
    assert mark.mark == 0


async def test_the_mark_waits_for_the_writers_of_the_first_look_and_for_no_later_one() -> None:
    mark, shown = LowWater(), Shown()
    await look(mark, shown)
    shown.last, shown.writers = 70, ["1/1", "2/2"]
    await look(mark, shown)
    assert not mark.settle(70)
    shown.writers = ["2/2"]
    await look(mark, shown)
    assert mark.settle(70)
    assert mark.mark == 50, "what was handed out since belongs to other writers"


async def test_a_writer_that_is_gone_does_not_come_back() -> None:
    mark, shown = LowWater(), Shown()
    shown.writers = ["1/1", "2/2"]
    await look(mark, shown)
    shown.writers = ["2/2"]
    await look(mark, shown)
    shown.writers = ["1/1"]
    await look(mark, shown)
    assert mark.settle(50)


async def test_the_mark_is_not_above_what_may_be_chosen_and_needs_it_published() -> None:
    mark, shown = LowWater(), Shown()
    shown.writers = []
    await look(mark, shown, at_most=30)
    assert not mark.settle(29)
    assert mark.mark == 0
    assert mark.settle(30)
    assert mark.mark == 30


async def test_after_a_settled_mark_the_next_one_is_sought() -> None:
    mark, shown = LowWater(), Shown()
    shown.writers = []
    await look(mark, shown)
    assert mark.settle(50)
    assert not mark.settle(2**62)
    shown.last = 60
    await look(mark, shown)
    assert mark.settle(60)
    assert mark.mark == 60


async def test_id_1_can_be_the_mark() -> None:
    mark, shown = LowWater(), Shown()
    shown.last, shown.writers = 1, []
    await look(mark, shown)
    shown.last = 2
    await look(mark, shown)
    assert mark.settle(1)
    assert mark.mark == 1
