"""The pieces a service's `api.py` is made of: who is asking, running a command, reading a list."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from chassis.http.answering import MEDIA_TYPE
from chassis.http.auditing import keyed, note_of, person
from chassis.http.auth import BearerScheme, principal
from chassis.http.door import Door
from chassis.http.field_errors import FieldError
from chassis.http.headers import CommandHeader, reads
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.postgres.database import Connection
from chassis.postgres.documents import Documents
from chassis.pure.answers import Answer
from chassis.pure.calendar import WorkingDays
from chassis.pure.decision import Actor, Refused
from chassis.pure.resources import Resource, Seen
from chassis.pure.sealing import Vault
from chassis.work.command_bus import Audit, CommandBus, Done, IdempotencyKey
from chassis.work.workshop import Workshop

REPLAYED = "Idempotency-Replayed"


def _key_missing() -> Problem:
    return Problem(
        status=400,
        code="idempotency_key_required",
        detail="The request has no Idempotency-Key header.",
        remedy="Send a UUID as Idempotency-Key with each intent; keep it when you repeat the request.",
        errors=[FieldError("Idempotency-Key", "missing", "The field is missing.", "Add it.")],
    )


IDEMPOTENCY_KEY = CommandHeader(
    "Idempotency-Key",
    "[A-Za-z0-9_.:-]{8,128}",
    128,
    "Made by the caller once per intent (a UUID). Repeating it repeats the answer, not the effect.",
    alone="Send exactly one.",
    absent=_key_missing,
)
_TAG = r'(?:W/)?"[!#-~]*"'
IF_MATCH = CommandHeader(
    "If-Match",
    rf"[ ,]*(\*|{_TAG}( *,[ ,]*{_TAG})*)[ ,]*",  # a list as RFC 9110 (5.6.1) wants it read: elements may be empty
    4096,
    "The ETag of what you have read: if it has changed since, nothing is done.",
    alone="Send all tags in one If-Match, separated by commas.",
)


class _Acting(BearerScheme):
    """The caller, if the token carries one of `roles` and the service's door lets it act so, else 403."""

    def __init__(self, roles: Sequence[str]) -> None:
        super().__init__()
        self._roles = roles

    async def __call__(self, request: Request) -> Actor:  # type: ignore[override]
        who = await principal(request)
        if not self._roles:
            return Actor(role="", org=who.org, country=who.country)
        door: Door = request.app.state.door
        role = door.acting(request, who, self._roles)
        if (note := note_of(request)) is not None:
            note.role = role
        return Actor(role=role, org=who.org, country=who.country)


def acting_as(*roles: str) -> Any:
    """A dependency: the caller, if the token carries one of `roles`. Without `roles` any caller will do."""
    return Depends(_Acting(roles))


async def _person(request: Request) -> tuple[str, ...]:
    """See `person`, as text."""
    return tuple(mark.hex() for mark in await person(request))


Person = Annotated[tuple[str, ...], Depends(_person)]
"""The caller as a person, where two must differ: by the newest generation of keys first, then by the older ones."""
Anybody = Annotated[Actor, acting_as()]
"""Whoever has a token."""


class _Commands:
    """Commands of one request: same Idempotency-Key and same body give the stored answer."""

    def __init__(self, request: Request, key: str, fingerprints: Sequence[bytes]) -> None:
        self._bus: CommandBus = started(request, "bus")
        self._request = request
        self._key = key
        self._fingerprints = fingerprints

    async def _answer(self, command: Any, actor: Actor, seen: Seen | None) -> Response:
        note = note_of(self._request)
        if note is None:
            return self._told(await self._bus.execute(command, actor, await self._scoped(), seen))
        note.about(command)
        audit = Audit(note.who, note.field)
        outcome = await self._bus.execute(command, actor, await self._scoped(), seen, audit)
        if isinstance(outcome, Done):
            note.answered(outcome.answer, written=not outcome.replayed)
        return self._told(outcome)

    async def _scoped(self) -> IdempotencyKey:
        """One person's intent at one address. A colleague who sends the same key means something of their own."""
        scope, who = self._request.scope, await principal(self._request)
        # A hash, because a careless client's key could be a name; a plain one, because a rotation must not change it.
        place = f"{who.org}|{who.subject}|{scope['method']} {_address(scope)}\0{self._key}"
        newest, *others = self._fingerprints
        return IdempotencyKey(hashlib.sha256(place.encode()).digest(), newest, tuple(others))

    def _told(self, outcome: Done | Refused) -> Response:
        if isinstance(outcome, Refused):
            raise Problem.of(outcome)
        headers = {REPLAYED: "true"} if outcome.replayed else None
        return Response(outcome.answer, self._request.scope["route"].status_code or 200, headers, MEDIA_TYPE)

    def _refuse_if_match(self, detail: str) -> None:
        if "if-match" in self._request.headers:
            raise Problem(
                status=400, code="if_match_unusable", detail=detail, remedy="Leave If-Match out.", field="If-Match"
            )


def took_effect(answer: Response) -> bool:
    """Whether this request did it, and not one before with the same key: what is done once is told once in the log."""
    return REPLAYED not in answer.headers


