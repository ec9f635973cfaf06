"""The `create` span of each event, recorded in bulk once the transaction is committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opentelemetry.trace import SpanKind

from chassis.outbox.append import Emitted
from chassis.telemetry.tracing import SpanContext, Tracer


def record_created(
    tracer: Tracer, emitted: Iterable[Emitted], parents: Mapping[int, SpanContext], started: int, ended: int
) -> None:
    """Records the `create` span of each event under its parent in the same trace. Call it after the commit only."""
    for event, key, _, _, trace, *_ in emitted:
        if not trace.sampled:
            continue
        attributes: dict[str, str | int] = {"messaging.operation.type": "create"}
        if event.key_field == tracer.subject_field:
            attributes[tracer.subject_attribute] = key
        parent = parents.get(trace.trace_id)
        tracer.record(f"create {event.type}", trace, SpanKind.PRODUCER, started, ended, attributes, parent=parent)
