"""Publishing: nothing lost, numbers without gap, one leader, and no row left behind by the low-water mark."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from chaos.check import Check
from chaos.evidence import (
    WRITES,
    Evidence,
    OutboxSample,
    Written,
)
from chaos.model import forgotten, own, remembered
from chaos.windows import Quiet, troubled, windows

CLOCK_SECONDS = 0.002
"""What the broker's time of appending, in whole milliseconds, may differ from PostgreSQL's on the same machine."""
OCCURRENCES = {"producer_quota": 1, "database_read_only": 2}
"""How often an event may stand in its topic."""
HEALING = 3.0
"""Seconds after a fault in which what it has held up is published."""
ROUNDS = 3
"""Times that a waiting row is overtaken by rows that were not there yet: once may be a full batch, thrice is a miss."""


def no_loss(evidence: Evidence) -> Check:
    """(3) Every outbox row that was ever committed is in its topic, and was there before it left the outbox."""
    check = Check()
    for service, topic in WRITES.items():
        if service not in evidence.tables:
            continue
        tables = evidence.tables[service]
        check.equal("the outbox has drained", service, [], tables.outbox[:5])
        appended: dict[tuple[str, int], float] = {}
        ends: dict[str, int] = {}
        for event in own(evidence, topic):
            key = event.key or ""
            appended.setdefault((key, event.sequence), event.record.at if event.record.appended else 0.0)
            ends[key] = max(ends.get(key, 0), event.sequence)
        for key, sequence in tables.streams.items():
            check.equal("the last number given out is in the topic", f"{topic}, key {key}", sequence, ends.get(key, 0))
        rows = numbered(evidence, service)
        for id_, place in rows.items():
            check.that(place in appended, "a committed row is in its topic", f"{topic}, outbox id {id_}, {place}")
        for row in evidence.written[service]:
            if row.what == "outbox-" and rows.get(row.number) in appended:
                early = appended[rows[row.number]] - row.at
                what = "a row was in its topic before it was deleted"
                where = f"{topic}, outbox id {row.number}, {rows[row.number]}"
                check.that(early <= CLOCK_SECONDS, what, where, "before", f"{early:.3f} s after")
        if rows:
            known = {(event.key or "", event.sequence) for event in remembered(evidence, own(evidence, topic))}
            for place in sorted(known - set(rows.values())):
                check.that(False, "what is in a topic was committed", f"{topic}, {place}")
        check.count(f"events of {service}", len(rows))
    return check


def numbered(evidence: Evidence, service: str) -> dict[int, tuple[str, int]]:
    """Key and sequence of every outbox row by its id: the n-th row of a key, by id, has the number n.

    A database that was put back goes on behind all numbers that it had published before.
    """
    numbers: Counter[str] = Counter()
    found = {}
    back = [restored for restored in evidence.restored if restored.service == service]
    for row in sorted(
        (row for row in evidence.written.get(service, []) if row.what == "outbox+"), key=lambda row: row.number
    ):
        while back and row.place > back[0].kept:
            for event in forgotten(evidence, back.pop(0)):
                numbers[event.key or ""] = max(numbers[event.key or ""], event.sequence)
        numbers[row.key] += 1
        found[row.number] = (row.key, numbers[row.key])
    return found


def without_gap(evidence: Evidence) -> Check:
    """(4) First occurrences of each key carry the sequences 1, 2, 3 in this order; what comes again is the same."""
    check = Check()
    for topic in WRITES.values():
        first: dict[str, dict[int, tuple[str, bytes | None]]] = defaultdict(dict)
        partitions: dict[str, set[int]] = defaultdict(set)
        for event in own(evidence, topic):
            record, key = event.record, event.key or ""
            content = (event.id, record.value)
            partitions[key].add(record.partition)
            if event.sequence in first[key]:
                what = "a number that comes again is the same event"
                check.equal(what, record.place, first[key][event.sequence], content)
                check.count("published again")
            first[key].setdefault(event.sequence, content)
        for key, events in first.items():
            expected = list(range(1, len(events) + 1))
            check.equal("sequences of first occurrences", f"{topic}, key {key}", expected, list(events), len(events))
            check.equal("partitions of a key", f"{topic}, key {key}", 1, len(partitions[key]))
    return check


def no_answer_is_no_reason_to_repeat(evidence: Evidence) -> Check:
    """(19) A quota or a read-only database makes nobody publish again what is in its topic.

    A round that a database cuts off before its rows are deleted comes once more, as after a crash.
    """
    check = Check()
    for name, at_most in OCCURRENCES.items():
        quiet = Quiet(troubled(evidence, besides=(name,), healing=HEALING))
        for window in windows(evidence, (name,)):
            begin, end = window.begin, window.end + HEALING
            if quiet.seconds(begin - HEALING, end) < end - begin + HEALING:
                continue  # something else was wrong, too
            topic = WRITES[window.detail]
            times: dict[tuple[str, int], list[float]] = defaultdict(list)
            for event in own(evidence, topic):
                times[event.key or "", event.sequence].append(event.record.at)
            for place, found in times.items():
                if begin <= found[-1] <= end:
                    where = f"{topic}, {place}, {name}"
                    check.that(len(found) <= at_most, "times that an event is published", where, at_most, len(found))
                    check.count("published again", int(len(found) > 1))
    return check


def one_leader(evidence: Evidence) -> Check:
    """(10) One relay leads: rows are deleted by one session, then by another, never by two in turn."""
    check = Check()
    for service in WRITES:
        former: set[int] = set()
        leader = 0
        for row in evidence.written.get(service, []):
            if row.what != "outbox-":
                continue
            where = f"{service}, outbox id {row.number}"
            what = "a session that has lost the lead deletes no more rows"
            check.that(row.backend not in former, what, where, f"session {leader}", f"session {row.backend}")
            if row.backend != leader:
                former.add(leader)
                check.count("changes of leader", int(leader != 0))
                leader = row.backend
    for sample in evidence.outboxes:
        where = f"{sample.service} at {sample.at:.3f}"
        check.that(len(sample.leaders) <= 1, "sessions that hold the lock", where, "at most 1", list(sample.leaders))
    return check


def no_row_left_behind(evidence: Evidence) -> Check:
    """(11) The low-water mark never passes an id that can still commit: no row waits while newer ones go out."""
    check = Check()
    for service in WRITES:
        written = evidence.written.get(service, [])
        gone: set[int] = set()
        highest = 0
        for row in written:
            if row.what == "outbox-":
                gone.add(row.number)
                check.count("published after a higher id", int(row.number < highest))
                highest = max(highest, row.number)
        for row in written:
            if row.what == "outbox+":
                where = f"{service}, outbox id {row.number}, key {row.key}"
                check.that(
                    row.number in gone or row.number > highest, "a row that newer ones passed is published", where
                )
        samples = [each for each in evidence.outboxes if each.service == service and not _forgotten(evidence, each)]
        for id_, rounds in _overtaken(samples, written).items():
            where = f"{service}, outbox id {id_}"
            what = "rounds in which newer rows went out while this one was there"
            check.that(rounds < ROUNDS, what, where, f"less than {ROUNDS}", rounds)
    return check


def _forgotten(evidence: Evidence, sample: OutboxSample) -> bool:
    """Seen in a database that was put back since: its ids are those of other rows by now."""
    return any(
        restored.service == sample.service and restored.copied <= sample.at <= restored.opened
        for restored in evidence.restored
    )


def _overtaken(samples: Sequence[OutboxSample], written: Sequence[Written]) -> Mapping[int, int]:
    """Per row that was seen in two snapshots: how many generations of newer rows came and went between them.

    A newer row was inserted after the snapshot that shows this one, so whoever reads the newer one sees this one too;
    the next generation begins when the newer row is gone.
    """
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    for sample in samples:
        for id_ in sample.ids:
            first.setdefault(id_, sample.at)
            last[id_] = sample.at
    gone = {row.number: row.at for row in written if row.what == "outbox-"}
    born = sorted((row.at, gone.get(row.number, float("inf"))) for row in written if row.what == "outbox+")
    births = [at for at, _ in born]
    next_gone = [float("inf")] * (len(born) + 1)
    for index in range(len(born) - 1, -1, -1):
        next_gone[index] = min(next_gone[index + 1], born[index][1])
    rounds = {}
    for id_, seen in first.items():
        at, count = seen, 0
        while (at := next_gone[bisect_right(births, at)]) < last[id_]:
            count += 1
        rounds[id_] = count
    return rounds
