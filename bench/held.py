"""A relay under an old snapshot: nothing that it deletes can be vacuumed, and new rows come as fast as it publishes.

`options["bare"]`: the relay of `bare` instead of ours. `start` and `end` of the result are the rates in the first and
the last fifth of the events.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping

import asyncpg

from bench import bare, ours, outbox
from bench.child import Meter, Task

PART = 5


async def run(task: Task) -> Mapping[str, float]:
    """One run: relay, the writer of new rows, and the session that holds the snapshot."""
    marks: list[tuple[float, int]] = []
    fresh: asyncio.Queue[int] = asyncio.Queue()
    _watch(marks, fresh)
    variant, table = (bare, outbox.PLAIN) if task.options.get("bare") else (ours, outbox.OURS)
    async with _old_snapshot(task.dsn), _writer(task.dsn, table, fresh):
        result = await variant.run(task)
    first, last, fifth = marks[0][1], marks[-1][1], task.events // PART
    return {**result, "start": _rate(marks, first, first + fifth), "end": _rate(marks, last - fifth, last)}


def _watch(marks: list[tuple[float, int]], fresh: asyncio.Queue[int]) -> None:
    count = Meter.count

    def watched(self: Meter, *, handled: int = 0, published: int = 0) -> None:
        count(self, handled=handled, published=published)
        marks.append((time.perf_counter(), self.published))
        fresh.put_nowait(published)

    Meter.count = watched  # type: ignore[method-assign]


@contextlib.asynccontextmanager
async def _old_snapshot(dsn: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.fetchval("select count(*) from position")
            yield
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _writer(dsn: str, table: str, fresh: asyncio.Queue[int]) -> AsyncIterator[None]:
    connection = await asyncpg.connect(dsn)

    async def write() -> None:
        while True:
            await outbox.put(connection, table, await fresh.get())

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        if writing.done():
            writing.result()  # it ends by an error only
        writing.cancel()
        await asyncio.wait((writing,))
        await connection.close()


def _rate(marks: list[tuple[float, int]], low: int, high: int) -> float:
    """Events per second between these two numbers of events."""
    inside = [mark for mark in marks if low <= mark[1] <= high]
    (begun, one), (ended, other) = inside[0], inside[-1]
    return (other - one) / (ended - begun)
