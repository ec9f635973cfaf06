"""What every request passes before a route sees it: plain ASGI middlewares, from the outside in.

`RequestEdge` names the request and hardens the answer. `LastResort` turns a crash into a problem document.
`AddressGuard` refuses addresses that no route could use, since they are no text. PostgreSQL stores neither NUL
characters nor lone surrogates: addresses and bodies may hold neither, so that none becomes an error of the database.
"""

from __future__ import annotations

import re
from secrets import token_hex
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http.exception_handlers import unexpected
from chassis.http.problems import Problem, instance_of

REQUEST_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}")
"""A UUID, or 32 hexadecimal digits such as a trace id: the caller's id is logged, so it must not be able to be a name,
a birth date or a telephone number."""
MAX_TARGET_BYTES = 4096
HARDENING = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class RequestEdge:
    """Outermost: gives the request its id, repeats the id in the answer, and adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wish = Headers(scope=scope).get("x-request-id", "")
        request_id = wish if REQUEST_ID.fullmatch(wish) else token_hex(16)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}

        async def harden(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                given = {name.lower() for name, _ in headers}
                headers += [pair for pair in HARDENING if pair[0] not in given]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, harden)


class LastResort:
    """Answers a crash with 500. It stands inside of the middlewares that measure and log, so they see an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            answer = await unexpected(Request(scope), error)
            if started:
                raise  # half an answer is out: the server must break the connection, so that nobody trusts it
            await answer(scope, receive, send)


class AddressGuard:
    """Innermost: refuses unusable addresses."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] == "http":
            try:
                _check_target(scope)
            except Problem as problem:
                await problem.response(instance_of(scope))(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _check_target(scope: Scope) -> None:
    """400 unless path and query are UTF-8 without NUL. The server itself would decode anything."""
    query: bytes = scope["query_string"]
    raw_path: bytes = scope.get("raw_path") or b""
    for what, encoded in (("path", raw_path), ("query", query)):
        if len(encoded) > MAX_TARGET_BYTES:
            raise _bad_target(what, f"The {what} is longer than {MAX_TARGET_BYTES} bytes.")
        if b"%" in encoded or not encoded.isascii():
            try:
                text = unquote_to_bytes(encoded).decode()
            except UnicodeDecodeError:
                raise _bad_target(what, f"The {what} is not UTF-8.") from None
            if "\x00" in text:
                raise _bad_target(what, f"The {what} holds a NUL character.")


def _bad_target(what: str, detail: str) -> Problem:
    return Problem(
        status=400,
        code=f"{what}_malformed",
        detail=detail,
        remedy=f"Send the {what} as /docs shows it, its special characters percent-encoded from UTF-8.",
    )
