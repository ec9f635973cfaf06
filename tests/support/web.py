"""HTTP requests to an app inside of the test's process: no socket, no server, every byte under control."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
from starlette.types import ASGIApp

UNHURRIED: Mapping[str, Any] = {"subject_requests_per_second": 1e6, "organisation_requests_per_second": 1e6}
"""Settings of a service that is asked as fast as a test can."""


def ask(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    """The app's answer to one request; an exception that leaves the app is raised. A task that the request has left
    running would go on in the midst of another test's request."""
    answer = _loop().run_until_complete(_ask(app, method, path, request))
    _loop().run_until_complete(asyncio.sleep(0))  # a body that was not read to its end is closed
    assert not (left := asyncio.all_tasks(_loop())), left
    return answer


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One for all requests: to make and close one takes a third as long as the rest of a request."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


async def _ask(app: ASGIApp, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        return await client.request(method, path, **request)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, checked against what every one of them must have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert set(document) == {"type", "title", "status", "detail", "instance", "code", "remedy", "errors"}
    assert document["code"] == code, answer.text
    assert document["status"] == status
    assert document["type"].endswith(f":{code}")
    assert document["detail"].endswith(".")
    assert document["remedy"].endswith(".")
    for error in document["errors"]:
        assert set(error) == {"field", "code", "detail", "remedy"}
    return document
