"""The independent model: what the tables must be, worked out from the topics and the promises alone.

A few dozen lines stand against the whole chassis: an event is understood by its headers, the first record of a number
of a key counts, whatever comes again is a repeat, whatever cannot be read must be parked. The rules are those of
`docs/architecture/consumer.md` and `parked-records.md`, written down a second time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chaos.evidence import WRITES, Evidence, Place, Record, Restored
from chaos.odd import FOR_GOOD

SOLD, RANG = "ph.shop.Sold.v1", "ph.shop.Rang.v1"
COUNTED = "ph.till.Counted.v1"
PRICED = "ph.price.Priced.v1"
READ_AS = {SOLD: "shop_sold", RANG: "shop_rang", PRICED: "price"}
"""The list of a till in which each event's n is written down."""
FIELDS: Mapping[str, Mapping[str, type]] = {
    SOLD: {"n": int},
    RANG: {"n": int},
    PRICED: {"n": int, "kind": str},
    COUNTED: {"n": int, "source": str},
}
"""What a reader uses besides `basket_id`."""
POISON = ("refused", "unstorable")
"""Kinds that a handler or the database may refuse."""
PUT_ASIDE = frozenset({"forged_source", "forged_topic", "forged_sequence"})
"""Forged events that look like an event of their key: they must be parked."""
NOT_UNPACKED = "cannot be unpacked"
"""The fault of a record that is odd for good: known by its place alone, so each copy of it is asked about."""
LONGEST = 200
"""Characters of a key or header that is text."""
HIGHEST = 2**62


class Understood(NamedTuple):
    """A record as its reader must understand it."""

    record: Record
    key: str | None
    type: str
    id: str
    sequence: int
    """0 if there is no number that counts."""
    cause: str
    traceparent: str
    body: Mapping[str, Any]
    known: bool
    """Its type is one that is read."""
    fault: str
    """Why it cannot be read; empty if it can."""

    @property
    def n(self) -> int:
        """As `shop` writes it down: sales count upwards, alarms downwards."""
        number: int = self.body["n"]
        return -number if self.body.get("source") == "shop_rang" else number


@dataclass
class History:
    """What a reader must make of one topic."""

    first: dict[str, list[Understood]] = field(default_factory=lambda: defaultdict(list))
    """Per key the events that count, in order."""
    repeats: list[Understood] = field(default_factory=list)
    unknown: list[Understood] = field(default_factory=list)
    unreadable: list[Understood] = field(default_factory=list)
    copies: dict[Place, list[Place]] = field(default_factory=dict)
    """Of each unreadable record: where it stands, and where the same stands again. Without a key that may be another
    partition, and any of them may be read first."""


def understand(record: Record) -> Understood:
    """Reads the envelope and the body. Never raises."""
    headers = record.headers
    type_ = _text(headers.get("ce_type")) or ""
    key = _text(record.key)
    id_ = _text(headers.get("ce_id")) or ""
    sequence = _sequence(headers.get("ce_sequence"))
    body: Mapping[str, Any] = {}
    known, fault = type_ in FIELDS, ""
    if "ce_type" not in headers:
        known, fault, sequence = True, "no type", 0
    elif known:
        body, fault = _body(record.value, type_, key)
        if key is None:
            fault = "no key"
        elif not sequence:
            fault = "no sequence"
        elif not id_:
            fault = "no id"
        elif not _is_time(headers.get("ce_time")):
            fault = "no time"
        elif body.get("kind") == FOR_GOOD:
            fault = NOT_UNPACKED
    cause = _text(headers.get("ce_causationid")) or ""
    traceparent = _text(headers.get("ce_traceparent")) or ""
    return Understood(record, key, type_, id_, sequence, cause, traceparent, body, known, fault)


def history(events: Iterable[Understood]) -> History:
    """The first event of each number of a key counts, in the order of the topic."""
    found = History()
    seen: dict[str, set[int]] = defaultdict(set)
    first: dict[tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]], Place] = {}
    for event in events:
        record, key, sequence = event.record, event.key, event.sequence
        again = key is not None and sequence in seen[key]
        same = (record.key, record.value, tuple(record.headers.items()))
        if not event.known:
            found.unknown.append(event)
        elif event.fault and event.fault != NOT_UNPACKED and same in first:
            found.repeats.append(event)
            if first[same] in found.copies:
                found.copies[first[same]].append(record.place)
        elif event.fault:  # whatever its number: it may be as wrong as the rest
            found.unreadable.append(event)
            found.copies[record.place] = [record.place]
        elif again:
            found.repeats.append(event)
        else:
            assert key is not None
            found.first[key].append(event)
            seen[key].add(sequence)
        first.setdefault(same, record.place)
    return found


