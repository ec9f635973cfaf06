"""Kafka records made by hand, as `dispatch` gets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

TRACEPARENT = "00-" + "a1" * 16 + "-" + "b2" * 8 + "-01"


class FakeRecord(NamedTuple):
    """The fields of aiokafka's ConsumerRecord that the chassis uses."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def envelope(type_: str, sequence: int | str, id_: str, time: str = "2026-03-02T09:00:00Z") -> dict[str, str]:
    """The headers a reader needs."""
    return {
        "ce_type": type_,
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
    topic: str = "ph.shop.v1",
    partition: int = 0,
) -> FakeRecord:
    """A record with a body: bytes are taken as they are, all else is encoded as JSON."""
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [(name, text.encode()) for name, text in envelope(type_, sequence, f"id-{offset}").items()]
    return FakeRecord(topic, partition, offset, None if key is None else str(key).encode(), value, headers)


def sold(key: UUID, sequence: int, amount: int = 1, *, offset: int | None = None) -> FakeRecord:
    """A `Sold` event for the toy service."""
    body = {"till_id": str(key), "amount": amount}
    place = sequence if offset is None else offset
    return record(body, type_="ph.shop.Sold.v1", key=key, sequence=sequence, offset=place)
