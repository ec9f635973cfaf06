"""Nothing ahead, nothing silent, nobody held up: what became of every record of every topic."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import NamedTuple

from chaos import model
from chaos.check import Check
from chaos.evidence import (
    READS,
    Evidence,
    ParkedRow,
    Place,
    Written,
)
from chaos.model import (
    POISON,
    History,
    Understood,
    history_of,
    remembered,
    understood,
)
from chaos.odd import FOR_NOW
from chaos.windows import PUT_BACK, windows

BATCH = 500
"""Records of one batch, as shipped."""
ORPHAN = " no_basket"
"""Of a basket that the shop has forgotten, with its database put back."""
STANDS_STILL = " unreadable"
"""Before a batch that cannot be unpacked."""
DECIDED = ("retry", "discarded")
"""What an operator makes of a parked record. Once nothing more comes in, all else has drained before he decides."""


def offsets_behind_effects(evidence: Evidence) -> Check:
    """(6) A committed offset is never ahead of durable effects: what lies below it is in the database."""
    check = Check()
    readable = {topic: _readable(understood(evidence, topic)) for topic in evidence.topics}
    positions: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    looked: dict[tuple[str, str, int], int] = defaultdict(int)
    back = list(windows(evidence, PUT_BACK))
    for sample in evidence.offsets:
        durable = positions[sample.service]
        durable.update(sample.positions)
        if any(window.begin <= sample.at <= window.end and window.concerns(sample.service) for window in back):
            continue  # what the group has told the broker is of a database that is no more
        for (topic, partition), committed in sample.committed.items():
            events = readable[topic].get(partition, [])
            index = looked[sample.service, topic, partition]
            while index < len(events) and events[index].record.offset < committed:
                event = events[index]
                if event.record.at > sample.at:  # another one stood there, on a disk that is no more
                    break
                where = f"{sample.service} at {sample.at:.3f}, {event.record.place}, committed {committed}"
                position = durable.get((topic, event.key or ""), 0)
                what = "the position of a record below the committed offset"
                check.that(position >= event.sequence, what, where, f"{event.sequence} or more", position)
                index += 1
            looked[sample.service, topic, partition] = index
    return check


def _readable(events: Iterable[Understood]) -> dict[int, list[Understood]]:
    found: dict[int, list[Understood]] = defaultdict(list)
    for event in events:
        if event.known and not event.fault:
            found[event.record.partition].append(event)
    return found


def nothing_silent(evidence: Evidence) -> Check:
    """(7) Every record was handled, recognised as a repeat, parked or discarded: exactly one of these."""
    check = Check()
    if not evidence.tables:
        return check
    for service, topics in READS.items():
        rows = {row.place: row for row in evidence.tables[service].parked}
        for topic in topics:
            history = history_of(evidence, topic)
            _each_has_one_fate(check, evidence, service, history, rows)
            _everything_was_read(check, evidence, service, topic)
        _parked_for_a_reason(check, evidence, service)
        open_keys = {(row.topic, row.key) for row in rows.values() if row.state != "discarded" and row.blocks}
        for place, (_, blocked) in evidence.tables[service].positions.items():
            check.equal("a key is blocked while it has open records", (service, *place), place in open_keys, blocked)
    return check


def _each_has_one_fate(
    check: Check, evidence: Evidence, service: str, history: History, rows: Mapping[Place, ParkedRow]
) -> None:
    tables = evidence.tables[service]
    causes = {event.cause for event in remembered(evidence, understood(evidence, "ph.till.v1"))}
    for key, events in history.first.items():
        counted = Counter(tables.states.get(key, {}).get("counted", []))
        for event in events:
            topic, place = event.record.topic, event.record.place
            passed = tables.positions.get((topic, key), (0, False))[0] >= event.sequence
            row = rows.get(place)
            if service == "till":
                handled = event.id in causes
            elif event.body["source"] == "price":
                handled = passed and row is None
            else:  # the till may have counted it twice, if its database was put back
                handled = row is None and counted[event.n] > 0
                counted[event.n] -= handled
            where = f"{service}, {place}, key {key}, sequence {event.sequence}"
            fates = ["handled"] * handled + [row.state for row in (row,) if row is not None]
            check.that(len(fates) == 1, "a record has one fate", where, "handled, parked or discarded", fates)
            check.that(passed, "the position has passed every record", where)
            check.count(fates[0] if fates else "lost")
    for event in history.unreadable:
        fates = [rows[place].state for place in history.copies[event.record.place] if place in rows]
        where = f"{service}, {event.record.place}, {event.fault}"
        check.that(len(fates) == 1, "what cannot be read is parked or discarded, once", where, "one row", fates)
        check.count(fates[0] if fates else "lost")
    check.facts += len(history.repeats) + len(history.unknown)
    check.count("repeats", len(history.repeats))
    check.count("of unknown type", len(history.unknown))


def _everything_was_read(check: Check, evidence: Evidence, service: str, topic: str) -> None:
    ends = {record.partition: record.offset + 1 for record in evidence.topics[topic]}
    for partition, end in ends.items():
        committed = evidence.committed[service].get((topic, partition), 0)
        what = "the group has read to the end"
        check.that(committed >= end, what, (service, topic, partition), f"{end} or more", committed)


def _parked_for_a_reason(check: Check, evidence: Evidence, service: str) -> None:
    """Only what is poison is put aside, what comes after it in its key, and news of what was forgotten."""
    events = {event.record.place: event for topic in READS[service] for event in understood(evidence, topic)}
    back = [restored for restored in evidence.restored if restored.service == service]
    forgotten = {event.key for restored in back for event in model.forgotten(evidence, restored)}
    poisoned: set[tuple[str, str]] = set()
    for row in evidence.written.get(service, []):
        if row.what != "parked+":
            continue
        event = events.get(row.record)
        if not check.that(event is not None, "what is parked stands in its topic", (service, row.record)):
            continue
        poison = bool(event.fault) or event.body.get("kind") in POISON
        poison = poison or (row.key in forgotten and row.detail.endswith(ORPHAN))
        poison = poison or (event.body.get("kind") == FOR_NOW and row.detail.endswith(STANDS_STILL))
        reason = poison or (row.source, row.key) in poisoned
        check.that(reason, "what is parked is poison, or behind poison", (service, row.record), "a reason", row.detail)
        if row.key:
            poisoned.add((row.source, row.key))


def nobody_held_up(evidence: Evidence) -> Check:
    """(8) A poison key delays no other key by more than a batch.

    From outside: keys that were never parked take effect in the order of their partition, however much poison lies
    between them; and all of them have by the time somebody looks after the last poison, once nothing more comes in.
    """
    check = Check()
    written = evidence.written.get("till", [])
    poison = _poison(written)
    bad_keys = {(row.source, row.key) for row in written if row.what == "parked+"}
    silence = max((record.at for topic in READS["till"] for record in evidence.topics.get(topic, [])), default=0.0)
    decisions = (row.at for row in written if row.what == "parked~" and row.detail.split(" ")[1] in DECIDED)
    operator = min((at for at in decisions if at > silence), default=float("inf"))
    effects = _passing(written)
    for topic in READS["till"]:
        by_partition: dict[int, list[Understood]] = defaultdict(list)
        for key, events in history_of(evidence, topic).first.items():
            if (topic, key) not in bad_keys:
                for event in events:
                    by_partition[event.record.partition].append(event)
        for partition, events in by_partition.items():
            before = [each for each in poison if each.place[:2] == (topic, partition)]
            if before:
                events.sort(key=lambda event: event.record.offset)
                _in_their_order(check, events, effects)
                _while_parked(check, events, effects, before, operator)
    return check


class _Poison(NamedTuple):
    """A record that was parked for its own sake, and until when. Before a batch that cannot be unpacked its partition
    stands still, whoever waits."""

    place: Place
    parked: float
    gone: float


def _poison(written: Iterable[Written]) -> list[_Poison]:
    parked: dict[Place, float] = {}
    gone: dict[Place, float] = {}
    for row in written:
        if row.what == "parked+" and not row.detail.endswith((" behind", STANDS_STILL)):
            parked.setdefault(row.record, row.at)
        elif row.what == "parked-" or (row.what == "parked~" and row.detail.split(" ")[1] == "discarded"):
            gone[row.record] = row.at
    return [_Poison(place, at, gone.get(place, float("inf"))) for place, at in parked.items()]


Effect = tuple[int, float]
"""In which place of the witness, and when."""
Effects = Mapping[tuple[str, str], list[tuple[int, Effect]]]
"""How the position of each key went up: the numbers that it reached, and when."""


def _passing(written: Iterable[Written]) -> Effects:
    found: dict[tuple[str, str], list[tuple[int, Effect]]] = defaultdict(list)
    for row in written:
        if row.what == "position":
            steps = found[row.source, row.key]
            if not steps or steps[-1][0] < row.number:
                steps.append((row.number, (row.place, row.at)))
    return found


def _effect(event: Understood, effects: Effects) -> Effect | None:
    """When the position of the event's key first passed its number."""
    steps = effects.get((event.record.topic, event.key or ""), [])
    index = bisect_left(steps, event.sequence, key=itemgetter(0))
    return steps[index][1] if index < len(steps) else None


def _in_their_order(check: Check, events: list[Understood], effects: Effects) -> None:
    order = [event for event in events if _effect(event, effects) is not None]
    by_effect = sorted(order, key=lambda event: (_effect(event, effects), event.record.offset))
    rank = {event.record.offset: index for index, event in enumerate(by_effect)}
    for index, event in enumerate(order):
        late = rank[event.record.offset] - index
        what = "records of other keys are overtaken by no more than a batch"
        check.that(late <= BATCH, what, event.record.place, f"at most {BATCH}", late)


def _while_parked(
    check: Check,
    events: list[Understood],
    effects: Effects,
    poison: list[_Poison],
    operator: float,
) -> None:
    """What lies behind poison that waited for the last operator was handled before he came."""
    for event in events:
        behind = [each for each in poison if each.place[2] < event.record.offset]
        effect = _effect(event, effects)
        passed = sum(1 for each in behind if effect is not None and each.parked <= effect[1] < each.gone)
        check.count("passed poison", int(passed > 0))
        if any(each.gone >= operator for each in behind):
            done = effect is not None and effect[1] <= operator
            what = "a record behind another key's poison was handled before anybody dealt with the poison"
            check.that(done, what, (event.record.place, f"{len(behind)} poisonous before it"))
