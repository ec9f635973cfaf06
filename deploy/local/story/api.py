"""A careful client of the four HTTP APIs: a key per intent, bounded waiting, and errors that say who wanted what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar
from uuid import uuid4

import httpx

from deploy.local.places import StackError
from deploy.local.story.screen import Screen

PATIENCE_SECONDS = 30.0
"""Longest wait for an effect in another service; it takes a tenth of a second on an idle machine."""
SLOW_SECONDS = 4.0
"""From here on the story says what it waits for."""
FIRST_PAUSE, LONGEST_PAUSE = 0.03, 0.3
BUSY = 503

Answer = dict[str, Any]
T = TypeVar("T")


class Who(NamedTuple):
    """Whose token a request carries."""

    role: str
    org: str
    country: str = ""
    person: str = "story"
    """Which of its people: what needs two of them is not done by one."""


class Reply(NamedTuple):
    """An answer with its status."""

    status: int
    body: Answer
    replayed: bool = False

    @property
    def code(self) -> str:
        """The code of the problem; empty if there is none."""
        return str(self.body.get("code", "")) if self.status >= 400 else ""


class Api:
    """Requests in the name of many people, over one pool of connections."""

    def __init__(
        self,
        urls: Mapping[str, str],
        sign: Callable[[Who], str],
        screen: Screen,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._urls = urls
        self._sign = sign
        self._screen = screen
        self._tokens: dict[Who, str] = {}
        self._client = httpx.AsyncClient(timeout=10, transport=transport, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._client.aclose()

    # --- commands ----------------------------------------------------------------------------------------------------

    async def post(
        self, who: Who, service: str, path: str, body: Answer | None = None, *, key: str = "", at: str = ""
    ) -> Answer:
        """Sends a command that must succeed; its answer. Raises `StackError` with the problem if it does not.

        `at` is the address of one process of the service, if it must be this one.
        """
        reply = await self.send(who, service, path, body, key=key, at=at)
        if reply.status >= 400:
            raise StackError(f"{_request(who, service, path)} was refused: {_problem(reply)}")
        return reply.body

    async def refused(self, who: Who, service: str, path: str, body: Answer | None, status: int, code: str) -> Answer:
        """Sends a command that must be refused in just this way; the problem document."""
        reply = await self.send(who, service, path, body)
        if (reply.status, reply.code) != (status, code):
            got = _problem(reply) if reply.status >= 400 else f"{reply.status}"
            raise StackError(f"{_request(who, service, path)} should be refused with {status} {code}, but was: {got}")
        return reply.body

    async def send(
        self, who: Who, service: str, path: str, body: Answer | None = None, *, key: str = "", at: str = ""
    ) -> Reply:
        """Sends a command. While the service is busy or away the same request goes out again under the same key."""
        key = key or str(uuid4())
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self._client.post(
                    (at or self._urls[service]) + path,
                    json=body,
                    headers={**self._headers(who), "Idempotency-Key": key},
                )
            except httpx.TransportError as error:
                if time.monotonic() > until:
                    raise StackError(f"{service} does not answer ({type(error).__name__}): see its log") from error
            else:
                if answer.status_code != BUSY or time.monotonic() > until:
                    return Reply(answer.status_code, _json(answer), "Idempotency-Replayed" in answer.headers)
            await asyncio.sleep(LONGEST_PAUSE)

    # --- views -------------------------------------------------------------------------------------------------------

    async def get(self, who: Who, service: str, path: str, **query: str) -> Answer | None:
        """What `who` sees there now; None if there is nothing (yet) for these eyes, or nobody answers just now."""
        try:
            answer = await self._client.get(self._urls[service] + path, params=query, headers=self._headers(who))
        except httpx.TransportError:
            return None
        if answer.status_code in {403, 404, BUSY}:
            return None
        if answer.status_code >= 400:
            problem = _problem(Reply(answer.status_code, _json(answer)))
            raise StackError(f"{who.role} of {who.org}: GET {path} of {service} was refused: {problem}")
        return _json(answer)

    async def until(self, what: str, read: Callable[[], Awaitable[T | None]], holds: Callable[[T], object] = bool) -> T:
        """Reads again and again until the condition holds. Raises `StackError` that names it when time is up."""
        begun, pause, told = time.monotonic(), FIRST_PAUSE, False
        while True:
            found = await read()
            if found is not None and holds(found):
                return found
            waited = time.monotonic() - begun
            if waited > PATIENCE_SECONDS:
                raise StackError(f"Waited {waited:.0f} s in vain for this: {what}. Last seen: {_brief(found)}")
            if waited > SLOW_SECONDS and not told:
                self._screen.say(f"... waiting: {what}")
                told = True
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 1.3)

    def _headers(self, who: Who) -> dict[str, str]:
        if who not in self._tokens:
            self._tokens[who] = self._sign(who)
        return {"Authorization": f"Bearer {self._tokens[who]}"}


def _json(answer: httpx.Response) -> Answer:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {"value": body}


def _request(who: Who, service: str, path: str) -> str:
    return f"{who.role} of {who.org}: POST {path} of {service}"


def _problem(reply: Reply) -> str:
    fields = ", ".join(str(each.get("field", "")) for each in reply.body.get("errors", ()))
    parts = (str(reply.status), reply.code, f"({fields})" if fields else "", str(reply.body.get("detail", "")))
    return " ".join(part for part in parts if part)


def _brief(found: object) -> str:
    if isinstance(found, dict):
        found = {name: value for name, value in found.items() if "status" in name or "level" in name} or found
    text = repr(found)
    return text if len(text) <= 300 else text[:300] + "..."
