"""Staff who never give up, and a book of what the services have promised them.

A command that got no answer may have had its effect or not: it is sent again with its Idempotency-Key, until there is
an answer. What was answered with 2xx is written down; what must follow from it is worked out from the book alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.support.chain import ON_ITS_WAY, Caller

PATIENCE = 60
"""Seconds for one command, restarts of a service included."""


@dataclass(frozen=True)
class Entry:
    """One command that was answered with 2xx."""

    service: str
    method: str
    path: str
    key: str
    body: Any
    answer: dict[str, Any]
    attempts: int
    replayed: bool


@dataclass
class Ledger:
    """What was promised, and how hard it was to get."""

    entries: list[Entry] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    nobody: Counter[str] = field(default_factory=Counter)
    """Requests that could not be made, by service: nobody listened."""
    silent: Counter[str] = field(default_factory=Counter)
    """Requests without an answer, by service: their outcome was unknown."""

    def promised(self, service: str) -> list[Entry]:
        """By this service, in order of its answers."""
        return [entry for entry in self.entries if entry.service == service]


class RefusedError(Exception):
    """The service said no, and meant it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Insistent:
    """Asks like its caller, through crashes and restarts of the service."""

    def __init__(self, service: str, caller: Caller, ledger: Ledger, patience: float = PATIENCE) -> None:
        self._service = service
        self._caller = caller
        self._ledger = ledger
        self._patience = patience

    async def do(self, path: str, body: Any = None, *, key: str = "", method: str = "POST") -> Any:
        """One command with one key, until there is an answer. Raises `RefusedError` if that is a no."""
        key = key or str(uuid4())
        until, attempts = time.monotonic() + self._patience, 0
        while time.monotonic() < until:
            attempts += 1
            try:
                answer = await self._caller.send(path, body, key=key, method=method)
            except httpx.ConnectError:
                self._ledger.nobody[self._service] += 1
                await asyncio.sleep(0.2)
                continue
            except httpx.TransportError:
                self._ledger.silent[self._service] += 1
                await asyncio.sleep(0.1)
                continue
            if answer.status_code < 300:
                replayed = answer.headers.get("idempotency-replayed") == "true"
                entry = Entry(self._service, method, path, key, body, answer.json(), attempts, replayed)
                self._ledger.entries.append(entry)
                return entry.answer
            code = answer.json()["code"]
            assert answer.status_code < 500 or answer.status_code == 503, answer.text
            if answer.status_code < 500 and code not in ON_ITS_WAY:
                self._ledger.refused[code] += 1
                raise RefusedError(code)
            await asyncio.sleep(0.1)
        raise AssertionError(f"{method} {path}: no answer in {self._patience:.0f} s")
