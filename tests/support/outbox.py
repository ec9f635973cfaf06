"""What stands in an outbox row, read as a Kafka client reads it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from aiokafka.record.default_records import DefaultRecordBatch

from chassis.outbox.records import Batch, body, sized


class Written(NamedTuple):
    """A record before it is sent."""

    key: str
    value: Any
    headers: dict[str, str]


def read(record: bytes) -> Written:
    """The record that the relay would send."""
    batch = Batch(1_000_000)
    assert batch.add(record)
    (found,) = DefaultRecordBatch(bytearray(batch._build()))
    headers = {name: value.decode() for name, value in found.headers}
    return Written(found.key.decode(), json.loads(found.value), headers)


def record(key: str, value: bytes, **headers: str) -> bytes:
    """A record for an outbox row, by hand."""
    pairs = [sized(name.encode()) + sized(text.encode()) for name, text in headers.items()]
    return body(key.encode(), value, pairs, len(pairs))


def tail(recorded_at: str, sequence: str) -> bytes:
    """What the statement that stores a record appends to it."""
    return sized(recorded_at.encode()) + sized(b"ce_sequence") + sized(sequence.encode())