def _address(scope: Mapping[str, Any]) -> str:
    """The path with its ids as we write them: a repeat may spell them otherwise."""
    written = {name: _id_as_written(value) for name, value in scope["path_params"].items()}
    address: str = scope["route"].path_format.format_map(written)
    return address


def _id_as_written(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        return value


class Run(_Commands):
    """Runs a command that makes something new."""

    async def __call__(self, command: Any, actor: Actor) -> Response:
        """The command's answer. Raises `Problem` if it is refused; then nothing has changed."""
        self._refuse_if_match("Nothing was there to be read before: this makes something new.")
        return await self._answer(command, actor, None)


class Do(_Commands):
    """Does what is no command on aggregates: a change of the chassis' own tables."""

    async def __call__(self, name: str, work: Callable[[Connection], Awaitable[Answer | Refused]]) -> Response:
        """The answer of `work`, in whose transaction it is kept. Raises `Problem` if it is refused."""
        self._refuse_if_match("What this is about has no tag.")

        async def encoded(connection: Connection) -> str | Refused:
            answer = await work(connection)
            return answer if isinstance(answer, Refused) else answer.model_dump_json()

        return self._told(await self._bus.do(name, await self._scoped(), encoded))


class Change(_Commands):
    """Runs a command on something that its caller may have read: with `If-Match`, only if that is still true."""

    def __init__(self, request: Request, key: str, fingerprints: Sequence[bytes], if_match: str | None) -> None:
        super().__init__(request, key, fingerprints)
        self._if_match = if_match

    async def __call__(self, command: Any, actor: Actor, resource: Resource, id_: UUID) -> Response:
        """The command's answer, held to the tag of the resource. Raises `Problem` as `Run` does, or 412."""
        if self._if_match is None:
            return await self._answer(command, actor, None)
        door: Door = self._request.app.state.door
        if door.reads_nothing(self._request, actor):
            self._refuse_if_match("Your organisation may read nothing now, so no tag of yours is compared.")
        workshop: Workshop = started(self._request, "workshop")
        return await self._answer(command, actor, Seen(resource, id_, _strong(self._if_match), workshop.tag_key))


def _strong(header: str) -> Sequence[str]:
    """The tags of an `If-Match` that can be equal to one of ours: a weak one never is (RFC 9110, 13.1.1)."""
    return [tag for tag in re.findall(rf"\*|{_TAG}", header) if not tag.startswith("W/")]


async def _fingerprints(request: Request) -> Sequence[bytes]:
    """By which a body is known again; where the service seals, hashes that nobody can make without its keys."""
    marks: Callable[[bytes], Sequence[bytes]] = request.app.state.marks
    return marks(await request.body())


@reads(IDEMPOTENCY_KEY)
async def _run(request: Request) -> Run:
    return Run(request, _key(request), await _fingerprints(request))


@reads(IDEMPOTENCY_KEY)
async def _do(request: Request) -> Do:
    return Do(request, _key(request), await _fingerprints(request))


@reads(IDEMPOTENCY_KEY, IF_MATCH)
async def _change(request: Request) -> Change:
    key, if_match = _key(request), IF_MATCH.read(request)
    return Change(request, key, await _fingerprints(request), if_match)


def _key(request: Request) -> str:
    key = IDEMPOTENCY_KEY.read(request)
    assert key is not None, "its absence is refused"
    return key


Runner = Annotated[Run, Depends(_run)]
"""For commands that make something new."""
Doer = Annotated[Do, Depends(_do)]
"""For what is no command on aggregates."""
Changer = Annotated[Change, Depends(_change)]
"""For commands on something that can be read."""


async def _documents(request: Request) -> Documents:
    documents: Documents = started(request, "workshop").documents
    return documents


Reading = Annotated[Documents, Depends(_documents)]
"""For lists, and to find what a command is about."""


async def _marking(request: Request) -> Callable[[bytes], Sequence[bytes]]:
    return keyed(request)


Marking = Annotated[Callable[[bytes], Sequence[bytes]], Depends(_marking)]
"""Makes keyed hashes, by which something personal that rests sealed is found again. What one means must be in it."""


async def _vault(request: Request) -> Vault:
    vault: Vault = started(request, "workshop").vault
    return vault


Sealing = Annotated[Vault, Depends(_vault)]
"""For routes that seal what they take before a command is made of it, and lists that show what was sealed."""


async def _days(request: Request) -> WorkingDays:
    days: WorkingDays = started(request, "workshop").calendar.days
    return days


Days = Annotated[WorkingDays, Depends(_days)]
"""The calendars as they are known now."""


async def _now(request: Request) -> datetime:
    now: datetime = started(request, "workshop").clock.now()
    return now


Now = Annotated[datetime, Depends(_now)]
"""What time it is for the business."""


async def _reference(request: Request) -> Any:
    return started(request, "workshop").reference


CODE_LISTS: Any = Depends(_reference)
"""For `Annotated[Reference, CODE_LISTS]`: the service's code lists, under what holds at the moment."""
