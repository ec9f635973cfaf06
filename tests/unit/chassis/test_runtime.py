"""A process that has lost one of its tasks ends, so that somebody starts it anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.runtime.process import Runtime
from chassis.settings import Settings
from tests.support import toy


@pytest.fixture
async def runtime(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    settings = {
        "TILL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/till",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "AUTH_ISSUER": "https://issuer.test",
        "AUTH_AUDIENCE": "ph",
        "AUTH_JWKS": "https://issuer.test/keys",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    runtime = Runtime(toy.TILL, Settings())
    yield runtime
    await runtime.tracer.shutdown(1)


async def test_a_task_that_somebody_cancels_is_an_error_like_any_other(runtime: Runtime) -> None:
    runtime._background(asyncio.sleep(60), "relay").cancel()
    async with asyncio.timeout(10):
        await runtime._stop.wait()
    assert isinstance(runtime._error, asyncio.CancelledError)


async def test_but_not_while_the_process_stops(runtime: Runtime) -> None:
    runtime._stop.set()
    task = runtime._background(asyncio.sleep(60), "relay")
    task.cancel()
    await asyncio.wait({task})
    await asyncio.sleep(0)
    assert runtime._error is None
