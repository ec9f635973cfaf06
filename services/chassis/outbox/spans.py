"""The `create` span of each event, recorded in bulk once the transaction is committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from opentelemetry.trace import SpanKind

from chassis.outbox.append import Emitted
from chassis.telemetry.tracing import Attributes, SpanContext, Tracer

CREATE: Final[Attributes] = {"messaging.operation.type": "create"}


def record_created(
    tracer: Tracer, emitted: Iterable[Emitted], parents: Mapping[int, SpanContext], started: int, ended: int
) -> None:
    """Records the `create` span of each event under its parent in the same trace. Call it after the commit only."""
    for event, key, _, _, trace, *_ in emitted:
        if not trace.sampled:
            continue
        subject_id = key if event.key_field == tracer.subject_field else ""
        parent = parents.get(trace.trace_id)
        name = f"create {event.type}"
        tracer.record(name, trace, SpanKind.PRODUCER, started, ended, CREATE, subject_id, parent=parent)
