"""Events on their way to Kafka: numbered per key and stored in the transaction that made them true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from chassis.database import Connection
from chassis.decision import Actor
from chassis.messages import Event
from chassis.records import body, sized
from chassis.tracing import SpanContext

SCHEMA_BASE = "https://schemas.perspektive-heimat.invalid/events"

_NUMBER = """
insert into stream as s (key, sequence) select * from unnest($1::text[], $2::bigint[])
on conflict (key) do update set sequence = s.sequence + excluded.sequence
returning key, sequence
"""
_APPEND = """
insert into outbox (topic, key, record)
select u.topic, u.key, u.record
from unnest($1::text[], $2::text[], $3::bytea[]) with ordinality as u(topic, key, record, place)
order by u.place
"""


class Emitted(NamedTuple):
    """An event and the circumstances that its envelope tells."""

    event: Event
    key: str
    id: str
    """`ce_id`, a UUIDv7."""
    actor: Actor
    trace: SpanContext
    cause: str
    """`ce_id` of the event that caused this one; empty for commands and timers."""


def rfc3339(at: datetime) -> str:
    """UTC with microseconds and `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_ID = sized(b"ce_id")
_SUBJECT = sized(b"ce_subject")
_PARTITION_KEY = sized(b"ce_partitionkey")
_CORRELATION_ID = sized(b"ce_correlationid")
_SEQUENCE = sized(b"ce_sequence")
_TIME = sized(b"ce_time")
_RECORDED_TIME = sized(b"ce_recordedtime")
_TRACEPARENT = sized(b"ce_traceparent")
_CAUSATION_ID = sized(b"ce_causationid")
_COUNTRY = sized(b"ce_country")


def record_of(emitted: Emitted, sequence: int, at: str) -> bytes:
    """The Kafka record, ready to be sent, of an event that became true and was recorded `at`.

    Its headers are the CloudEvents 1.0 envelope in binary mode. Every event of the chain passes here, so what is the
    same for all of a type is encoded once.
    """
    event, key, id_, actor, trace, cause = emitted
    constant, count = _constant(type(event), actor)
    sized_key, sized_time = sized(key.encode()), sized(at.encode())
    own = [_ID, sized(id_.encode()), _SUBJECT, sized_key, _PARTITION_KEY, sized_key, _CORRELATION_ID, sized_key]
    own += (_SEQUENCE, sized(b"%d" % sequence), _TIME, sized_time, _RECORDED_TIME, sized_time)
    own += (_TRACEPARENT, sized(trace.traceparent.encode()))
    if cause:
        own += (_CAUSATION_ID, sized(cause.encode()))
    if country := getattr(event, "country", ""):
        own += (_COUNTRY, sized(country.encode()))
    return body(key.encode(), event.model_dump_json().encode(), (constant, *own), count + len(own) // 2)


@lru_cache(maxsize=4096)
def _constant(event: type[Event], actor: Actor) -> tuple[bytes, int]:
    """The headers, and how many, that are the same for every event of a type by an actor."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_type": event.type,
        "ce_source": f"/ph/{event.service}",
        "ce_dataschema": f"{SCHEMA_BASE}/{event.service}/{event.__name__}.v{event.version}.json",
        "ce_sequencetype": "Integer",
        "ce_actorrole": actor.role,
        "ce_actororg": actor.org,
        "ce_dataclass": "pseudonymous" if event.key_field == "case_id" else "none",
    }
    return b"".join(sized(name.encode()) + sized(text.encode()) for name, text in headers.items()), len(headers)


async def append(connection: Connection, events: Sequence[Emitted], now: datetime) -> None:
    """Numbers the events per key and stores them; the last writes of a transaction.

    The stream rows are locked in order of key and stay locked until the commit, and outbox ids are drawn after that:
    so the order of outbox ids is the order of sequences within each key.
    """
    if not events:
        return
    counts = sorted(Counter(emitted.key for emitted in events).items())
    numbered = await connection.fetch(_NUMBER, [key for key, _ in counts], [count for _, count in counts])
    upcoming = {key: last for key, last in numbered}  # noqa: C416 - a Record is not a pair to dict()
    for key, count in counts:
        upcoming[key] -= count
    at = rfc3339(now)
    records = []
    for emitted in events:
        upcoming[emitted.key] = sequence = upcoming[emitted.key] + 1
        records.append(record_of(emitted, sequence, at))
    topics, keys = [emitted.event.topic for emitted in events], [emitted.key for emitted in events]
    await connection.execute(_APPEND, topics, keys, records)
