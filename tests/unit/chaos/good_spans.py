"""The spans of a run in which everything was as it must be."""

from __future__ import annotations

from chaos.evidence import Evidence, SpanSeen


def spans(evidence: Evidence) -> list[SpanSeen]:
    """Till's handling of what was sampled; what it published was created in these traces."""
    records = [*evidence.lost, *(record for topic in evidence.topics.values() for record in topic)]
    events = {record.headers["ce_id"]: record for record in records}
    found = []
    for number, record in enumerate(evidence.topics["ph.till.v1"], start=1):
        cause = events[record.headers["ce_causationid"]]
        _, trace, span, flags = cause.headers["ce_traceparent"].decode().split("-")
        if flags == "01":
            own = record.headers["ce_traceparent"].decode().split("-")[1]
            name = "process " + cause.headers["ce_type"].decode()
            attributes = {"cloudevents.event_id": cause.headers["ce_id"].decode()}
            seen = SpanSeen("till", "till-1", name, own, f"{number:016x}", "", ((trace, span),), attributes, record.at)
            found.append(seen)
    return found
