"""Kafka records made by hand, as `dispatch` gets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

from chassis.outbox.append import rfc3339

PUBLISHED_MS = 1_772_442_000_500
"""Half a second after the time of every envelope here."""
TRACEPARENT = "00-" + "a1" * 16 + "-" + "b2" * 8 + "-01"


class FakeRecord(NamedTuple):
    """The fields of aiokafka's ConsumerRecord that the chassis uses."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int | None = PUBLISHED_MS


def event_id(name: str) -> str:
    """The `ce_id` of an event that a test knows by this name."""
    return str(uuid5(NAMESPACE_OID, name))


def envelope(type_: str, sequence: int | str, id_: str, time: str = "2026-03-02T09:00:00Z") -> dict[str, str]:
    """The headers a reader needs, from the owner that the type names."""
    return {
        "ce_type": type_,
        "ce_source": f"/ph/{type_.removeprefix('ph.').partition('.')[0]}",
        "ce_id": id_,
        "ce_sequence": str(sequence),
        "ce_time": time,
        "ce_traceparent": TRACEPARENT,
    }


def record(
    body: Any,
    *,
    type_: str,
    key: UUID | str | None,
    sequence: int | str,
    offset: int,
    topic: str = "",
    partition: int = 0,
) -> FakeRecord:
    """A record with a body: bytes are taken as they are, all else is encoded as JSON. It stands on the topic of the
    owner that its type names, unless told otherwise."""
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [(name, text.encode()) for name, text in envelope(type_, sequence, event_id(f"{key}-{sequence}")).items()]
    topic = topic or f"ph.{type_.split('.')[1]}.v1"
    return FakeRecord(topic, partition, offset, None if key is None else str(key).encode(), value, headers)


def sold(key: UUID, sequence: int, amount: int = 1, *, offset: int | None = None) -> FakeRecord:
    """A `Sold` event for the toy service."""
    body = {"till_id": str(key), "amount": amount}
    place = sequence if offset is None else offset
    return record(body, type_="ph.shop.Sold.v1", key=key, sequence=sequence, offset=place)


def recorded(told: FakeRecord, at: datetime | None = None, **headers: bytes) -> FakeRecord:
    """The same record with the time at which it was recorded, and with other headers."""
    if at is not None:
        headers = {"ce_recordedtime": rfc3339(at).encode(), **headers}
    kept = [(name, value) for name, value in told.headers if name not in headers]
    return told._replace(headers=[*kept, *headers.items()])


async def nothing_kept(_topic: str, _partition: int, _offset: int) -> None:
    """A broker that has none of the records any more."""
