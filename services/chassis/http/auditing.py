"""Personal operations: what they show, change or refuse is a row of the audit, and nothing of it is sent before.

A route says that it is personal by `personal(...)` in place of `answers(...)`, and need do nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from chassis.audit.rows import SHOWN, Who, refused
from chassis.audit.writer import Auditor, AuditUnavailableError
from chassis.http.answering import Shown, answers
from chassis.http.auth import principal
from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.pure.answers import Answer
from chassis.pure.subjects import subjects_in

PERSONAL = "x-personal"
"""What the API's document says of such an operation."""
NOTE = "ph.audit"
"""Where a request's scope holds what its row will say."""


def personal(model: type[Answer], *statuses: int, tagged: bool = False) -> dict[str, Any]:
    """What a route declares of its answers, as `answers` does, and that they tell of persons."""
    return {**answers(model, *statuses, tagged=tagged), "openapi_extra": {PERSONAL: True}}


def is_personal(extra: dict[str, Any] | None) -> bool:
    """Whether a route has said so."""
    return bool(extra and extra.get(PERSONAL))


class Note:
    """What becomes known of one request for its row, before there is one. `field`: the field that names a subject."""

    def __init__(self, person: bytes, org: str, action: str, field: str) -> None:
        self.role = ""
        self.ground: str | None = None
        self.field = field
        self.subjects: set[UUID] = set()
        self.is_command = self.is_written = False
        """Written: by the command's own transaction, or before another service was told."""
        self._person = person
        self._org = org
        self._action = action

    @property
    def who(self) -> Who:
        """Who asks, as far as it is known."""
        return Who(self._person, self.role, self._org, self._action, self.ground)

    def about(self, value: object) -> None:
        """Notes the subjects that the value names."""
        self.subjects |= subjects_in(value, self.field)

    def answered(self, answer: str, *, written: bool) -> None:
        """A command has this answer; one that is stored is but shown once more."""
        self.is_command, self.is_written = True, written
        if not written:
            self.about(json.loads(answer))


def note_of(request: Request) -> Note | None:
    """None if the operation is not personal."""
    note: Note | None = request.scope.get(NOTE)
    return note


def remembered(request: Request, subject: str) -> Sequence[bytes]:
    """Keyed hashes of a token's subject, by the newest generation of keys first: the one way in which a service
    remembers a person of the staff. Two people differ by all of them, and without a key none leads to one."""
    return keyed(request)(b"subject\0" + subject.encode())


def keyed(request: Request) -> Callable[[bytes], Sequence[bytes]]:
    """What makes the keyed hashes of something personal, by the newest generation of keys first."""
    marks: Callable[[bytes], Sequence[bytes]] | None = request.app.state.keyed_marks
    if marks is None:
        raise AssertionError("the service has no keys (`seals`): a hash without one could be looked up")
    return marks


async def person(request: Request) -> Sequence[bytes]:
    """Whoever asks, as `remembered`."""
    return remembered(request, (await principal(request)).subject)


async def audited(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    """What `handle` answers, once its row is committed. Raises `Problem` 503 if that cannot be."""
    auditor: Auditor = started(request, "auditor")
    note = request.scope[NOTE] = await _noted(request)
    try:
        answer = await handle(request)
    except Problem as problem:
        await note_refusal(auditor, note, problem)
        raise
    if isinstance(answer, Shown):
        note.about(answer.shown)
    elif not note.is_command:
        raise AssertionError("nothing tells what this personal operation has shown: answer by `json_response`")
    if not note.is_written:
        await note_as(auditor, note, SHOWN)
    return answer


async def _noted(request: Request) -> Note:
    who = await principal(request)
    [newest, *_] = remembered(request, who.subject)
    note = Note(newest, who.org, request.scope["route"].name, request.app.state.subject_field)
    with suppress(KeyError, ValueError):  # no such id in the path, or none at all, which is refused
        note.subjects.add(UUID(request.path_params[note.field]))
    return note


async def note_refusal(auditor: Auditor, note: Note, problem: Problem) -> None:
    """Writes that a rule has refused the request; nothing of one that was only unwell or too soon, unless a row says
    already that it is done."""
    if note.is_written or HTTPStatus.FORBIDDEN <= problem.status < HTTPStatus.TOO_MANY_REQUESTS:
        await note_as(auditor, note, refused(problem.code))


async def note_as(auditor: Auditor, note: Note, outcome: str) -> None:
    """Writes the row with this outcome. Raises `Problem` 503 if that cannot be."""
    try:
        await auditor.write(note.who.row(note.subjects, outcome))
    except AuditUnavailableError:
        raise Problem(
            status=503,
            code="audit_unavailable",
            detail="Nobody could note that you see this, so it is not shown.",
            remedy="Send the same request again in a few seconds, a command with the same Idempotency-Key.",
            headers={"Retry-After": "2"},
        ) from None
