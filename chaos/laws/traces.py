"""Traces: who handles an event links to the very context that its sender made; what is unsampled stays so."""

from __future__ import annotations

from collections import defaultdict

from chaos.check import Check
from chaos.evidence import WRITES, Evidence, Life
from chaos.model import Understood, understood


def traces_link(evidence: Evidence) -> Check:
    """(14) A `process` span links to the `ce_traceparent` of its event, across restarts; sampling is inherited."""
    check = Check()
    by_id = {
        event.id: event
        for topic in evidence.topics
        for event in reversed(understood(evidence, topic))  # of what was written twice, the first is handled
        if event.id and not event.fault
    }
    unsampled = {_trace(event) for event in by_id.values() if not _sampled(event)} - {""}
    processed: dict[str, set[str]] = defaultdict(set)
    for span in evidence.spans:
        where = f"{span.instance}, span {span.span_id} {span.name}"
        check.that(span.trace_id not in unsampled, "no span belongs to an unsampled trace", where)
        if not span.name.startswith("process "):
            continue
        event = by_id.get(span.attributes.get("cloudevents.event_id", ""))
        if not check.that(event is not None, "a span's event is in a topic", where):
            continue
        processed[event.id].add(span.trace_id)
        if not _trace(event):
            continue
        made = (_trace(event), event.traceparent.split("-")[2])
        check.equal("the link of a span", where, (made,), span.links)
        check.that(_sampled(event), "the cause of an exported span is sampled", where)
        check.that(span.trace_id != made[0], "who handles an event begins a new trace", where)
        restarted = _restarted(evidence.lives, span.instance, event.record.at, span.started)
        check.count("linked across a restart", int(restarted))
    for topic in WRITES.values():
        for event in understood(evidence, topic):
            cause = by_id.get(event.cause)
            if cause is not None and _trace(cause):
                where = f"{event.record.place}, caused by {cause.record.place}"
                check.equal("an effect is sampled like its cause", where, _sampled(cause), _sampled(event))
                check.count("unsampled", int(not _sampled(cause)))
                if cause.id in processed and not _perhaps_twice(evidence, event, cause):
                    what = "an event is created in the trace of the span that handled its cause"
                    check.that(_trace(event) in processed[cause.id], what, where, processed[cause.id], _trace(event))
    return check


def _perhaps_twice(evidence: Evidence, event: Understood, cause: Understood) -> bool:
    """Whether the cause may have been handled before and after a database was put back: each time in a trace of its
    own, and who was killed may not have told of it."""
    return any(
        WRITES[restored.service] == event.record.topic
        and cause.record.at < restored.opened
        and event.record.at > restored.copied
        for restored in evidence.restored
    )


def _trace(event: Understood) -> str:
    """Empty if there is no context, or one that is none (all zeros): then the reader decides by itself."""
    parts = event.traceparent.split("-")
    return parts[1] if len(parts) == 4 and parts[1].strip("0") else ""


def _sampled(event: Understood) -> bool:
    return event.traceparent.endswith(("-01", "-03"))


def _restarted(lives: list[Life], worker: str, published: float, handled: float) -> bool:
    return any(life.worker == worker and published < life.started < handled for life in lives)
