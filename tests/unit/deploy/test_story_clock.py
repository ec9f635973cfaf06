"""Time passes in the story only when everybody waits for it, and for all services alike."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from deploy.local.places import StackError
from deploy.local.story.clock import AT_ONCE, Clocks, Director, office_time

START = datetime(2026, 3, 2, 10, tzinfo=UTC)


class FakeClocks(Clocks):
    """Shows what it was told."""

    def __init__(self) -> None:
        self.shown = START
        self.moves: list[datetime] = []

    @property
    def now(self) -> datetime:
        return self.shown

    async def move_to(self, at: datetime) -> datetime:
        self.shown = at
        self.moves.append(at)
        return at


class Diary:
    """A director with fake clocks, and what its stories note."""

    def __init__(self) -> None:
        self.clocks = FakeClocks()
        self.told: list[datetime] = []
        self.director = Director(self.clocks, self.told.append)
        self.entries: list[tuple[str, int]] = []

    async def visits(self, name: str, *days: int) -> None:
        for day in days:
            await self.director.wait_for(START + timedelta(days=day))
            self.entries.append((name, (self.clocks.now - START).days))


async def test_the_clock_moves_to_the_next_day_that_anybody_waits_for() -> None:
    diary = Diary()
    await diary.director.play([partial(diary.visits, "ada", 2, 9), partial(diary.visits, "ben", 5)])
    assert diary.entries == [("ada", 2), ("ben", 5), ("ada", 9)]
    assert diary.told == diary.clocks.moves == [START + timedelta(days=day) for day in (2, 5, 9)]


async def test_the_clock_stands_while_anybody_is_busy() -> None:
    diary = Diary()
    done = asyncio.Event()

    async def busy() -> None:
        await asyncio.sleep(0.05)
        assert not diary.clocks.moves
        done.set()

    await diary.director.play([partial(diary.visits, "ada", 1), busy])
    assert done.is_set()
    assert diary.entries == [("ada", 1)]


async def test_more_people_than_places_all_get_to_the_same_day_with_one_move() -> None:
    diary = Diary()
    await diary.director.play([partial(diary.visits, str(number), 3) for number in range(3 * AT_ONCE)])
    assert len(diary.entries) == 3 * AT_ONCE
    assert diary.clocks.moves == [START + timedelta(days=3)]


async def test_a_day_that_has_come_already_needs_no_move() -> None:
    diary = Diary()
    await diary.director.play([partial(diary.visits, "ada", -1, 0)])
    assert diary.entries == [("ada", 0), ("ada", 0)]
    assert not diary.clocks.moves


async def test_a_story_may_bring_in_another() -> None:
    diary = Diary()

    async def splits() -> None:
        diary.director.also(partial(diary.visits, "ben", 4))
        await diary.visits("ada", 2)

    await diary.director.play([splits])
    assert diary.entries == [("ada", 2), ("ben", 4)]


async def test_the_first_broken_promise_ends_all_stories() -> None:
    diary = Diary()

    async def breaks() -> None:
        raise StackError("not as promised")

    with pytest.raises(StackError, match="not as promised"):
        await diary.director.play([partial(diary.visits, "ada", 1), breaks, partial(diary.visits, "ben", 1)])
    assert not diary.entries


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 3, 2, 6, tzinfo=UTC), datetime(2026, 3, 2, 6, tzinfo=UTC)),
        (datetime(2026, 3, 2, 16, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, 59, tzinfo=UTC)),
        (datetime(2026, 3, 2, 5, 59, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)),
        (datetime(2026, 3, 2, 17, tzinfo=UTC), datetime(2026, 3, 3, 10, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 1, 10, tzinfo=UTC)),
    ],
)
def test_the_story_begins_in_office_hours(at: datetime, expected: datetime) -> None:
    assert office_time(at) == expected
