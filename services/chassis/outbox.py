"""Events on their way to Kafka: numbered per key and stored in the transaction that made them true."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from chassis.decision import Actor
from chassis.messages import Event
from chassis.tracing import SpanContext

SCHEMA_BASE = "https://schemas.perspektive-heimat.invalid/events"

_NUMBER = """
insert into stream as s (key, sequence) select * from unnest($1::text[], $2::bigint[])
on conflict (key) do update set sequence = s.sequence + excluded.sequence
returning key, sequence
"""
_APPEND = """
insert into outbox (topic, key, headers, payload)
select u.topic, u.key, u.headers::json, u.payload
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) with ordinality as u(topic, key, headers, payload, place)
order by u.place
"""


class Emitted(NamedTuple):
    """An event and the circumstances that its envelope tells."""

    event: Event
    id: UUID
    occurred_at: datetime
    actor: Actor
    trace: SpanContext
    cause: str
    """`ce_id` of the event that caused this one; empty for commands and timers."""


def rfc3339(at: datetime) -> str:
    """UTC with microseconds and `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def envelope(emitted: Emitted, key: str, sequence: int, recorded_at: str) -> dict[str, str]:
    """The Kafka headers of an event: CloudEvents 1.0, binary mode."""
    event = emitted.event
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": str(emitted.id),
        "ce_type": event.type,
        "ce_source": f"/ph/{event.service}",
        "ce_subject": key,
        "ce_time": rfc3339(emitted.occurred_at),
        "ce_recordedtime": recorded_at,
        "ce_dataschema": f"{SCHEMA_BASE}/{event.service}/{type(event).__name__}.v{event.version}.json",
        "ce_sequence": str(sequence),
        "ce_sequencetype": "Integer",
        "ce_partitionkey": key,
        "ce_correlationid": key,
        "ce_traceparent": emitted.trace.traceparent,
        "ce_actorrole": emitted.actor.role,
        "ce_actororg": emitted.actor.org,
        "ce_dataclass": "pseudonymous" if event.key_field == "case_id" else "none",
    }
    if emitted.cause:
        headers["ce_causationid"] = emitted.cause
    if country := getattr(event, "country", ""):
        headers["ce_country"] = country
    return headers


async def append(connection: Connection, events: Sequence[Emitted], now: datetime) -> None:
    """Numbers the events per key and stores them; the last writes of a transaction.

    The stream rows are locked in order of key and stay locked until the commit, and outbox ids are drawn after that:
    so the order of outbox ids is the order of sequences within each key.
    """
    if not events:
        return
    keys = [str(emitted.event.key) for emitted in events]
    counts = sorted(Counter(keys).items())
    numbered = await connection.fetch(_NUMBER, [key for key, _ in counts], [count for _, count in counts])
    upcoming = {key: last for key, last in numbered}  # noqa: C416 - a Record is not a pair to dict()
    for key, count in counts:
        upcoming[key] -= count
    recorded_at = rfc3339(now)
    topics, headers, payloads = [], [], []
    for key, emitted in zip(keys, events, strict=True):
        upcoming[key] = sequence = upcoming[key] + 1
        topics.append(emitted.event.topic)
        headers.append(json.dumps(envelope(emitted, key, sequence, recorded_at), separators=(",", ":")))
        payloads.append(emitted.event.model_dump_json().encode())
    await connection.execute(_APPEND, topics, keys, headers, payloads)
