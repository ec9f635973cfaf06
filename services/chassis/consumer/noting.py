"""Notes of the records of a batch: their envelopes, read from the headers whatever is wrong with the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from chassis.consumer import parking
from chassis.consumer.inbound import Fault, Inbound, published_at, time_of
from chassis.consumer.positions import Verdict
from chassis.postgres.database import Connection
from chassis.postgres.writes import Part, Writes
from chassis.pure.messages import Contract
from chassis.pure.noting import Noted, Notes
from chassis.telemetry.tracing import SpanContext

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TYPE: Final = re.compile(r"ph\.[a-z]{1,30}\.[A-Z][A-Za-z0-9]{1,60}\.v[1-9][0-9]{0,2}")
_SOURCE: Final = re.compile(r"/ph/[a-z]{1,30}")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ORG: Final = re.compile(r"[a-z]{1,30}:[A-Za-z0-9-]{1,40}")
"""As `schemas/envelope.v1.json` has them."""
MARK: Final = 8
"""Bytes of a record's digest that a note keeps."""


class NoteBook:
    """Stages the notes of one service; nothing if it keeps none."""

    def __init__(self, notes: Notes | None, contracts: Mapping[str, type[Contract]], subject: str) -> None:
        self._notes = notes
        self._contracts = contracts
        self._field = f"{subject}_id"
        columns = tuple(notes.columns) if notes else ()
        self._read = Part("notes", notes.read if notes else "", columns)
        self._settled = Part("notes", notes.settled if notes else "", columns)

    def read(
        self, writes: Writes, judged: Iterable[tuple[Inbound, Verdict]], parked: Iterable[tuple[Inbound, Fault]]
    ) -> None:
        """What became of the records of a batch, of which these are to be parked."""
        if self._notes is not None:
            faults = {inbound.place: fault for inbound, fault in parked}
            row = self._notes.row
            writes.add(
                self._read,
                [
                    row(self._noted(each, parking.digest(each.record), says, faults.get(each.place)))
                    for each, says in judged
                ],
            )

    async def settled(self, connection: Connection, inbound: Inbound, digest: bytes, fault: Fault | None) -> None:
        """What became of a record that was parked: handled, or still at fault. A statement of its own: a record that is
        refused again writes nothing else by which this could go."""
        if self._notes is not None:
            writes = Writes()
            writes.add(self._settled, [self._notes.row(self._noted(inbound, digest, None, fault))])
            await writes.execute(connection)

    def _noted(self, inbound: Inbound, digest: bytes, verdict: Verdict | None, fault: Fault | None) -> Noted:
        record, headers = inbound.record, dict(inbound.record.headers)
        traced = SpanContext.parse(_text(headers.get("ce_traceparent")))
        return Noted(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            mark=digest[:MARK],
            key=_written(_UUID, record.key),
            subject=self._subject(inbound),
            type=_written(_TYPE, headers.get("ce_type")),
            source=_written(_SOURCE, headers.get("ce_source")),
            sequence=inbound.sequence or None,
            id=_uuid(headers.get("ce_id")),
            causation_id=_uuid(headers.get("ce_causationid")),
            occurred_at=time_of(headers.get("ce_time")),
            recorded_at=time_of(headers.get("ce_recordedtime")),
            published_at=published_at(record),
            trace_id=None if traced is None else f"{traced.trace_id:032x}",
            actor_role=_written(_ROLE, headers.get("ce_actorrole")),
            actor_org=_written(_ORG, headers.get("ce_actororg")),
            verdict=None if verdict is None else verdict.value,
            fault=None if fault is None else fault.code,
        )

    def _subject(self, inbound: Inbound) -> UUID | None:
        found: Any = getattr(inbound.message, self._field, None)
        if isinstance(found, UUID):
            return found
        contract = self._contracts.get(inbound.type)
        keyed = contract is not None and contract.key_field == self._field
        return _uuid(inbound.record.key) if keyed else None


def _text(value: bytes | None) -> str:
    return (value or b"").decode("ascii", "replace")


def _written(form: re.Pattern[str], value: bytes | None) -> str | None:
    text = _text(value)
    return text if form.fullmatch(text) else None


def _uuid(value: bytes | None) -> UUID | None:
    text = _written(_UUID, value)
    return None if text is None else UUID(text)