def understood(evidence: Evidence, topic: str) -> list[Understood]:
    """Every record of the topic as it must be understood; worked out once per evidence."""
    events: list[Understood] = evidence.memo.get(("understood", topic))
    if events is None:
        events = [understand(record) for record in evidence.topics.get(topic, [])]
        events = [
            event._replace(fault="forged") if evidence.forged.get(event.id) in PUT_ASIDE else event for event in events
        ]
        evidence.memo["understood", topic] = events
    return events


def own(evidence: Evidence, topic: str) -> list[Understood]:
    """Those that the topic's owner has written."""
    return [event for event in understood(evidence, topic) if event.id not in evidence.forged]


def forged(evidence: Evidence, topic: str) -> list[Understood]:
    """The others, and what was written out of order."""
    return [event for event in understood(evidence, topic) if event.id in evidence.forged]


def forgotten(evidence: Evidence, restored: Restored) -> list[Understood]:
    """What the service had published, and its database that was put back did not know."""
    known = restored.streams
    told = [event for event in own(evidence, WRITES[restored.service]) if event.record.at < restored.opened]
    return [event for event in told if event.sequence > known.get(event.key or "", 0)]


def remembered(evidence: Evidence, events: Iterable[Understood]) -> list[Understood]:
    """Those events that are no forgotten ones: of them their sender's tables must tell."""
    gone: set[str] | None = evidence.memo.get(("forgotten", ""))
    if gone is None:
        gone = {event.id for restored in evidence.restored for event in forgotten(evidence, restored)}
        evidence.memo["forgotten", ""] = gone
    return [event for event in events if event.id not in gone]


def history_of(evidence: Evidence, topic: str) -> History:
    """What a reader must make of the topic; worked out once per evidence."""
    found: History = evidence.memo.get(("history", topic))
    if found is None:
        found = evidence.memo["history", topic] = history(understood(evidence, topic))
    return found


def tills(shop: History, price: History, not_handled: Collection[Place]) -> dict[str, dict[str, list[int]]]:
    """Every till, from what `till` reads, without records that an operator has discarded or has yet to decide on."""
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: {"shop_sold": [], "shop_rang": [], "price": []})
    for each in (shop, price):
        for key, events in each.first.items():
            for event in events:
                if event.record.place not in not_handled:
                    found[key][READ_AS[event.type]].append(event.body["n"])
    return dict(found)


def counted(till: History, not_handled: Collection[Place]) -> dict[str, list[int]]:
    """What every basket was told that till has counted of it."""
    found: dict[str, list[int]] = defaultdict(list)
    for key, events in till.first.items():
        for event in events:
            if event.body["source"] != "price" and event.record.place not in not_handled:
                found[key].append(event.n)
    return dict(found)


def numbers_of(events: Sequence[Understood], type_: str) -> list[int]:
    """n of each event of this type, in their order."""
    return [event.body["n"] for event in events if event.type == type_]


def _body(value: bytes | None, type_: str, key: str | None) -> tuple[Mapping[str, Any], str]:
    if value is None:
        return {}, "no value"
    try:
        body = json.loads(value)
    except ValueError:
        return {}, "not JSON"
    if not isinstance(body, dict):
        return {}, "no object"
    try:
        basket_id = str(UUID(body["basket_id"]))
    except (KeyError, ValueError, AttributeError, TypeError):
        return {}, "no basket_id"
    for name, kind in FIELDS[type_].items():
        if type(body.get(name)) is not kind:
            return {}, f"{name} is no {kind.__name__}"
    return body, "" if basket_id == key else "another key"


def _text(value: bytes | None) -> str | None:
    if not value or len(value) > LONGEST or b"\0" in value:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _sequence(value: bytes | None) -> int:
    return int(value) if value is not None and value.isdigit() and len(value) < 20 and int(value) <= HIGHEST else 0


def _is_time(value: bytes | None) -> bool:
    try:
        return datetime.fromisoformat(_text(value) or "").tzinfo is not None
    except ValueError:
        return False
