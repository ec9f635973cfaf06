"""A run in which everything was as it must be, told by hand: small enough to see through, and to break in one place."""

from __future__ import annotations

import json

from chaos.edge import Call, Served
from chaos.evidence import (
    SECOND_SIGNAL,
    Entry,
    Evidence,
    Life,
    Memory,
    OffsetSample,
    OutboxSample,
    Probe,
    Promise,
    Record,
    Replay,
)
from tests.unit.chaos.good_spans import spans
from tests.unit.chaos.story import (
    BAD_KEY,
    BASKET,
    BROKEN_KEY,
    CUT_KEY,
    FORGED_KEY,
    GOOD_KEY,
    LEADER,
    LOST_KEY,
    TIP_KEY,
    Story,
    key_of,
)


def good_run() -> Evidence:
    """Sales, an alarm, prices with repeats and poison; a kill, an overload, a lost database; and a replay."""
    story = Story()
    evidence = story.evidence
    heard = [story.sell(BASKET, 1), story.sell(BASKET, 2), story.ring(BASKET, 1)]
    counted = [story.hear(record) for record in heard]
    counted += _what_is_put_back(story)
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


def _what_is_put_back(story: Story) -> list[Record | None]:
    """The shop's database, then the broker's disk."""
    kept, lost = story.sell(LOST_KEY, 1), story.sell(LOST_KEY, 2)
    story.put_back("shop", lost)
    told = [story.hear(sale) for sale in (kept, lost, story.sell(LOST_KEY, 3))]
    first, last = story.sell(CUT_KEY, 1), story.sell(CUT_KEY, 2)
    told += [story.hear(first), story.hear(last)]
    story.lose(last)
    return [*told, story.hear(story.sell(CUT_KEY, 3))]


def _settle(story: Story, record: Record) -> Record:
    """What waited behind poison is handled after all."""
    key, transaction = key_of(record), next(story._transactions)
    tables = story.evidence.tables["till"]
    tables.parked = [row for row in tables.parked if row.place != record.place]
    story._write("till", "parked-", record.topic, key, record.offset, f"{record.partition} parked behind", transaction)
    story.note(record, transaction, what="note~")
    n = json.loads(record.value or b"")["n"]
    body = {"source": "price", "n": n}
    made = story._act("till", key, {"price": n}, "ph.till.Counted.v1", body, cause=record, transaction=transaction)
    story._move("till", record.topic, key, 0, transaction)
    return made


def _finish(evidence: Evidence) -> None:
    evidence.promise = Promise({BASKET: [1, 2], LOST_KEY: [1, 2, 3], CUT_KEY: [1, 2, 3]}, {BASKET: [1]})
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
        Entry(1500.0, "slow_client", "begin", "shop-1 till-1"),
        Entry(1510.0, "slow_client", "end", "shop-1 till-1"),
        Entry(1599.0, "sigterm", "begin", "shop-1"),
        Entry(1600.1, "sigterm", "end", "shop-1"),
        Entry(1699.5, "sigterm_twice", "begin", "shop-1"),
        Entry(1699.8, "sigterm_twice", "note", f"shop-1 {SECOND_SIGNAL}"),
        Entry(1700.1, "sigterm_twice", "end", "shop-1"),
    ]
    evidence.edge.calls = [
        Call("half a head", "shop-1", 1500.1, 1507.0, 408, (408, 0), 13.0),
        Call("without a word", "till-1", 1500.1, 1503.0, 0, (408, 0), 13.0),
        Call("expired", "shop-1", 1501.0, 1501.1, 401, (401,), 5.0),
    ]
    evidence.edge.served = [Served(1502.0, 1502.1)]
    evidence.blind = [(1404.0, "database"), (1409.0, "database")]
    evidence.logs = {
        "shop-1": [
            {"event": "batch_retried", "attempt": attempt, "at": 1300 + 0.02 * 2**attempt} for attempt in range(1, 6)
        ]
        + [{"event": "shutdown_begins", "at": 1599.1}],
        "till-1": [],
    }
    for worker in ("shop-1", "till-1"):
        evidence.memory += [Memory(at, worker, 77, 90_000_000) for at in (1110.0, 1120.0, 1160.0, 1190.0, 1502.0)]
        evidence.probes += [
            Probe(at, at + 0.1, worker, 200, 503 if lost else 200)
            for at, lost in (
                (1299.0, False),
                (1303.0, worker == "shop-1"),
                (1405.0, True),
                (1409.5, False),
                (1502.0, False),
            )
        ]
