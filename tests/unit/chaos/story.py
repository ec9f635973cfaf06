"""The hand that writes evidence as services would: what a good run is told with."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import count
from typing import Any
from uuid import UUID

from chaos.evidence import (
    Cut,
    Evidence,
    ParkedRow,
    Record,
    Restored,
    Tables,
    Tip,
    Written,
)

BASKET = str(UUID(int=1))
BAD_KEY = str(UUID(int=2))
"""A price whose second record is poison; operators discard it."""
GOOD_KEY = str(UUID(int=3))
"""A price in the same partition."""
FORGED_KEY = str(UUID(int=5))
"""A price whose second record is an event of somebody else's; it is parked, and an operator discards it."""
TIP_KEY = str(UUID(int=6))
BROKEN_KEY = str(UUID(int=4))
"""A price whose first record cannot be read; an operator discards it."""
LOST_KEY = str(UUID(int=7))
"""A basket whose second sale is published, and forgotten with the database that was put back."""
CUT_KEY = str(UUID(int=8))
"""A basket whose second sale a broker has lost, after it was read."""
LEADER = {"shop": 501, "till": 502}
TABLE = {"shop": "basket", "till": "till"}
TOPIC = {"shop": "ph.shop.v1", "till": "ph.till.v1"}
EMPTY = {
    "shop": {"sold": [], "rung": [], "counted": []},
    "till": {"shop_sold": [], "shop_rang": [], "price": []},
}


