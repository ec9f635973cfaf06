"""What a connection may cost before anybody knows who it is: bytes of a head, seconds, and how many there are.

uvicorn bounds none of it: a head of any size is kept, half a request is waited for as long as its sender likes, and
every caller gets a connection. `Connection` is uvicorn's own protocol with these bounds; whoever goes beyond one is
told so, where it can still be told, and hung up on.

One look per second finds whoever is late, so that a request costs no timer.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from secrets import token_hex
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from chassis.http.problems import MEDIA_TYPE, Problem
from chassis.telemetry.metrics import Metrics

LOOK_SECONDS = 1.0
LINGER_SECONDS = 2.0
"""How long a refused caller may go on sending, so that it can read why: a socket closed on unread bytes is reset, and
the answer is lost."""
BODY_ALLOWANCE = 16
"""Bytes on the wire for each byte that a body may have: chunks have sizes around them. It bounds trailers too."""
MAX_PIPELINED = 16
"""Requests that wait behind one another on one connection."""

HEAD, BODY, NOTHING = "head", "body", ""


@dataclass(frozen=True)
class Bounds:
    """What one process grants its callers. Seconds count from the first byte to the last, however steadily they come.

    `unread_seconds`: how long an answer may wait for its reader.
    """

    head_bytes: int
    body_bytes: int
    connections: int
    head_seconds: float
    body_seconds: float
    unread_seconds: float
    metrics: Metrics
    look: list[asyncio.TimerHandle] = field(default_factory=list)
    """The next look; one for all connections of the process."""


class Connection(HttpToolsProtocol):
    """One caller's connection, within bounds."""

    def __init__(self, bounds: Bounds, *, config: Config, server_state: ServerState, **others: Any) -> None:
        super().__init__(config, server_state, **others)
        self._bounds = bounds
        self._waits_for = HEAD
        self._since = self.loop.time()
        self._bytes = 0
        self._unread_since: float | None = None
        self._closing_since: float | None = None
        self._refused = False
        self._answering: RequestResponseCycle | None = None

    # --- how many ----------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Makes room for a new caller: whoever has waited longest without a request in hand has to go.

        A caller that holds many half requests displaces its own; a probe still gets through.
        """
        super().connection_made(transport)
        if len(self.connections) > self._bounds.connections:
            self._make_room()
        if not self._bounds.look:
            _look_later(self._bounds, self.server_state)

    def _make_room(self) -> None:
        served = [each for each in self.connections if isinstance(each, Connection) and not each.refused]
        if len(served) <= self._bounds.connections:
            return
        idle = (each for each in served if each is not self and each.is_idle())
        longest = min(idle, key=lambda each: each.since, default=None)
        if longest is not None:
            longest.drop("displaced")
        elif len(self.connections) < 2 * self._bounds.connections:
            self._refuse(_CROWDED)
        else:  # too many are being told so already
            self.drop(_CROWDED.code)

    @property
    def refused(self) -> bool:
        """Whether this caller has been told to go."""
        return self._refused

    @property
    def since(self) -> float:
        """When what is waited for began."""
        return self._since

    def is_idle(self) -> bool:
        """Whether no whole request of this caller is in hand."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered or (self._waits_for == BODY and not self.pipeline)

    def drop(self, reason: str) -> None:
        """Hangs up without a word."""
        self._refused = True
        self._count(reason)
        self._tell_that_the_caller_is_gone()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone. uvicorn tells the last of several requests only, not the one that is being answered."""
        self._tell_that_the_caller_is_gone()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _tell_that_the_caller_is_gone(self) -> None:
        """What the application still says is not sent: to write to what is closed would be a failure of ours."""
        cycle = self._answering
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    # --- how much ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Reads on, as far as the bounds allow. What a refused caller still sends is not looked at."""
        if self._refused:
            return
        if self._waits_for == NOTHING:
            self._begin()
        self._bytes += len(data)
        super().data_received(data)
        if self._refused:
            return
        if self._waits_for == HEAD and self._bytes > self._bounds.head_bytes:
            self._refuse(_HEAD_TOO_LARGE)
        elif self._waits_for == BODY and self._bytes > self._most_of_a_message():
            self._refuse(_BODY_TOO_LARGE)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._waits_for == NOTHING:  # it shares its packet with the request before
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole: it goes to the application, unless it is too large, alone or behind another request."""
        if self._size_of_head() > self._bounds.head_bytes:
            self._stop_with(_HEAD_TOO_LARGE)
        if len(self.pipeline) >= MAX_PIPELINED:
            self._stop_with(_PIPELINED)
        super().on_headers_complete()
        self._waits_for = BODY
        self._since = self.loop.time()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._waits_for = NOTHING
        super().on_message_complete()

    def _begin(self) -> None:
        self._waits_for = HEAD
        self._since = self.loop.time()
        self._bytes = 0

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _most_of_a_message(self) -> int:
        return self._bounds.head_bytes + BODY_ALLOWANCE * self._bounds.body_bytes

    # --- how long ----------------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """The caller does not read what it is sent."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The caller reads again."""
        self._unread_since = None
        super().resume_writing()

    def look(self, now: float) -> None:
        """Hangs up on whoever is late."""
        bounds = self._bounds
        if self.transport.is_closing() or self._refused:
            self._closing_since = now if self._closing_since is None else self._closing_since
            if now - self._closing_since >= (LINGER_SECONDS if self._refused else bounds.unread_seconds):
                self.transport.abort()
        elif self._unread_since is not None:
            if now - self._unread_since >= bounds.unread_seconds:
                self.drop("answer_unread")
        elif self.flow.read_paused:
            self._since = now  # it is we who do not read on
        elif self._waits_for == BODY:
            if now - self._since >= bounds.body_seconds:
                self._refuse(_BODY_LATE)
        elif self._waits_for == HEAD and now - self._since >= bounds.head_seconds:
            if self.cycle is not None and not self.cycle.response_complete:
                self._since = now  # the request before is still being answered
            elif self._bytes:
                self._refuse(_HEAD_LATE)
            else:
                self.drop("silent")

    # --- how it is told ----------------------------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are no problem document
        """What cannot be read as HTTP."""
        if not self._refused:
            self._refuse(_MALFORMED)

    def _stop_with(self, problem: Problem) -> None:
        """Refuses from within the parser, and stops it."""
        self._refuse(problem)
        raise _RefusedError

    def _refuse(self, problem: Problem) -> None:
        """Tells why, unless that would stand where another answer is expected; then hears no more."""
        self._refused = True
        self._count(problem.code)
        cycle = self.cycle
        answered = cycle is None or cycle.response_complete
        of_this_one = self._waits_for == BODY and not answered and not cycle.response_started and not self.pipeline
        told_already = self._waits_for == BODY and answered
        if (answered or of_this_one) and not told_already:
            self.transport.write(_answer(problem, self.server_state.default_headers))
        elif not answered:
            self.transport.abort()
            return
        if of_this_one:  # the application hears that the caller is gone, and what it still says is not sent
            cycle.disconnected = True
            cycle.message_event.set()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _count(self, reason: str) -> None:
        self._bounds.metrics.connections_ended.labels(reason).inc()


