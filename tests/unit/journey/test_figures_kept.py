"""Published figures of people are kept for their day, K19 for a minute; one of those who ask at a time counts them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chassis.pure.zones import zone
from journey.figures.operations import K19
from journey.figures.promise import K1
from journey.figures.shapes import Figure
from journey.views import figures


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[date]]:
    """The days for which a figure is counted, each of which takes a moment."""
    counted: list[date] = []

    async def count(_documents: Any, _figure: Any, _lists: Any, today: date) -> Any:
        await asyncio.sleep(0)
        counted.append(today)
        if today.year == 1999:
            raise ValueError("no such year")
        return today

    monkeypatch.setattr(figures, "_published", count)
    yield counted
    figures._kept.clear()


async def test_a_process_counts_a_figure_once_however_many_ask(
    counting: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    day, documents = date(2026, 3, 1), cast("Any", SimpleNamespace(pool=object()))

    async def ask(today: date = day, figure: Figure = K1) -> Any:
        return await figures.published(documents, figure, cast("Any", None), today)

    assert await asyncio.gather(*(ask() for _ in range(5))) == [day] * 5
    assert counting == [day]
    await ask(date(2026, 3, 2))
    assert counting.pop() == date(2026, 3, 2), "another day is another figure"
    await ask(day, K19)
    counting.clear()
    later = figures.monotonic() + figures.KEPT_SECONDS
    monkeypatch.setattr(figures, "monotonic", lambda: later)
    await ask(date(2026, 3, 2))
    assert not counting, "people are counted once a day"
    await ask(day, K19)
    assert counting.pop() == day, "and how the services run, once a minute"
    for _ in range(2):
        with pytest.raises(ValueError, match="no such year"):
            await ask(date(1999, 1, 1))
    assert len(counting) == 2, "what could not be counted is counted again"


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_of_the_figures_begins_at_five_by_the_clock_also_when_that_was_changed_in_the_night(day: date) -> None:
    five = datetime.combine(day, time(5), zone("Europe/Berlin")).astimezone(UTC)
    assert figures.day_of(five) == day
    assert figures.day_of(five - timedelta(seconds=1)) == day - timedelta(days=1)