class Story:
    """Writes evidence as the services would, one step after the other, a second each."""

    def __init__(self) -> None:
        self.evidence = Evidence(
            topics={"ph.shop.v1": [], "ph.till.v1": [], "ph.price.v1": []},
            tables={"shop": Tables(), "till": Tables()},
            written={"shop": [], "till": []},
            committed={"shop": {}, "till": {}},
            shutdown_seconds=8,
        )
        self.now = 1000.0
        self._ids = count(1)
        self._places = count(1)
        self._transactions = count(700)
        self._lengths: dict[str, int] = defaultdict(int)

    # --- steps -------------------------------------------------------------------------------------------------------

    def sell(self, key: str, n: int) -> Record:
        """A command, and its event in the topic."""
        return self._act("shop", key, {"sold": n}, "ph.shop.Sold.v1", {"n": n})

    def ring(self, key: str, n: int) -> Record:
        """A deadline, and its event in the topic."""
        return self._act("shop", key, {"rung": n}, "ph.shop.Rang.v1", {"n": n})

    def hear(self, record: Record, *, parked: str = "") -> Record | None:
        """Till handles an event, or puts it aside."""
        sequence, name = int(record.headers["ce_sequence"]), _list_of(record)
        key = (record.key or b"").decode()
        n = json.loads(record.value or b"")["n"]
        transaction = next(self._transactions)
        self._move("till", record.topic, key, sequence, transaction, blocked=bool(parked))
        self.note(record, transaction, fault=parked)
        if parked:
            self._park(record, parked, transaction)
            return None
        body = {"source": name, "n": n}
        return self._act("till", key, {name: n}, "ph.till.Counted.v1", body, cause=record, transaction=transaction)

    def park_unreadable(self, record: Record) -> None:
        """Till cannot read it: its number counts for nothing."""
        transaction = next(self._transactions)
        self._move("till", record.topic, (record.key or b"").decode(), 0, transaction, blocked=True)
        self.note(record, transaction, fault="json_invalid")
        self._park(record, "json_invalid", transaction)

    def discard(self, record: Record) -> None:
        """An operator drops a parked record; nothing is left of its key."""
        tables = self.evidence.tables["till"]
        tables.parked = [row._replace(state="discarded") if row.place == record.place else row for row in tables.parked]
        failure = next(row.failure for row in tables.parked if row.place == record.place)
        self._write(
            "till", "parked~", record.topic, key_of(record), record.offset, f"{record.partition} discarded {failure}"
        )
        sequence, _ = tables.positions[record.topic, key_of(record)]
        self._move("till", record.topic, key_of(record), sequence, next(self._transactions), blocked=False)

    def learn(self, record: Record) -> None:
        """Shop writes down what till has counted."""
        body, key, transaction = json.loads(record.value or b""), key_of(record), next(self._transactions)
        self._move("shop", record.topic, key, int(record.headers["ce_sequence"]), transaction)
        if body["source"] != "price":
            n = body["n"] if body["source"] == "shop_sold" else -body["n"]
            self._grow("shop", key, {"counted": n}, transaction)

    def price(self, key: str, n: int, *, kind: str = "plain", value: bytes | None = None, id_: str = "") -> Record:
        """The foreign producer writes a record."""
        body = _price(key, n, kind) if value is None else value
        return self._append("ph.price.v1", key, body, "ph.price.Priced.v1", n, id_ or f"price-{key}-{n}")

    def forge(self, key: str, n: int) -> Record:
        """Somebody else's event, which till must put aside without a word to its key."""
        record = self._append("ph.price.v1", key, _price(key, 1_000_000 + n), "ph.price.Priced.v1", n, f"forged-{n}")
        self.evidence.forged[f"forged-{n}"] = "forged_source"
        transaction = next(self._transactions)
        self.note(record, transaction, fault="source_wrong")
        self._park(record, "source_wrong", transaction)
        return record

    def put_back(self, service: str, *forgotten: Record) -> None:
        """The database becomes what it was before these events, which are known to everybody else."""
        evidence, tables = self.evidence, self.evidence.tables[service]
        copied = forgotten[0].at - 2.5  # its transaction has written two rows before
        evidence.written[service] = [row for row in evidence.written[service] if row.at < copied]
        for record in forgotten:
            tables.streams[key_of(record)] -= 1
            tables.states[key_of(record)]["sold"].pop()
        kept = max(row.place for row in evidence.written[service])
        sales = frozenset((key_of(record), json.loads(record.value or b"")["n"]) for record in forgotten)
        listed = frozenset(
            (key_of(record), int(record.headers["ce_sequence"]), record.headers["ce_id"].decode())
            for record in forgotten
        )
        opened, streams = self._tick(), dict(tables.streams)
        halted, decided = self._tick(), self._tick() + 10
        evidence.restored.append(Restored(service, copied, opened, kept, streams, sales, halted, decided, listed))
        tables.streams |= {key: max(number, tables.streams[key]) for key, number, _ in listed}
        self.now = decided

    def lose(self, record: Record) -> None:
        """The broker loses the last record of a topic, which its sender is told."""
        evidence, records = self.evidence, self.evidence.topics[record.topic]
        records.remove(record)
        evidence.lost.append(record)
        event = _event(record)
        opened, halted, decided = self._tick(), self._tick(), self._tick() + 10
        evidence.cuts.append(Cut("shop", opened, frozenset([event]), halted, decided, frozenset([event[:2]])))
        self.now = decided

    def tip(self, key: str, n: int) -> None:
        """A record of the topic that is made anew, and its effect."""
        self.evidence.tips.append(Tip(key, n, 6, self._tick()))
        state = self.evidence.tables["till"].states.setdefault(key, {**EMPTY["till"], "tip": []})
        state["tip"] = [*state["tip"], n]
        self._write("till", "state", TABLE["till"], key, n, json.dumps(state))

    def again(self, record: Record) -> Record:
        """The same record once more."""
        records = self.evidence.topics[record.topic]
        offset = max(each.offset for each in records if each.partition == record.partition) + 1
        copy = record._replace(offset=offset, at=self._tick())
        records.append(copy)
        self.note(copy, next(self._transactions))
        return copy

    def note(self, record: Record, transaction: int, *, fault: str = "", what: str = "note+") -> None:
        """Till notes a record that it has read, or what has become of one that was parked."""
        self._write(
            "till", what, record.topic, key_of(record), record.offset, f"{record.partition} {fault}", transaction
        )

    # --- how they show -------------------------------------------------------------------------------------------

    def _tick(self) -> float:
        self.now += 1
        return self.now

    def _act(
        self,
        service: str,
        key: str,
        grown: dict[str, int],
        type_: str,
        body: dict[str, Any],
        cause: Record | None = None,
        transaction: int = 0,
    ) -> Record:
        tables, id_ = self.evidence.tables[service], next(self._ids)
        sequence = tables.streams[key] = tables.streams.get(key, 0) + 1
        transaction = transaction or next(self._transactions)
        self._grow(service, key, grown, transaction)
        self._write(service, "outbox+", TOPIC[service], key, id_, "", transaction)
        value = json.dumps({"basket_id": key, **body}).encode()
        record = self._append(TOPIC[service], key, value, type_, sequence, f"event-{id_}", cause)
        self._write(service, "outbox-", TOPIC[service], key, id_, "", backend=LEADER[service])
        return record

    def _grow(self, service: str, key: str, grown: dict[str, int], transaction: int) -> None:
        states = self.evidence.tables[service].states
        state = states.setdefault(key, {name: list(found) for name, found in EMPTY[service].items()})
        for name, n in grown.items():
            state[name] = [*state[name], n]
        version = self._lengths[key] = self._lengths[key] + 1
        self._write(service, "state", TABLE[service], key, version, json.dumps(state), transaction)

    def _move(self, service: str, topic: str, key: str, to: int, transaction: int, *, blocked: bool = False) -> None:
        positions = self.evidence.tables[service].positions
        to = max(to, positions.get((topic, key), (0, False))[0])
        blocked = blocked or any(
            row.key == key and row.state != "discarded" for row in self.evidence.tables[service].parked
        )
        positions[topic, key] = (to, blocked)
        self._write(service, "position", topic, key, to, str(blocked).lower(), transaction)

    def _park(self, record: Record, failure: str, transaction: int) -> None:
        row = ParkedRow(*record.place, key_of(record), "parked", failure)
        self.evidence.tables["till"].parked.append(row)
        detail = f"{record.partition} parked {failure}"
        self._write("till", "parked+", record.topic, key_of(record), record.offset, detail, transaction)

    def _write(
        self,
        service: str,
        what: str,
        source: str,
        key: str,
        number: int,
        detail: str,
        transaction: int = 0,
        backend: int = 9,
    ) -> None:
        transaction = transaction or next(self._transactions)
        place, at = next(self._places), self._tick()
        row = Written(place, transaction, backend, at, what, source, key, number, detail)
        self.evidence.written[service].append(row)

    def _append(
        self, topic: str, key: str, value: bytes, type_: str, sequence: int, id_: str, cause: Record | None = None
    ) -> Record:
        records = self.evidence.topics[topic]
        sampled = "01" if cause is None or cause.headers["ce_traceparent"].endswith(b"01") else "00"
        if cause is None and key == GOOD_KEY:
            sampled = "00"
        headers = {
            "ce_type": type_,
            "ce_id": id_,
            "ce_sequence": str(sequence),
            "ce_time": "2026-03-02T09:00:00Z",
            "ce_traceparent": f"00-{len(records) + 1:030x}{_number(topic):02x}-{len(records) + 1:016x}-{sampled}",
            **({} if cause is None else {"ce_causationid": cause.headers["ce_id"].decode()}),
        }
        encoded = {name: text.encode() for name, text in headers.items()}
        record = Record(topic, 0, len(records), key.encode(), value, encoded, self._tick(), True)
        records.append(record)
        return record


def _price(key: str, n: int, kind: str = "plain") -> bytes:
    return json.dumps({"basket_id": key, "n": n, "kind": kind}).encode()


def _list_of(record: Record) -> str:
    name = record.headers["ce_type"].decode().split(".")[2]
    return {"Sold": "shop_sold", "Rang": "shop_rang", "Priced": "price"}[name]


def key_of(record: Record) -> str:
    """Its key as text."""
    return (record.key or b"").decode()


def _event(record: Record) -> tuple[str, int, str]:
    return key_of(record), int(record.headers["ce_sequence"]), record.headers["ce_id"].decode()


def _number(topic: str) -> int:
    return sorted(["ph.price.v1", "ph.shop.v1", "ph.till.v1"]).index(topic) + 1
