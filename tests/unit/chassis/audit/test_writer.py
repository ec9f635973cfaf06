"""Rows of concurrent requests go into one insert; each request waits for its own."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest

from chassis.audit.rows import SHOWN, Who
from chassis.audit.writer import MOST, Auditor, AuditUnavailableError

WHO = Who(b"p" * 32, "scout", "shop:one", "read_order")


class Pool:
    """Lends itself; an insert takes until `go` is set, and raises `error` if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.inserts: list[int] = []
        self.go = asyncio.Event()
        self.error = error

    def acquire(self, **_options: Any) -> Any:
        return nullcontext(self)

    async def fetchrow(self, _query: str, *arguments: Any) -> Any:
        rows = len(arguments[0]) if isinstance(arguments[0], tuple) else 1
        self.inserts.append(rows)
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return (rows,)


async def waiting(auditor: Auditor, count: int) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(auditor.write(WHO.row((), SHOWN))) for _ in range(count)]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_what_comes_while_an_insert_runs_goes_into_the_next_one() -> None:
    pool = Pool()
    auditor = Auditor(pool)  # type: ignore[arg-type]
    first = await waiting(auditor, 1)
    later = await waiting(auditor, 40)
    assert (pool.inserts, [each.done() for each in first + later]) == ([1], [False] * 41)
    pool.go.set()
    await asyncio.gather(*first, *later)
    assert pool.inserts == [1, 40]


async def test_an_insert_has_a_bound() -> None:
    pool = Pool()
    auditor = Auditor(pool)  # type: ignore[arg-type]
    pool.go.set()
    await asyncio.gather(*(auditor.write(WHO.row((), SHOWN)) for _ in range(MOST + 3)))
    assert pool.inserts == [MOST, 3]


async def test_an_outage_refuses_all_who_wait_and_the_next_ones_are_tried_anew() -> None:
    pool = Pool(ConnectionResetError())
    auditor = Auditor(pool)  # type: ignore[arg-type]
    pool.go.set()
    told = await asyncio.gather(*await waiting(auditor, 3), return_exceptions=True)
    assert [type(each) for each in told] == [AuditUnavailableError] * 3
    pool.error = None
    await auditor.write(WHO.row((), SHOWN))


async def test_what_nobody_foresaw_is_raised_as_it_is() -> None:
    pool = Pool(LookupError("a bug"))
    pool.go.set()
    with pytest.raises(LookupError):
        await Auditor(pool).write(WHO.row((), SHOWN))  # type: ignore[arg-type]


async def test_who_has_gone_keeps_nobody() -> None:
    pool = Pool()
    auditor = Auditor(pool)  # type: ignore[arg-type]
    gone, stays = await waiting(auditor, 1), await waiting(auditor, 1)
    gone[0].cancel()
    pool.go.set()
    await asyncio.gather(*stays)
    assert pool.inserts == [1, 1]