class _RefusedError(Exception):
    """Ends the parser's run; the caller has been told."""


def _look_later(bounds: Bounds, server: ServerState) -> None:
    """Looks at all connections, and again as long as there are any."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        bounds.look.clear()
        now = loop.time()
        for each in list(server.connections):
            if isinstance(each, Connection):
                each.look(now)
        if server.connections:
            _look_later(bounds, server)

    bounds.look.append(loop.call_later(LOOK_SECONDS, look))


def _answer(problem: Problem, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The problem document as the last answer of a connection."""
    request_id = token_hex(16)
    content = json.dumps(problem.document(f"urn:request:{request_id}")).encode()
    lines = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}".encode(),
        *(name + b": " + value for name, value in headers),
        f"content-type: {MEDIA_TYPE}".encode(),
        f"content-length: {len(content)}".encode(),
        f"x-request-id: {request_id}".encode(),
        b"cache-control: no-store",
        b"x-content-type-options: nosniff",
        *(f"{name}: {value}".encode() for name, value in problem.headers.items()),
        b"connection: close",
    ]
    return b"\r\n".join([*lines, b"", content])


_MALFORMED = Problem(
    status=400,
    code="request_malformed",
    detail="This cannot be read as HTTP/1.1.",
    remedy="Send requests as RFC 9112 says.",
)
_PIPELINED = Problem(
    status=400,
    code="requests_pipelined",
    detail=f"More than {MAX_PIPELINED} requests wait on this connection.",
    remedy="Wait for answers before you send more, or open another connection.",
)
_HEAD_TOO_LARGE = Problem(
    status=431,
    code="header_too_large",
    detail="The request line and the headers are too large together.",
    remedy="Send a shorter address, and fewer or shorter headers.",
)
_BODY_TOO_LARGE = Problem(
    status=413,
    code="body_too_large",
    detail="The body is far larger than any that is taken.",
    remedy="Send less in one request.",
)
_HEAD_LATE = Problem(
    status=408,
    code="header_late",
    detail="The request line and the headers did not come in time.",
    remedy="Send the request again, without pauses.",
)
_BODY_LATE = Problem(
    status=408,
    code="body_late",
    detail="The body did not come in time.",
    remedy="Send the same request with the same Idempotency-Key again, without pauses.",
)
_CROWDED = Problem(
    status=503,
    code="too_many_connections",
    detail="The service answers as many callers as it can.",
    remedy="Send the same request with the same Idempotency-Key again after the time in Retry-After.",
    headers={"Retry-After": "2"},
)
