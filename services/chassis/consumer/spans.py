"""The spans of a batch, built in bulk once it is committed."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.trace import SpanKind

from chassis.consumer.inbound import Inbound
from chassis.outbox.append import Emitted
from chassis.outbox.spans import record_created
from chassis.telemetry.tracing import Attributes, SpanContext, Tracer


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
            attributes: Attributes = {
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": inbound.record.topic,
                "messaging.kafka.offset": inbound.record.offset,
                "cloudevents.event_id": inbound.id,
                "cloudevents.event_type": inbound.type,
            }
            message = inbound.message
            is_about_one = message is not None and message.key_field == self._tracer.subject_field
            subject_id = (inbound.key or "") if is_about_one else ""
            name = f"process {inbound.type}"
            record(name, context, SpanKind.CONSUMER, started, ended, attributes, subject_id, link=inbound.trace)
        record_created(self._tracer, emitted, parents, started, ended)
