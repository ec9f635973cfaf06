"""A server span, a duration and a log line per HTTP request. They carry the route's template, never its values."""

from __future__ import annotations

from functools import cache
from time import perf_counter
from typing import Any
from uuid import UUID

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.telemetry.logs import get_logger, shared_fields
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import (
    Attributes,
    SpanContext,
    Tracer,
    current,
    now_ns,
)

log = get_logger(__name__)

QUIET = ("/health/live", "/health/ready", "/metrics")
FAILED = 500


class HttpTelemetry:
    """ASGI middleware; outside of all that refuses, so that refused requests are seen too.

    `RequestEdge` is outside of it, because log lines carry the id that the request gets there.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer, metrics: Metrics) -> None:
        self._app = app
        self._tracer = tracer
        self._seconds = cache(metrics.http_seconds.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        parent = _parent(scope)
        context = self._tracer.child(parent) if parent else self._tracer.root()
        status = FAILED

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started, begun = now_ns(), perf_counter()
        outer = current.set(context)
        silent = shared_fields.set(_shared(scope, context))
        try:
            await self._app(scope, receive, observed)
        finally:
            self._finish(scope, context, parent, status, started, perf_counter() - begun)
            shared_fields.reset(silent)
            current.reset(outer)

    def _finish(
        self, scope: Scope, context: SpanContext, parent: SpanContext | None, status: int, started: int, seconds: float
    ) -> None:
        method, route = _method(scope), _route(scope)
        self._seconds(method, route, str(status)).observe(seconds)
        log.info("http_request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
        if not context.sampled:
            return
        attributes: Attributes = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        subject_id = _subject_id(scope, self._tracer.subject_field)
        error = "server error" if status >= FAILED else ""
        name = f"{method} {route}"
        self._tracer.record(
            name, context, SpanKind.SERVER, started, now_ns(), attributes, subject_id, parent=parent, error=error
        )


def _shared(scope: Scope, context: SpanContext) -> dict[str, str]:
    """What all log lines of the request say."""
    ids = {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
    return {**ids, "request_id": scope["state"]["request_id"]}


def _parent(scope: Scope) -> SpanContext | None:
    """The caller's trace. Two that contradict each other are none."""
    given = [value for name, value in scope["headers"] if name == b"traceparent"]
    return SpanContext.parse(given[0].decode("latin-1")) if len(given) == 1 else None


def _subject_id(scope: Scope, parameter: str) -> str:
    """The subject in the path, if it is an id: any other text there could be a name."""
    try:
        return str(UUID(str(scope.get("path_params", {}).get(parameter, ""))))
    except ValueError:
        return ""


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "_OTHER"


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")
    return getattr(route, "path", "") or "unmatched"
