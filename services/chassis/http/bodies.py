"""The body of a request: of bounded size, declared as JSON, and JSON. It is read only once its caller is known.

Bodies that are too large, not declared, or no JSON are refused before FastAPI sees them: its own parser is laxer, and
its errors quote what was sent.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive

from chassis.http.problems import Problem
from chassis.http.strict_json import read_json


async def with_body(request: Request) -> Request:
    """The request with its whole body, checked. Raises `Problem` 400, 408, 413, 415 or 422."""
    headers = request.headers
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return request
    body = await read_body(headers, request.receive, request.app.state.max_body_bytes)
    if body:
        _check_media_type(headers)
    return _Whole(request, body)


class _Whole(Request):
    """A request whose body is here, read once by our own parser: FastAPI gets what it found."""

    def __init__(self, request: Request, body: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._bytes = body
        self._document = read_json(body) if body else None

    async def body(self) -> bytes:
        """As it came."""
        return self._bytes

    async def json(self) -> Any:
        """What it says."""
        return self._document


async def read_body(headers: Headers, receive: Receive, most: int) -> bytes:
    """All of it, and not more than `most` bytes. Raises `Problem` 400, 408 or 413."""
    declared = headers.get("content-length", "0")
    if not (declared.isascii() and declared.isdigit()):
        raise Problem(
            status=400,
            code="content_length_malformed",
            detail="The Content-Length header is not a number.",
            remedy="Send the length of the body in bytes.",
            field="Content-Length",
        )
    if int(declared) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _incomplete()
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem(
        status=413,
        code="body_too_large",
        detail=f"The body is larger than {most} bytes.",
        remedy="Send less in one request.",
    )


def _incomplete() -> Problem:
    """Nobody reads it; logs and metrics have its status."""
    return Problem(
        status=408,
        code="body_incomplete",
        detail="The caller hung up, or was hung up on, before the body was whole.",
        remedy="Send the same request with the same Idempotency-Key again.",
    )


def _check_media_type(headers: Headers) -> None:
    """415 unless the body is declared as plain, uncompressed JSON."""
    media_type, _, parameters = headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace('"', "").strip()
    if media_type.strip() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Problem(
            status=415,
            code="media_type_unsupported",
            detail="The body is not declared as JSON in UTF-8.",
            remedy="Send it with the header Content-Type: application/json.",
            field="Content-Type",
            headers={"Accept": "application/json"},
        )
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(
            status=415,
            code="content_encoding_unsupported",
            detail="The body is compressed.",
            remedy="Send it without Content-Encoding.",
            field="Content-Encoding",
            headers={"Accept-Encoding": "identity"},
        )
