"""A process that has lost one of its tasks ends, so that somebody starts it anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.http.problems import Problem
from chassis.runtime.process import Runtime
from chassis.settings import Settings, audience_of
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
