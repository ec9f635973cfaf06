"""Events on their way to Kafka: numbered per key and stored in the transaction that made them true."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import NamedTuple

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


def envelope(emitted: Emitted, sequence: int, at: str) -> str:
    """The Kafka headers, as JSON, of an event that became true and was recorded `at`: CloudEvents 1.0, binary mode.

    Written by hand, because every event of the chain passes here: ids, numbers and times need no escaping.
    """
    event, key, id_, actor, trace, cause = emitted
    country = getattr(event, "country", "")
    return (
        f'{_constant(type(event), actor)},"ce_id":"{id_}","ce_subject":"{key}","ce_partitionkey":"{key}",'
        f'"ce_correlationid":"{key}","ce_sequence":"{sequence}","ce_time":"{at}","ce_recordedtime":"{at}",'
        f'"ce_traceparent":"{trace.traceparent}"'
        + (f',"ce_causationid":{_quoted(cause)}' if cause else "")
        + (f',"ce_country":{_quoted(country)}' if country else "")
        + "}"
    )


@lru_cache(maxsize=4096)
def _constant(event: type[Event], actor: Actor) -> str:
    """What is the same for every event of a type by an actor, without the closing brace."""
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
    return json.dumps(headers, separators=(",", ":")).removesuffix("}")


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
    headers = []
    for emitted in events:
        upcoming[emitted.key] = sequence = upcoming[emitted.key] + 1
        headers.append(envelope(emitted, sequence, at))
    await connection.execute(
        _APPEND,
        [emitted.event.topic for emitted in events],
        [emitted.key for emitted in events],
        headers,
        [emitted.event.model_dump_json().encode() for emitted in events],
    )
