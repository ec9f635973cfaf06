"""The pieces a service's `api.py` is made of: who is asking, running a command, reading a view."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Header, Request
from starlette.responses import Response

from chassis.http.auth import Bearer, principal
from chassis.http.problems import Problem
from chassis.pure.decision import Actor, Refused
from chassis.work.command_bus import CommandBus, IdempotencyKey

IDEMPOTENCY_KEY = r"^[A-Za-z0-9_.:-]{8,128}$"


def acting_as(*roles: str) -> Any:
    """A dependency: the caller, if the token carries one of `roles`, else 403."""

    async def actor(request: Request, _scheme: Bearer) -> Actor:
        who = await principal(request)
        for role in roles:
            if role in who.roles:
                return Actor(role=role, org=who.org, country=who.country)
        raise Problem(
            status=403,
            code="role_required",
            detail=f"This needs one of the roles {', '.join(roles)}.",
            remedy="Use a token of a person with that role.",
        )

    return Depends(actor)


class Run:
    """Runs the commands of one request: same Idempotency-Key and same body give the stored answer."""

    def __init__(self, bus: CommandBus, request: Request, response: Response, key: str, fingerprint: bytes) -> None:
        self._bus = bus
        self._request = request
        self._response = response
        self._key = key
        self._fingerprint = fingerprint

    async def __call__(self, command: Any, actor: Actor) -> Mapping[str, Any]:
        """The command's answer. Raises `Problem` if it is refused; then nothing has changed."""
        scope = f"{actor.org}|{self._request.method} {self._request.scope['path']}"
        # Kept as a hash: a careless client's key could be a name.
        key = hashlib.sha256(f"{scope}\0{self._key}".encode()).digest()
        outcome = await self._bus.execute(command, actor, IdempotencyKey(key, self._fingerprint))
        if isinstance(outcome, Refused):
            raise Problem.of(outcome)
        if outcome.replayed:
            self._response.headers["Idempotency-Replayed"] = "true"
        return outcome.answer


async def _run(
    request: Request,
    response: Response,
    idempotency_key: Annotated[
        str,
        Header(
            pattern=IDEMPOTENCY_KEY,
            description="Made by the caller once per intent (a UUID). Repeating it repeats the answer, not the effect.",
        ),
    ],
) -> Run:
    fingerprint = hmac.digest(request.app.state.fingerprint_key, await request.body(), "sha256")
    return Run(_started(request, "bus"), request, response, idempotency_key, fingerprint)


Runner = Annotated[Run, Depends(_run)]


async def _pool(request: Request) -> asyncpg.Pool:
    pool: asyncpg.Pool = _started(request, "pool")
    return pool


def _started(request: Request, part: str) -> Any:
    """A part that exists once the process has found its database; before that the caller is asked to come again."""
    found = getattr(request.app.state, part, None)
    if found is None:
        raise Problem(
            status=503,
            code="starting",
            detail="The service is starting: its database is not reachable yet.",
            remedy="Try again in a few seconds.",
            headers={"Retry-After": "2"},
        )
    return found


Database = Annotated[asyncpg.Pool, Depends(_pool)]
"""For views: plain SELECTs outside any command."""
