"""A run in which everything was as it must be, told by hand: small enough to see through, and to break in one place."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import count
from typing import Any
from uuid import UUID

from chaos.evidence import (
    SECOND_SIGNAL,
    Entry,
    Evidence,
    Life,
    Memory,
    OffsetSample,
    OutboxSample,
    ParkedRow,
    Probe,
    Promise,
    Record,
    Replay,
    Tables,
    Tip,
    Written,
)
from tests.unit.chaos.good_spans import spans

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
        if parked:
            self._park(record, parked, transaction)
            return None
        body = {"source": name, "n": n}
        return self._act("till", key, {name: n}, "ph.till.Counted.v1", body, cause=record, transaction=transaction)

    def park_unreadable(self, record: Record) -> None:
        """Till cannot read it: its number counts for nothing."""
        transaction = next(self._transactions)
        self._move("till", record.topic, (record.key or b"").decode(), 0, transaction, blocked=True)
        self._park(record, "json_invalid", transaction)

    def discard(self, record: Record) -> None:
        """An operator drops a parked record; nothing is left of its key."""
        tables = self.evidence.tables["till"]
        tables.parked = [row._replace(state="discarded") if row.place == record.place else row for row in tables.parked]
        failure = next(row.failure for row in tables.parked if row.place == record.place)
        self._write(
            "till", "parked~", record.topic, _key(record), record.offset, f"{record.partition} discarded {failure}"
        )
        sequence, _ = tables.positions[record.topic, _key(record)]
        self._move("till", record.topic, _key(record), sequence, next(self._transactions), blocked=False)

    def learn(self, record: Record) -> None:
        """Shop writes down what till has counted."""
        body, key, transaction = json.loads(record.value or b""), _key(record), next(self._transactions)
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
        self._park(record, "source_wrong", next(self._transactions))
        return record

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
        return copy

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
        row = ParkedRow(*record.place, _key(record), "parked", failure)
        self.evidence.tables["till"].parked.append(row)
        detail = f"{record.partition} parked {failure}"
        self._write("till", "parked+", record.topic, _key(record), record.offset, detail, transaction)

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


def good_run() -> Evidence:
    """Sales, an alarm, prices with repeats and poison; a kill, an overload, a lost database; and a replay."""
    story = Story()
    evidence = story.evidence
    heard = [story.sell(BASKET, 1), story.sell(BASKET, 2), story.ring(BASKET, 1)]
    counted = [story.hear(record) for record in heard]
    prices = [story.price(BAD_KEY, 1), story.price(BAD_KEY, 2, kind="refused"), story.price(BAD_KEY, 3)]
    broken = story.price(BROKEN_KEY, 1, value=b"{", id_="broken")
    good = [story.price(GOOD_KEY, 1), story.price(BROKEN_KEY, 1), story.price(GOOD_KEY, 2)]
    story.again(good[0])
    counted += [story.hear(prices[0]), story.hear(prices[1], parked="shut"), story.hear(prices[2], parked="behind")]
    story.park_unreadable(broken)
    counted += [story.hear(good[0]), story.hear(good[1], parked="behind"), story.hear(good[2])]
    counted.append(story.hear(story.price(FORGED_KEY, 1)))
    forged = story.forge(FORGED_KEY, 2)
    counted.append(story.hear(story.price(FORGED_KEY, 2)))
    story.discard(broken)
    story.discard(prices[1])
    story.discard(forged)
    counted += [_settle(story, prices[2]), _settle(story, good[1])]
    for record in counted:
        if record is not None:
            story.learn(record)
    story.tip(TIP_KEY, 1)
    story.tip(TIP_KEY, 2)
    _finish(evidence)
    return evidence


def _price(key: str, n: int, kind: str = "plain") -> bytes:
    return json.dumps({"basket_id": key, "n": n, "kind": kind}).encode()


def _settle(story: Story, record: Record) -> Record:
    """What waited behind poison is handled after all."""
    key, transaction = _key(record), next(story._transactions)
    tables = story.evidence.tables["till"]
    tables.parked = [row for row in tables.parked if row.place != record.place]
    story._write("till", "parked-", record.topic, key, record.offset, f"{record.partition} parked behind", transaction)
    n = json.loads(record.value or b"")["n"]
    body = {"source": "price", "n": n}
    made = story._act("till", key, {"price": n}, "ph.till.Counted.v1", body, cause=record, transaction=transaction)
    story._move("till", record.topic, key, 0, transaction)
    return made


def _finish(evidence: Evidence) -> None:
    evidence.promise = Promise({BASKET: [1, 2]}, {BASKET: [1]})
    for service, topics in {"shop": ["ph.till.v1"], "till": ["ph.shop.v1", "ph.price.v1"]}.items():
        ends = {(topic, 0): len(evidence.topics[topic]) for topic in topics}
        positions = {place: sequence for place, (sequence, _) in evidence.tables[service].positions.items()}
        evidence.committed[service] = ends
        evidence.offsets.append(OffsetSample(1500.0, service, ends, positions))
        evidence.outboxes += [
            OutboxSample(1001.0, service, [], []),
            OutboxSample(1500.0, service, [], [LEADER[service]]),
        ]
        tables = {"state": ["a", "b"], "outbox": []}
        replay = evidence.replay = evidence.replay or Replay({}, {}, {}, {}, 0)
        replay.before[service], replay.after[service] = tables, {name: list(rows) for name, rows in tables.items()}
        replay.ends_before |= ends
        replay.ends_after |= ends
        replay.read += sum(ends.values())
    evidence.spans = spans(evidence)
    evidence.lives = [
        Life("shop-1", "shop", 900.0, 1600.0, "exited 0: sigterm"),
        Life("shop-1", "shop", 1601.0, 1700.0, "exited 1: sigterm_twice"),
        Life("till-1", "till", 900.0, 1005.0, "killed: sigkill"),
        Life("till-1", "till", 1006.0, None, ""),
    ]
    evidence.journal = [
        Entry(1000.5, "database_read_only", "begin", "shop"),
        Entry(1020.0, "database_read_only", "end", "shop"),
        Entry(1100.0, "overload", "begin", "shop till"),
        Entry(1200.0, "overload", "end"),
        Entry(1300.0, "postgres_black_hole", "begin", "shop"),
        Entry(1306.0, "postgres_black_hole", "end", "shop"),
        Entry(1400.0, "postgres_crash", "begin", "shop till"),
        Entry(1410.0, "postgres_crash", "end", "shop till"),
        Entry(1599.0, "sigterm", "begin", "shop-1"),
        Entry(1600.1, "sigterm", "end", "shop-1"),
        Entry(1699.5, "sigterm_twice", "begin", "shop-1"),
        Entry(1699.8, "sigterm_twice", "note", f"shop-1 {SECOND_SIGNAL}"),
        Entry(1700.1, "sigterm_twice", "end", "shop-1"),
    ]
    evidence.blind = [(1404.0, "database"), (1409.0, "database")]
    evidence.logs = {
        "shop-1": [
            {"event": "batch_retried", "attempt": attempt, "at": 1300 + 0.02 * 2**attempt} for attempt in range(1, 6)
        ]
        + [{"event": "shutdown_begins", "at": 1599.1}],
        "till-1": [],
    }
    for worker in ("shop-1", "till-1"):
        evidence.memory += [Memory(at, worker, 77, 90_000_000) for at in (1110.0, 1120.0, 1160.0, 1190.0)]
        evidence.probes += [
            Probe(at, at + 0.1, worker, 200, 503 if lost else 200)
            for at, lost in ((1299.0, False), (1303.0, worker == "shop-1"), (1405.0, True), (1409.5, False))
        ]


def _list_of(record: Record) -> str:
    name = record.headers["ce_type"].decode().split(".")[2]
    return {"Sold": "shop_sold", "Rang": "shop_rang", "Priced": "price"}[name]


def _key(record: Record) -> str:
    return (record.key or b"").decode()


def _number(topic: str) -> int:
    return sorted(["ph.price.v1", "ph.shop.v1", "ph.till.v1"]).index(topic) + 1
