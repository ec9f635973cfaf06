"""A Kafka record as the chain understands it, or the reason why it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from pydantic import ValidationError

from chassis.pure.codes import EARLIEST_YEAR, LATEST_YEAR
from chassis.pure.messages import Contract
from chassis.telemetry.tracing import SpanContext

MAX_KEY = 200
MAX_SEQUENCE = 2**62
MAX_VALUE = 262_144
"""Bytes. The outbox takes no larger record, so whatever is larger was not written by a service of the chain."""
LATEST_MS = 4_102_444_800_000
"""The year 2100: Kafka takes any number of milliseconds as the time of a record."""


class Record(Protocol):
    """The fields of aiokafka's ConsumerRecord that are used."""

    @property
    def topic(self) -> str:
        """Where it came from."""

    @property
    def partition(self) -> int:
        """Of the topic."""

    @property
    def offset(self) -> int:
        """Within the partition."""

    @property
    def key(self) -> bytes | None:
        """The stream key."""

    @property
    def value(self) -> bytes | None:
        """The event as JSON."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes]]:
        """The CloudEvents envelope."""

    @property
    def timestamp(self) -> int | None:
        """Kafka's time of it, in milliseconds since 1970."""


_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""An id goes into spans, and as the cause into events of our own: no text that somebody wrote may pass as one."""

Place = tuple[str, int, int]
"""Topic, partition and offset."""


class Fault(NamedTuple):
    """Why a record is bad or was refused: a stable code, and field paths without values.

    `blocks`: later records of its key wait for it. A record that is no event of its key holds up nobody.
    """

    code: str
    detail: str
    blocks: bool = True


@dataclass(slots=True)
class Inbound:
    """One record, decoded once. `message` is None for a type that this service does not read."""

    record: Record
    key: str | None
    type: str
    id: str
    sequence: int
    occurred_at: datetime | None
    recorded_at: datetime | None
    trace: SpanContext | None
    message: Contract | None
    fault: Fault | None

    @property
    def source(self) -> str:
        """Whose numbering `sequence` belongs to."""
        return self.record.topic

    @property
    def place(self) -> Place:
        """Where the record stands."""
        return self.record.topic, self.record.partition, self.record.offset


def published_at(record: Record) -> datetime | None:
    """Kafka's time of a record, if it is one."""
    at = record.timestamp
    return None if at is None or not 0 < at < LATEST_MS else datetime.fromtimestamp(at / 1000, UTC)


def decode(record: Record, contracts: Mapping[str, type[Contract]], limit: int = MAX_VALUE) -> Inbound:
    """Reads envelope and body of a record. Never raises: `fault` says what makes a record bad.

    A value of more than `limit` bytes is not looked at.
    """
    headers = dict(record.headers)
    key = _text(record.key, MAX_KEY)
    type_ = _text(headers.get("ce_type"), MAX_KEY) or ""
    inbound = Inbound(record, key, type_, "", 0, None, None, None, None, None)
    if not type_ and "ce_type" not in headers:
        inbound.fault = Fault("type_missing", "the header ce_type is missing")
        return inbound
    contract = contracts.get(type_)
    if (sequence := _number(headers.get("ce_sequence"))) is not None:
        inbound.sequence = sequence
    if contract is None:
        return inbound
    inbound.fault = _stranger(inbound, headers, contract) or _read_envelope(inbound, headers)
    if inbound.fault is not None:
        return inbound
    if record.value is None:
        inbound.fault = Fault("body_missing", "the record has no value")
        return inbound
    if len(record.value) > limit:
        inbound.fault = Fault("too_large", f"the value has {len(record.value)} bytes, of at most {limit}")
        return inbound
    try:
        inbound.message = contract.model_validate_json(record.value)
    except ValidationError as error:
        inbound.fault = _schema_fault(error)
    else:
        field = contract.key_field
        if field and key != str(getattr(inbound.message, field)):
            inbound.message = None
            inbound.fault = Fault("key_mismatch", f"the record's key is not the /{field} of its body")
    return inbound


def _stranger(inbound: Inbound, headers: Mapping[str, bytes], contract: type[Contract]) -> Fault | None:
    """Whoever may write to one topic could otherwise speak for the owner of any."""
    if inbound.record.topic != contract.topic:
        return Fault("wrong_topic", f"events of this type stand on {contract.topic} only", blocks=False)
    if headers.get("ce_source") != contract.origin:
        return Fault("wrong_source", "the header ce_source is not the owner of the topic", blocks=False)
    return None


def _read_envelope(inbound: Inbound, headers: Mapping[str, bytes]) -> Fault | None:
    if inbound.key is None:
        return Fault("key_missing", "the record has no key, or one that is not text of at most 200 characters")
    if inbound.sequence < 1:
        return Fault("sequence_invalid", "the header ce_sequence is not a whole number from 1")
    id_ = headers.get("ce_id") or b""
    if _ID.fullmatch(id_) is None:
        return Fault("id_invalid", "the header ce_id is no UUID as RFC 9562 writes it")
    inbound.id = id_.decode()
    inbound.occurred_at = time_of(headers.get("ce_time"))
    if inbound.occurred_at is None:
        return Fault("time_invalid", f"the header ce_time is not an RFC 3339 time with offset from {EARLIEST_YEAR} on")
    inbound.recorded_at = time_of(headers.get("ce_recordedtime"))
    traceparent = _text(headers.get("ce_traceparent"), MAX_KEY)
    inbound.trace = SpanContext.parse(traceparent) if traceparent else None
    return None


def _schema_fault(error: ValidationError) -> Fault:
    found = error.errors()
    if found[0]["type"] == "json_invalid":
        return Fault("json_invalid", "the value is not JSON")
    places = sorted({"/" + "/".join(map(str, each["loc"])) + " " + each["type"] for each in found})
    return Fault("schema_violated", "; ".join(places)[:2000])


def _text(value: bytes | None, limit: int) -> str | None:
    if not value or len(value) > limit or b"\x00" in value:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def time_of(value: bytes | None) -> datetime | None:
    """The time that a header gives, in UTC; None if it is none, or of a year for which there are no calendars and time
    zones."""
    text = _text(value, MAX_KEY)
    try:
        at = datetime.fromisoformat(text or "")
        at = at.astimezone(UTC) if at.tzinfo is not None else at
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None and EARLIEST_YEAR <= at.year <= LATEST_YEAR else None


def _number(value: bytes | None) -> int | None:
    if value is None or not value.isdigit() or len(value) > len(str(MAX_SEQUENCE)):
        return None
    number = int(value)
    return number if number <= MAX_SEQUENCE else None


def headers_json(record: Record) -> str:
    """A record's headers as JSON for the parking table: pairs, because a name may come twice. `headers_from` makes the
    same bytes of them again."""
    return json.dumps([(name, (value or b"").decode("utf-8", "surrogateescape")) for name, value in record.headers])


def headers_from(stored: str) -> list[tuple[str, bytes]]:
    """The headers of a parked record, byte for byte as they came: what could not be read before still cannot."""
    headers: list[tuple[str, str]] = json.loads(stored)
    return [(name, text.encode("utf-8", "surrogateescape")) for name, text in headers]
