"""Effects: each once, together with all that belongs to it, in the order of its key."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from chaos import model
from chaos.check import Check
from chaos.evidence import READS, Evidence, Written
from chaos.model import History, history_of, remembered

LISTS = ("shop_sold", "shop_rang", "price")


def effect_once(evidence: Evidence) -> Check:
    """(1) Effects are those of the model: every promise kept once, every event handled once, nothing besides."""
    check = Check()
    if not evidence.tables:
        return check
    shop, till, price = (history_of(evidence, topic) for topic in ("ph.shop.v1", "ph.till.v1", "ph.price.v1"))
    promises(check, evidence)
    _announced(check, evidence, shop)
    tills = evidence.tables["till"].states
    expected = model.tills(shop, price, evidence.tables["till"].put_aside)
    for key in sorted(expected.keys() | tills.keys()):
        for name in LISTS:
            wanted, found = expected.get(key, {}).get(name, []), tills.get(key, {}).get(name, [])
            check.equal(f"till.{name}", key, wanted, found, len(wanted))
        said = remembered(evidence, till.first.get(key, []))
        for name in LISTS:
            wanted = tills.get(key, {}).get(name, [])
            found = [event.body["n"] for event in said if event.body["source"] == name]
            check.equal(f"Counted of {name}", key, wanted, found, len(wanted))
    baskets = evidence.tables["shop"].states
    counted = model.counted(till, evidence.tables["shop"].put_aside)
    for key in sorted(counted.keys() | baskets.keys()):
        wanted = counted.get(key, [])
        check.equal("basket.counted", key, wanted, baskets.get(key, {}).get("counted", []), len(wanted))
    return check


def promises(check: Check, evidence: Evidence) -> None:
    """A command without an answer may have had its effect or not, and so may one whose effect was forgotten when a
    database was put back; every other one has it once."""
    baskets, promise = evidence.tables["shop"].states, evidence.promise
    doubtful = promise.unanswered.union(*(restored.sales for restored in evidence.restored))
    for key in sorted(promise.sales.keys() | promise.alarms.keys() | baskets.keys()):
        basket = baskets.get(key, {})
        sold = basket.get("sold", [])
        found = [n for n in sold if (key, n) not in doubtful]
        wanted = [n for n in promise.sales.get(key, []) if (key, n) not in doubtful]
        check.equal("basket.sold", key, wanted, found, len(wanted))
        check.equal("basket.sold has each n once", key, sorted(set(sold)), sorted(sold))
        rung = [*basket.get("rung", []), *evidence.tables["shop"].pending.get(key, [])]
        found = sorted(n for n in rung if (key, -n) not in promise.unanswered)
        wanted = sorted(n for n in promise.alarms.get(key, []) if (key, -n) not in promise.unanswered)
        check.equal("basket.rung and alarms that are not due", key, wanted, found, len(wanted))


def _announced(check: Check, evidence: Evidence, shop: History) -> None:
    for key, basket in sorted(evidence.tables["shop"].states.items()):
        events = remembered(evidence, shop.first.get(key, []))
        for type_, name in ((model.SOLD, "sold"), (model.RANG, "rung")):
            check.equal(f"{type_} of basket.{name}", key, basket[name], model.numbers_of(events, type_))


def atomic(evidence: Evidence) -> Check:
    """(2) State, position and outbox of an event were written by one transaction, or none of them."""
    check = Check()
    if not evidence.written:
        return check
    disordered = {event.key for topic in evidence.topics for event in model.forged(evidence, topic)}
    histories = {topic: history_of(evidence, topic) for topic in evidence.topics}
    for service, written in evidence.written.items():
        deeds = _deeds(written, {topic: histories[topic] for topic in READS[service]})
        for (transaction, key), deed in deeds.items():
            where = f"{service}, transaction {transaction}, key {key}"
            emitting = sum(deed.grown[name] for name in EMITTING[service])
            check.equal("outbox rows and effects of one transaction", where, emitting, deed.emitted)
            for topic in READS[service] if key not in disordered else ():
                handled = sum(deed.grown[name] for name in LISTS_OF[topic])
                put_aside = deed.parked[topic] - deed.settled[topic]
                what = f"numbers passed on {topic}, and what was handled or parked, in one transaction"
                check.equal(what, where, deed.passed[topic], handled + put_aside)
    return check


LISTS_OF = {"ph.shop.v1": ("shop_sold", "shop_rang"), "ph.price.v1": ("price",), "ph.till.v1": ("counted",)}
"""Where the effects of a topic's events are written down."""
EMITTING = {"shop": ("sold", "rung"), "till": LISTS}
"""The lists that grow by one for every event that is published."""


