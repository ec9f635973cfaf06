"""The spans of a batch, built in bulk once it is committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opentelemetry.trace import SpanKind

from chassis.inbound import Inbound
from chassis.outbox import Emitted
from chassis.tracing import SpanContext, Tracer


class ProcessSpans:
    """One `process` span per handled event, linked to the event's `create` span, and the `create` spans it caused."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: list[tuple[SpanContext, Inbound]] = []

    def open(self, inbound: Inbound) -> SpanContext:
        """A new root for handling this event; sampled if its creation was."""
        context = self._tracer.root_linked_to(inbound.trace)
        if context.sampled:
            self._open.append((context, inbound))
        return context

    def record(self, started: int, ended: int, emitted: Iterable[Emitted]) -> None:
        """Hands all spans over. Call it after the commit only."""
        if not self._open:
            return
        record = self._tracer.record
        parents = {}
        for context, inbound in self._open:
            parents[context.trace_id] = context
            attributes: dict[str, str | int] = {
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": inbound.record.topic,
                "messaging.kafka.offset": inbound.record.offset,
                "cloudevents.event_id": inbound.id,
                "cloudevents.event_type": inbound.type,
                "ph.case.id": inbound.key or "",
            }
            name = f"process {inbound.type}"
            record(name, context, SpanKind.CONSUMER, started, ended, attributes, link=inbound.trace)
        record_created(self._tracer, emitted, parents, started, ended)


def record_created(
    tracer: Tracer, emitted: Iterable[Emitted], parents: Mapping[int, SpanContext], started: int, ended: int
) -> None:
    """The `create` span of each event, below the parent in its trace. Call it after the commit only."""
    for event, key, _, _, trace, _ in emitted:
        if not trace.sampled:
            continue
        attributes: dict[str, str | int] = {"messaging.operation.type": "create"}
        if event.key_field == "case_id":
            attributes["ph.case.id"] = key
        parent = parents.get(trace.trace_id)
        tracer.record(f"create {event.type}", trace, SpanKind.PRODUCER, started, ended, attributes, parent=parent)
