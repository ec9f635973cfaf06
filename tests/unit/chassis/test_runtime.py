"""A process that has lost one of its tasks ends, so that somebody starts it anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from chassis.http.problems import Problem
from chassis.pure.calendar import Library, WorkingDays
from chassis.runtime import process
from chassis.runtime.process import Runtime
from chassis.settings import Settings, audience_of
from chassis.work.calendar import Calendar
from tests.support import toy
from tests.support.issuer import ISSUER, Issuer


@pytest.fixture
async def runtime(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    settings = {
        "TILL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/till",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "AUTH_ISSUER": "https://issuer.test",
        "TILL_AUTH_AUDIENCE": "ph",
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


async def test_calendars_are_computed_before_anybody_can_ask(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look at one took 130 to 460 ms of the loop's time; nobody is ready before the database is reached."""
    runtime.calendar = Calendar(WorkingDays({"CH": "Europe/Zurich"}))
    asked = asyncio.Event()

    async def no_pool(*_: Any, **__: Any) -> None:
        asked.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(process, "open_pool", no_pool)
    starting = asyncio.create_task(runtime._start(FastAPI()))
    async with asyncio.timeout(20):
        await asked.wait()
    starting.cancel()
    monkeypatch.setattr(Library, "load", lambda *_: pytest.fail("a calendar is computed on the loop"))
    runtime.calendar.days.due_at("CH", runtime.clock.now(), 5)


async def test_but_not_while_the_process_stops(runtime: Runtime) -> None:
    runtime._stop.set()
    task = runtime._background(asyncio.sleep(60), "relay")
    task.cancel()
    await asyncio.wait({task})
    await asyncio.sleep(0)
    assert runtime._error is None


async def test_each_service_has_an_audience_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TILL_AUTH_AUDIENCE", raising=False)
    assert audience_of("till") == "perspektive-heimat:till" != audience_of("shop")
    monkeypatch.setenv("TILL_AUTH_AUDIENCE", "https://till.test")
    assert audience_of("till") == "https://till.test"


async def test_a_token_that_another_service_was_shown_opens_nothing(runtime: Runtime, tmp_path: Path) -> None:
    issuer = Issuer()
    (tmp_path / "keys.jwks").write_bytes(issuer.jwks())
    runtime.settings.auth_jwks = str(tmp_path / "keys.jwks")
    runtime.settings.auth_issuer = ISSUER
    authenticator = runtime._app().state.authenticator
    with pytest.raises(Problem, match="token_invalid"):
        await authenticator.authenticate(issuer.bearer(aud="perspektive-heimat:shop")["Authorization"])
    several = ["perspektive-heimat:shop", "ph"]
    assert await authenticator.authenticate(issuer.bearer(aud=several, org="programme:shop")["Authorization"])
