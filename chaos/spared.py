"""The evidence without those keys of which the broker has lost a record: all promises hold for the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from chaos.evidence import Evidence, Promise, Record, Tables

T = TypeVar("T")


def scarred(evidence: Evidence) -> frozenset[str]:
    """Keys of which the broker has lost a record."""
    return frozenset(_key(record) for record in evidence.lost) - {""}


def spared(evidence: Evidence) -> Evidence:
    """The rest of it. What has no key and was lost is left out by its place."""
    if not evidence.lost:
        return evidence
    keys = scarred(evidence)
    places = {record.place for record in evidence.lost}
    records = [*evidence.lost, *(each for topic in evidence.topics.values() for each in topic)]
    gone = {each.headers.get("ce_id", b"").decode(errors="replace") for each in records if _key(each) in keys}
    return replace(
        evidence,
        promise=Promise(
            _without(evidence.promise.sales, keys), _without(evidence.promise.alarms, keys), evidence.promise.unanswered
        ),
        topics={name: [each for each in topic if _key(each) not in keys] for name, topic in evidence.topics.items()},
        tables={service: _tables(tables, keys, places) for service, tables in evidence.tables.items()},
        written={
            service: [
                row
                for row in rows
                if row.key not in keys and not (row.what.startswith("parked") and not row.key and row.record in places)
            ]
            for service, rows in evidence.written.items()
        },
        spans=[span for span in evidence.spans if span.attributes.get("cloudevents.event_id") not in gone],
        tips=[tip for tip in evidence.tips if tip.key not in keys],
        memo={},
    )


def _tables(tables: Tables, keys: frozenset[str], places: set[tuple[str, int, int]]) -> Tables:
    return replace(
        tables,
        states=_without(tables.states, keys),
        positions={place: found for place, found in tables.positions.items() if place[1] not in keys},
        streams=_without(tables.streams, keys),
        outbox=[row for row in tables.outbox if row[1] not in keys],
        parked=[row for row in tables.parked if row.key not in keys and (row.key or row.place not in places)],
        pending=_without(tables.pending, keys),
    )


def _without(found: Mapping[str, T], keys: Iterable[str]) -> dict[str, T]:
    left = set(found) - set(keys)
    return {key: each for key, each in found.items() if key in left}


def _key(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")
