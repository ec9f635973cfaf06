"""Waiting with a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """True as soon as the event is set, False after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def bounded(work: Awaitable[Any], seconds: float) -> BaseException | None:
    """Tidies up: waits for `work`, but never longer, and returns what went wrong.

    `asyncio.timeout` is no such limit for a client library: it cancels, and goes on waiting for whoever swallows that.
    Nor does a `CancelledError` of the library's own tasks (aiokafka's issue 647) end the task that tidies up.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        in_time = not task.cancel()
    if not in_time:
        return TimeoutError(f"took longer than {seconds} s")
    return error_of(task)


def error_of(task: asyncio.Future[Any]) -> BaseException | None:
    """Why this task has ended before its time. Asyncio says nothing of one that was cancelled."""
    return asyncio.CancelledError("nobody here has cancelled it") if task.cancelled() else task.exception()
