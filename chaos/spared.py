"""The evidence without those keys of which the broker has lost a record: all promises hold for the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

from chaos.evidence import Evidence, ParkedRow, Place, Promise, Record, Tables, Written

T = TypeVar("T")

NEVER = float("inf")


def scarred(evidence: Evidence) -> frozenset[str]:
    """Keys of which the broker has lost a record."""
    return frozenset(_key(record) for record in evidence.lost) - {""}


def spared(evidence: Evidence) -> Evidence:
    """The rest of it. Rows without a key are known by their place: of lost records, and of batches that begin with a
    record of these keys and could not be unpacked."""
    if not evidence.lost:
        return evidence
    keys = scarred(evidence)
    left = _left(evidence, keys)
    records = [*evidence.lost, *(each for topic in evidence.topics.values() for each in topic)]
    gone = {each.headers.get("ce_id", b"").decode(errors="replace") for each in records if _key(each) in keys}
    return replace(
        evidence,
        promise=Promise(
            _without(evidence.promise.sales, keys), _without(evidence.promise.alarms, keys), evidence.promise.unanswered
        ),
        topics={name: [each for each in topic if _key(each) not in keys] for name, topic in evidence.topics.items()},
        tables={service: _tables(tables, keys, left) for service, tables in evidence.tables.items()},
        written={service: list(_written(rows, keys, left)) for service, rows in evidence.written.items()},
        spans=[span for span in evidence.spans if span.attributes.get("cloudevents.event_id") not in gone],
        tips=[tip for tip in evidence.tips if tip.key not in keys],
        memo={},
    )


class _Left(NamedTuple):
    """What rows without a key tell of a place."""

    until: float
    """When another record came to it. Whatever was parked before, there, is of the lost one."""
    again: Place | None
    """Where the same stands again: it is parked once, for the first of all."""
    spared: bool
    """Whether what stands there now is of another key than these."""


def _left(evidence: Evidence, keys: frozenset[str]) -> Mapping[Place, _Left]:
    present = [record for records in evidence.topics.values() for record in records]
    now = {record.place: record for record in present}
    again = {_content(record): record.place for record in reversed(present) if record.key is None}
    scars = {record.place: _Left(float("-inf"), None, spared=False) for record in present if _key(record) in keys}
    lost = {
        each.place: _Left(
            now[each.place].at if each.place in now else NEVER, again.get(_content(each)), each.place not in scars
        )
        for each in evidence.lost
    }
    return scars | lost


def _content(record: Record) -> tuple[object, ...]:
    return record.topic, record.key, record.value, tuple(record.headers.items())


def _tables(tables: Tables, keys: frozenset[str], left: Mapping[Place, _Left]) -> Tables:
    return replace(
        tables,
        states=_without(tables.states, keys),
        positions={place: found for place, found in tables.positions.items() if place[1] not in keys},
        streams=_without(tables.streams, keys),
        outbox=[row for row in tables.outbox if row[1] not in keys],
        parked=list(_parked(tables.parked, keys, left)),
        pending=_without(tables.pending, keys),
    )


def _parked(rows: Iterable[ParkedRow], keys: frozenset[str], left: Mapping[Place, _Left]) -> Iterator[ParkedRow]:
    for row in rows:
        lost = None if row.key else left.get(row.place)
        if lost is None or row.at >= lost.until:
            if row.key not in keys and (lost is None or lost.spared):
                yield row
        elif lost.again is not None:
            _, partition, offset = lost.again
            yield row._replace(partition=partition, offset=offset)


def _written(rows: Iterable[Written], keys: frozenset[str], left: Mapping[Place, _Left]) -> Iterator[Written]:
    for row in rows:
        lost = left.get(row.record) if row.what.startswith("parked") and not row.key else None
        if lost is None or row.at >= lost.until:
            if row.key not in keys and (lost is None or lost.spared):
                yield row
        elif lost.again is not None:
            _, partition, offset = lost.again
            yield row._replace(number=offset, detail=f"{partition} {row.detail.split(' ', 1)[1]}")


def _without(found: Mapping[str, T], keys: Iterable[str]) -> dict[str, T]:
    left = set(found) - set(keys)
    return {key: each for key, each in found.items() if key in left}


def _key(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")
