"""The pieces a service's `api.py` is made of: who is asking, running a command, reading a list."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from starlette.responses import Response

from chassis.http.answering import MEDIA_TYPE
from chassis.http.auth import BearerScheme, principal
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.postgres.documents import Documents
from chassis.pure.decision import Actor, Refused
from chassis.pure.resources import Resource, Seen
from chassis.work.command_bus import CommandBus, IdempotencyKey

IDEMPOTENCY_KEY = r"^[A-Za-z0-9_.:-]{8,128}$"
_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_TAGS = re.compile(rf"\s*(?:\*|{_TAG}(?:\s*,\s*{_TAG})*)\s*")


class _Acting(BearerScheme):
    """The caller, if the token carries one of `roles`, else 403."""

    def __init__(self, roles: Sequence[str]) -> None:
        super().__init__()
        self._roles = roles

    async def __call__(self, request: Request) -> Actor:  # type: ignore[override]
        who = await principal(request)
        if not self._roles:
            return Actor(role="", org=who.org, country=who.country)
        for role in self._roles:
            if role in who.roles:
                return Actor(role=role, org=who.org, country=who.country)
        raise Problem(
            status=403,
            code="role_required",
            detail=f"This needs one of the roles {', '.join(self._roles)}.",
            remedy="Use a token of a person with that role.",
        )


def acting_as(*roles: str) -> Any:
    """A dependency: the caller, if the token carries one of `roles`. Without `roles` any caller will do."""
    return Depends(_Acting(roles))


Anybody = Annotated[Actor, acting_as()]
"""Whoever has a token."""


class Run:
    """Runs the command of one request: same Idempotency-Key and same body give the stored answer."""

    def __init__(self, bus: CommandBus, request: Request, key: str, fingerprint: bytes, if_match: str | None) -> None:
        self._bus = bus
        self._request = request
        self._key = key
        self._fingerprint = fingerprint
        self._if_match = if_match

    async def __call__(
        self, command: Any, actor: Actor, resource: Resource | None = None, id_: UUID | None = None
    ) -> Response:
        """The command's answer. Raises `Problem` if it is refused; then nothing has changed.

        `resource` and `id_` say what an `If-Match` is about.
        """
        scope = self._request.scope
        # A hash, because a careless client's key could be a name.
        place = f"{actor.org}|{scope['method']} {scope['path']}\0{self._key}"
        key = IdempotencyKey(hashlib.sha256(place.encode()).digest(), self._fingerprint)
        outcome = await self._bus.execute(command, actor, key, self._seen(resource, id_))
        if isinstance(outcome, Refused):
            raise Problem.of(outcome)
        headers = {"Idempotency-Replayed": "true"} if outcome.replayed else None
        return Response(outcome.answer, scope["route"].status_code or 200, headers, MEDIA_TYPE)

    def _seen(self, resource: Resource | None, id_: UUID | None) -> Seen | None:
        if self._if_match is None:
            return None
        if resource is None or id_ is None:
            raise _if_match("Nothing was there to be read before: this makes something new.", "Leave If-Match out.")
        key: bytes = self._request.app.state.fingerprint_key
        return Seen(resource, id_, _tags(self._if_match), key)


def _tags(header: str) -> Sequence[str]:
    """The tags of an `If-Match`. A weak one is never equal (RFC 9110, 13.1.1), so it is left out."""
    if not _TAGS.fullmatch(header):
        raise _if_match("If-Match is not a list of entity tags.", "Send the ETag of what you have read, as it came.")
    return [tag for tag in re.findall(rf"\*|{_TAG}", header) if not tag.startswith("W/")]


def _if_match(detail: str, remedy: str) -> Problem:
    return Problem(status=400, code="if_match_unusable", detail=detail, remedy=remedy, field="If-Match")


async def _run(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(
            pattern=IDEMPOTENCY_KEY,
            description="Made by the caller once per intent (a UUID). Repeating it repeats the answer, not the effect.",
        ),
    ],
    if_match: Annotated[
        str | None,
        Header(
            max_length=4096, description="The ETag of what you have read: if it has changed since, nothing is done."
        ),
    ] = None,
) -> Run:
    fingerprint = hmac.digest(request.app.state.fingerprint_key, await request.body(), "sha256")
    return Run(started(request, "bus"), request, idempotency_key, fingerprint, if_match)


Runner = Annotated[Run, Depends(_run)]


async def _documents(request: Request) -> Documents:
    documents: Documents = started(request, "workshop").documents
    return documents


Reading = Annotated[Documents, Depends(_documents)]
"""For lists, and to find what a command is about."""
