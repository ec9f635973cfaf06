"""Events on their way to Kafka: numbered per key and stored in the transaction that made them true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from chassis.outbox.records import body, sized
from chassis.postgres.writes import Part, Writes
from chassis.pure.decision import Actor
from chassis.pure.messages import Event, origin_of
from chassis.telemetry.tracing import SpanContext

SCHEMA_BASE = "https://schemas.perspektive-heimat.invalid/events"

_NUMBERED = Part(
    "numbered",
    """
insert into stream as s (key, topic, sequence, recorded_at)
select u.key, u.topic, u.sequence, clock_timestamp() from {rows}
on conflict (key) do update set
    sequence = s.sequence + excluded.sequence,
    recorded_at = greatest(clock_timestamp(), s.recorded_at + excluded.sequence * interval '1 microsecond')
returning key, sequence, recorded_at
""",
    ("key text", "topic text", "sequence bigint"),
    exact=True,
)
"""Within a key the time of recording grows from event to event, by a microsecond at least, whatever the clock does: a
reader tells by it whether an event is newer than what it has seen."""
_SEQUENCE = sized(b"ce_sequence")
_APPENDED = Part(
    "outbox_appended",
    f"""
insert into outbox (topic, key, record)
select u.topic, u.key, u.record
    || to_char((numbered.recorded_at - u.later * interval '1 microsecond') at time zone 'UTC',
               '"6"YYYY-MM-DD"T"HH24:MI:SS.US"Z"')::bytea
    || '\\x{_SEQUENCE.hex()}'::bytea || set_byte('\\x00'::bytea, 0, 2 * length(own.number)) || own.number::bytea
from {{rows}}
join numbered using (key)
cross join lateral (select (numbered.sequence - u.later)::text) as own(number)
order by u.place
returning true
""",  # noqa: S608 - a constant is filled in
    ("topic text", "key text", "later int", "record bytea"),
    exact=True,
)
"""Appends the values that are known under the lock of the stream only: the time of recording, whose header's name ends
the record so far, then the header with the number. Before a value goes its length as a zigzag varint; one byte is
enough: 27 characters of time make 0x36, the digit 6. `later` is how many events of the same key follow in this
transaction."""


class Emitted(NamedTuple):
    """An event and the circumstances that its envelope tells."""

    event: Event
    key: str
    id: str
    """`ce_id`, a UUIDv7."""
    actor: Actor
    trace: SpanContext
    cause: str
    """`ce_id` of the event that caused this one; empty for commands and deadlines."""
    at: datetime | None = None
    """When it became true, if that was not just now."""


def rfc3339(at: datetime) -> str:
    """UTC with microseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


_ID = sized(b"ce_id")
_SUBJECT = sized(b"ce_subject")
_PARTITION_KEY = sized(b"ce_partitionkey")
_CORRELATION_ID = sized(b"ce_correlationid")
_TIME = sized(b"ce_time")
_RECORDED_TIME = sized(b"ce_recordedtime")
_TRACEPARENT = sized(b"ce_traceparent")
_CAUSATION_ID = sized(b"ce_causationid")
_COUNTRY = sized(b"ce_country")


def record_of(emitted: Emitted, at: str) -> bytes:
    """The Kafka record of an event that became true `at`, or at its own time; only its end is missing.

    Its headers are the CloudEvents 1.0 envelope in binary mode. The last two are `ce_recordedtime`, without its value,
    and `ce_sequence`: the statement that stores the record appends the rest. Every event of the chain passes here,
    so headers that are the same for all events of a type and actor are encoded once.
    """
    event, key, id_, actor, trace, cause, own_time = emitted
    constant, count = _constant(type(event), actor)
    sized_key = sized(key.encode())
    own = [_ID, sized(id_.encode()), _SUBJECT, sized_key, _PARTITION_KEY, sized_key, _CORRELATION_ID, sized_key]
    own += (
        _TIME,
        sized((rfc3339(own_time) if own_time else at).encode()),
        _TRACEPARENT,
        sized(trace.traceparent.encode()),
    )
    if cause:
        own += (_CAUSATION_ID, sized(cause.encode()))
    if country := getattr(event, "country", ""):
        own += (_COUNTRY, sized(country.encode()))
    own.append(_RECORDED_TIME)
    return body(key.encode(), event.model_dump_json().encode(), (constant, *own), count + len(own) // 2 + 2)


@lru_cache(maxsize=4096)
def _constant(event: type[Event], actor: Actor) -> tuple[bytes, int]:
    """The headers that are the same for all events of a type by an actor, and how many they are."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_type": event.type,
        "ce_source": origin_of(event.service),
        "ce_dataschema": f"{SCHEMA_BASE}/{event.service}/{event.__name__}.v{event.version}.json",
        "ce_sequencetype": "Integer",
        "ce_actorrole": actor.role,
        "ce_actororg": actor.org,
        "ce_dataclass": event.data_class,
    }
    return b"".join(sized(name.encode()) + sized(text.encode()) for name, text in headers.items()), len(headers)


def append(writes: Writes, events: Sequence[Emitted], now: datetime) -> None:
    """Numbers the events per key and stores them: the last parts of a transaction's one write.

    The statement locks the row of a stream before it draws the ids of its events, and the lock lasts until the commit.
    So within a key the order of outbox ids is the order of sequences. Streams are locked in order of key.
    """
    if not events:
        return
    at = rfc3339(now)
    counts: dict[str, int] = {}
    later: list[int] = []
    for emitted in reversed(events):
        later.append(counts.get(emitted.key, 0))
        counts[emitted.key] = later[-1] + 1
    later.reverse()
    topics = {emitted.key: emitted.event.topic for emitted in events}
    writes.add(_NUMBERED, sorted((key, topics[key], count) for key, count in counts.items()))
    writes.add(
        _APPENDED,
        [
            (emitted.event.topic, emitted.key, behind, record_of(emitted, at))
            for emitted, behind in zip(events, later, strict=True)
        ],
    )