class _Deed:
    """What one transaction wrote for one key; per topic where that matters."""

    def __init__(self) -> None:
        self.grown: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        """Readable events that have an effect, by the numbers that the position has passed."""
        self.emitted = 0
        self.parked: Counter[str] = Counter()
        """Such events that were put aside: their number is passed without an effect."""
        self.settled: Counter[str] = Counter()
        """Those that were handled later: an effect without a move."""


def _deeds(written: Iterable[Written], histories: Mapping[str, History]) -> dict[tuple[int, str], _Deed]:
    deeds: dict[tuple[int, str], _Deed] = defaultdict(_Deed)
    lengths: Counter[tuple[str, str]] = Counter()
    positions: Counter[tuple[str, str]] = Counter()
    effective = {topic: _effective(history) for topic, history in histories.items()}
    places = {
        event.record.place
        for topic, history in histories.items()
        for key, events in history.first.items()
        for event in events
        if event.sequence in effective[topic][key]
    }
    for row in written:
        deed = deeds[row.transaction, row.key]
        if row.what == "state":
            for name, found in json.loads(row.detail).items():
                if isinstance(found, list):
                    deed.grown[name] += len(found) - lengths[row.key, name]
                    lengths[row.key, name] = len(found)
        elif row.what == "position" and row.source in effective:
            before, numbers = positions[row.source, row.key], effective[row.source].get(row.key, set())
            deed.passed[row.source] += sum(before < number <= row.number for number in numbers)
            positions[row.source, row.key] = max(positions[row.source, row.key], row.number)
        elif row.what == "outbox+":
            deed.emitted += 1
        elif row.what in {"parked+", "parked-"} and row.record in places and row.key:  # not about a batch as a whole
            (deed.parked if row.what == "parked+" else deed.settled)[row.source] += 1
    return deeds


def _effective(history: History) -> dict[str, set[int]]:
    """The numbers of each key whose events have an effect."""
    return {
        key: {event.sequence for event in events if event.body.get("source") != "price"}
        for key, events in history.first.items()
    }


def in_order(evidence: Evidence) -> Check:
    """(5) Handlers have seen the events of each key in increasing sequence, across retry, parking and rebalance.

    What counts is the order in which they stand in the topic: it is that of their numbers, unless somebody wrote them
    in another one.
    """
    check = Check()
    if not evidence.tables:
        return check
    causes = {
        event.id: (topic, number)
        for topic in READS["till"]
        for events in history_of(evidence, topic).first.values()
        for number, event in enumerate(events, start=1)
    }
    till = history_of(evidence, "ph.till.v1")
    for key, events in till.first.items():
        last: dict[str, int] = {}
        for event in sorted(remembered(evidence, events), key=lambda each: each.sequence):
            cause = causes.get(event.cause)
            if not check.that(cause is not None, "an event's cause is in a topic", f"{key} {event.sequence}"):
                continue
            topic, number = cause
            before = last.get(topic, 0)
            what = f"till handled {topic} in increasing sequence"
            check.that(number > before, what, key, f"more than {before}", number)
            last[topic] = max(before, number)
    aside = evidence.tables["shop"].put_aside
    for key, basket in evidence.tables["shop"].states.items():
        sequences: dict[int, list[int]] = defaultdict(list)
        for event in till.first.get(key, []):
            if event.body["source"] != "price" and event.record.place not in aside:
                sequences[event.n].append(event.sequence)
        handled = [sequences[n].pop(0) if sequences[n] else 0 for n in basket["counted"]]
        for before, after in pairwise(handled):
            check.that(
                after > before, "shop handled ph.till.v1 in increasing sequence", key, f"more than {before}", after
            )
    return check
