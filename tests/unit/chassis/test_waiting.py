"""What bounds a wait, bounds it whatever is waited for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

from chassis.kafka import past
from chassis.waiting import bounded


async def deaf(end: asyncio.Event) -> None:
    """Swallows the first cancellation, as a library does whose own task is being cancelled just then."""
    with suppress(asyncio.CancelledError):
        await end.wait()
    await end.wait()


async def test_whoever_swallows_a_cancellation_is_left_alone() -> None:
    end = asyncio.Event()
    async with asyncio.timeout(10):
        error = await bounded(deaf(end), 0.05)
    assert isinstance(error, TimeoutError)
    end.set()


async def test_what_went_wrong_is_told_and_nothing_else() -> None:
    async def fail() -> None:
        raise KafkaConnectionError("gone")

    async def be_cancelled() -> None:
        raise asyncio.CancelledError

    assert isinstance(await bounded(fail(), 10), KafkaConnectionError)
    assert isinstance(await bounded(be_cancelled(), 10), asyncio.CancelledError)
    assert await bounded(asyncio.sleep(0), 10) is None


async def test_whoever_is_cancelled_while_it_tidies_up_takes_the_work_along() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    tidying = asyncio.create_task(bounded(work(), 60))
    await begun.wait()
    tidying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tidying
    async with asyncio.timeout(10):
        await cancelled.wait()


async def test_a_client_that_never_stops_does_not_keep_the_one_who_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    end = asyncio.Event()

    class Client:
        async def start(self) -> None:
            pass

        async def stop(self) -> None:
            await deaf(end)

    monkeypatch.setattr(past, "CLOSE_SECONDS", 0.05)
    async with asyncio.timeout(20), past.opened(lambda: cast("Any", Client())):
        pass
    end.set()


async def test_a_client_that_is_stopped_before_its_tasks_have_begun_cancels_nobody_else() -> None:
    """Without a group, aiokafka's `stop` waits for tasks that it cancels: their `CancelledError` is then the caller's.
    So it was when a broker had just come back and named no brokers: nothing awaited anything between start and stop."""

    def reader() -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")

        async def bootstrap() -> None:
            pass

        consumer._client.bootstrap = bootstrap
        return consumer

    with pytest.raises(NodeNotReadyError):
        async with past.opened(reader) as found:
            await found.bounds({"ph.till.v1"})
