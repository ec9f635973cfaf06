"""The HTTP API of a service over its handlers in memory: routes, guards, problem documents, no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from chassis.http.app import create_api
from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.pure.decision import Actor, Context, Refused
from chassis.pure.resources import UNSHOWN, Seen
from chassis.pure.sealing import Vault
from chassis.pure.states import Need, States
from chassis.service import Service
from chassis.settings import Settings
from chassis.telemetry.metrics import Metrics
from chassis.work.calendar import Calendar
from chassis.work.command_bus import Audit, Done, IdempotencyKey
from tests.support.audit import Rows
from tests.support.issuer import AUDIENCE, ISSUER, Issuer
from tests.support.memory import MemoryService
from tests.support.once import routers_of
from tests.support.web import UNHURRIED, ask

ISSUING = Issuer()
SETTINGS = Settings(auth_issuer=ISSUER, auth_jwks="unused", **UNHURRIED)


class MemoryApi:
    """One service's API. `post`, `get` ... ask it as the person whose claims are given."""

    def __init__(self, service: Service, memory: MemoryService) -> None:
        self.memory = memory
        marks = memory.vault.marks if service.seals else None
        self.app: FastAPI = create_api(service, SETTINGS, own=routers_of(service), marks=marks)
        self.app.state.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
        self.app.state.clock = _Clock(memory)
        self.app.state.workshop = _Workshop(memory)
        self.app.state.bus = _Bus(memory)
        self.audit = self.app.state.auditor = Rows()

    def ask(self, method: str, path: str, who: Mapping[str, Any], **request: Any) -> httpx.Response:
        """The answer to one request with a token of these claims; a change gets a key of its own unless it has one."""
        headers = {**ISSUING.bearer(**who), **request.pop("headers", {})}
        if method != "GET":
            headers.setdefault("Idempotency-Key", str(uuid4()))
        return ask(self.app, method, path, headers=headers, **request)

    def get(self, path: str, who: Mapping[str, Any], **query: Any) -> httpx.Response:
        """GET with these parameters."""
        return self.ask("GET", path, who, params=query)

    def post(self, path: str, who: Mapping[str, Any], body: Any = None, **headers: str) -> httpx.Response:
        """POST with this body; without one it has none."""
        return self.ask("POST", path, who, headers=headers, **({} if body is None else {"json": body}))


class _Clock:
    def __init__(self, memory: MemoryService) -> None:
        self._memory = memory

    def now(self) -> datetime:
        return self._memory.now


class _Bus:
    """As the command bus decides, without its Idempotency-Keys."""

    def __init__(self, memory: MemoryService) -> None:
        self._memory = memory

    async def execute(
        self,
        command: Any,
        actor: Actor,
        _key: IdempotencyKey,
        seen: Seen | None = None,
        _audit: Audit | None = None,
    ) -> Done | Refused:
        stale = None
        if seen is not None:
            states = self._memory.loaded(seen.needs())
            self._memory.loaded(seen.beside(states), states)
            stale = seen.refusal(states, self._memory.context(actor, self._memory.now))
            if stale not in (None, UNSHOWN):
                return stale
        outcome = self._memory.command(command, actor, stale)
        if isinstance(outcome, Refused):
            return outcome
        assert outcome.answer is not None, f"{type(command).__name__} answers nothing"
        return Done(outcome.answer.model_dump_json())


class _NoPool:
    """Lends itself, and begins transactions that are none."""

    def acquire(self, **_options: Any) -> Any:
        return nullcontext(self)

    def transaction(self, **_options: Any) -> Any:
        return nullcontext()


@dataclass(frozen=True)
class _Workshop:
    """What routes use of the real one."""

    memory: MemoryService
    pool: _NoPool = field(default_factory=_NoPool)
    tag_key: bytes = b"a secret of this service"
    metrics: Metrics = field(default_factory=partial(Metrics, "memory"))

    @property
    def clock(self) -> _Clock:
        return _Clock(self.memory)

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.memory.working_days)

    @property
    def reference(self) -> Any:
        return self.memory.reference

    @property
    def vault(self) -> Vault:
        return self.memory.vault

    @property
    def documents(self) -> _Documents:
        return _Documents(self.memory)

    def unit_of_work(self) -> _Look:
        return _Look(self.memory)


class _Look:
    def __init__(self, memory: MemoryService) -> None:
        self._memory = memory
        self.now = memory.now
        self.states = memory.loaded(())

    async def look(self, _reading: object, needs: Iterable[Need]) -> None:
        self._memory.loaded(needs, self.states)

    def context(self, actor: Actor, occurred_at: datetime) -> Context:
        return self._memory.context(actor, occurred_at)


class _Documents:
    """Lists need a database: they are tested on one."""

    def __init__(self, memory: MemoryService) -> None:
        self._memory = memory

    async def states(self, needs: Iterable[Need]) -> States:
        return self._memory.loaded(needs)

    async def id_of_linked(self, state: type[Any], id_: UUID) -> UUID | None:
        return next(iter(self._memory.loaded([Need(state, id_, linked=True)]).entries[state]), None)
