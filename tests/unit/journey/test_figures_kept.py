"""Published figures are kept for a minute per process, and counted by one of those who ask at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from journey.figures.promise import K1
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


async def test_a_process_counts_a_figure_once_a_minute_however_many_ask(
    counting: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    day, documents = date(2026, 3, 1), cast("Any", SimpleNamespace(pool=object()))

    async def ask(today: date = day) -> Any:
        return await figures.published(documents, K1, cast("Any", None), today)

    assert await asyncio.gather(*(ask() for _ in range(5))) == [day] * 5
    assert counting == [day]
    await ask(date(2026, 3, 2))
    assert counting.pop() == date(2026, 3, 2), "another day is another figure"
    later = figures.monotonic() + figures.KEPT_SECONDS
    monkeypatch.setattr(figures, "monotonic", lambda: later)
    await ask(date(2026, 3, 2))
    assert len(counting) == 2
    for _ in range(2):
        with pytest.raises(ValueError, match="no such year"):
            await ask(date(1999, 1, 1))
    assert len(counting) == 4, "what could not be counted is counted again"
