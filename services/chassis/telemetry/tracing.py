"""Traces across months and topics: short traces, linked instead of nested.

A `create` span stands in the trace of the command that made an event; its context travels unchanged through outbox and
topic. Whoever handles the event opens a new root span `process` that links to it. Spans of a batch are built in bulk
after the commit: half of the cost of SDK spans, and no span for work that was rolled back.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import NamedTuple, Self, TypedDict, cast

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace import SpanContext as OtelSpanContext

from chassis.settings import Settings
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.span_export import SpanExport

_SCOPE = InstrumentationScope("chassis")
_LOW_63 = (1 << 63) - 1
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
"""Small letters, and nothing behind the flags but in versions to come, where a dash must part it from them."""
_SAMPLED, _RANDOM = 0x01, 0x02
_FLAGS = tuple(map(TraceFlags, range(4)))
_UNSET = Status(StatusCode.UNSET)


class SpanContext(NamedTuple):
    """Identity of a span, as in the W3C `traceparent` header.

    `random`: the last seven bytes of the trace id are known to be random, so that others may sample by them (level 2).
    """

    trace_id: int
    span_id: int
    sampled: bool
    random: bool = False

    @property
    def traceparent(self) -> str:
        """W3C Trace Context, version 00."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-0{self.flags}"

    @property
    def flags(self) -> int:
        """Those that we know; all others are 0, as the standard wants it."""
        return self.sampled * _SAMPLED | self.random * _RANDOM

    @classmethod
    def parse(cls, traceparent: str) -> Self | None:
        """The context in a `traceparent` header, or None if it is malformed: a bad header never fails the work."""
        found = _TRACEPARENT.fullmatch(traceparent)
        if found is None:
            return None
        version, trace, span, flag, more = found.groups()
        trace_id, span_id, flags = int(trace, 16), int(span, 16), int(flag, 16)
        if version == "ff" or (version == "00" and more is not None) or not trace_id or not span_id:
            return None
        return cls(trace_id, span_id, bool(flags & _SAMPLED), bool(flags & _RANDOM))


NO_TRACE = SpanContext(0, 0, sampled=False)

current: ContextVar[SpanContext] = ContextVar("current_span", default=NO_TRACE)
"""The span of the HTTP request that is being answered."""


Attributes = TypedDict(
    "Attributes",
    {
        "http.request.method": str,
        "http.route": str,
        "http.response.status_code": int,
        "messaging.system": str,
        "messaging.operation.type": str,
        "messaging.destination.name": str,
        "messaging.kafka.offset": int,
        "cloudevents.event_id": str,
        "cloudevents.event_type": str,
        "ph.deadline.name": str,
    },
    total=False,
)
"""All that a span may say beside the id of what it is about: mypy refuses any other. `docs/telemetry.md` says which
span has which."""


class Tracer:
    """Makes span contexts and hands finished spans to the exporter, if there is one.

    `subject`: what the spans of a service are searched by, an `order`, say; spans that are about one name it as
    `ph.order.id`, and events, contracts and paths have it as `order_id`.
    """

    def __init__(
        self, resource: Resource, processor: SpanProcessor | None = None, ratio: float = 1.0, subject: str = "subject"
    ) -> None:
        self.subject_field = f"{subject}_id"
        self._subject_attribute = f"ph.{subject}.id"
        self._resource = resource
        self._processor = processor
        self._bound = int(ratio * _LOW_63) if processor is not None else -1

    def root(self) -> SpanContext:
        """A new trace, sampled by ratio; never sampled while nothing is exported."""
        trace_id = random.getrandbits(128) or 1
        return SpanContext(trace_id, random.getrandbits(64) or 1, (trace_id & _LOW_63) <= self._bound, random=True)

    def root_linked_to(self, cause: SpanContext | None) -> SpanContext:
        """A new trace that is sampled if, and only if, its cause was: both sides of a link exist or neither."""
        if cause is None:
            return self.root()
        return SpanContext(random.getrandbits(128) or 1, random.getrandbits(64) or 1, cause.sampled, random=True)

    def child(self, parent: SpanContext) -> SpanContext:
        """A new span in the parent's trace."""
        return SpanContext(parent.trace_id, random.getrandbits(64) or 1, parent.sampled, parent.random)

    def record(  # noqa: PLR0913 - the fields of a span
        self,
        name: str,
        context: SpanContext,
        kind: SpanKind,
        started: int,
        ended: int,
        attributes: Attributes,
        subject_id: str = "",
        parent: SpanContext | None = None,
        link: SpanContext | None = None,
        error: str = "",
    ) -> None:
        """Hands over one finished span; times in nanoseconds since the epoch. Unsampled spans cost nothing.

        `subject_id`: of what the span is about, if it is about one.
        """
        if self._processor is None or not context.sampled:
            return
        told = {**attributes, self._subject_attribute: subject_id} if subject_id else attributes
        span = ReadableSpan(
            name=name,
            context=_otel(context),
            parent=_otel(parent) if parent is not None else None,
            resource=self._resource,
            attributes=cast("Mapping[str, str | int]", told),
            links=(Link(_otel(link)),) if link is not None else (),
            kind=kind,
            status=Status(StatusCode.ERROR, error) if error else _UNSET,
            start_time=started,
            end_time=ended,
            instrumentation_scope=_SCOPE,
        )
        self._processor.on_end(span)

    async def shutdown(self, seconds: float) -> None:
        """Flushes what is left, as far as the collector takes it in time."""
        if isinstance(self._processor, SpanExport):
            await self._processor.close(seconds)


def _otel(context: SpanContext) -> OtelSpanContext:
    return OtelSpanContext(context.trace_id, context.span_id, is_remote=False, trace_flags=_FLAGS[context.flags])


def tracer_from(service: str, subject: str, settings: Settings, metrics: Metrics) -> Tracer:
    """The process's tracer: OTLP over HTTP if an endpoint is set, else contexts only."""
    resource = Resource.create({"service.name": service, "service.instance.id": settings.instance or service})
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return Tracer(resource, subject=subject)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - 20 MB that few need
        OTLPSpanExporter,
    )

    def dropped(reason: str, count: int) -> None:
        metrics.spans_dropped.labels(reason).inc(count)

    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")
    export = SpanExport(exporter, dropped, pause_seconds=settings.otel_bsp_schedule_delay / 1000)
    return Tracer(resource, export, settings.otel_traces_sampler_arg, subject)


def now_ns() -> int:
    """Nanoseconds since the epoch."""
    return time.time_ns()
