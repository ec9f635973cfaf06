"""Notes: every record that was read has one, made with what became of it, and true at the end."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter

from chaos.check import Check
from chaos.evidence import READS, Evidence, Place, Written
from chaos.laws.accounting import STANDS_STILL
from chaos.model import NOT_UNPACKED, forged, history_of, understood

READER = "till"
"""The service that keeps notes."""


def noted_once(evidence: Evidence) -> Check:
    """(24) Every record that was read is noted once, by the transaction that handled or parked it; who settles a parked
    record settles its note; and at the end a note says that its record was put aside if it was, and only then.

    Places at which a broker has lost a record say nothing: another one stands there, or none.
    """
    check = Check()
    if not evidence.tables:
        return check
    rows = [row for row in evidence.written.get(READER, []) if row.source in READS[READER]]
    made: dict[Place, list[Written]] = defaultdict(list)
    for row in rows:
        if row.what == "note+":
            made[row.record].append(row)
    lost = {record.place for record in evidence.lost}
    noted = {place: found[0].transaction for place, found in made.items() if len(found) == 1 and place not in lost}
    _each_once(check, evidence, made, lost)
    _with_its_handling(check, evidence, rows, noted)
    _with_its_parking(check, rows, noted, lost)
    _true_in_the_end(check, evidence, rows, noted)
    return check


def _each_once(check: Check, evidence: Evidence, made: Mapping[Place, list[Written]], lost: set[Place]) -> None:
    there: set[Place] = set()
    for topic in READS[READER]:
        for event in understood(evidence, topic):
            place = event.record.place
            there.add(place)
            if place not in lost:
                wanted = int(event.fault != NOT_UNPACKED)  # of that nobody has read anything
                check.equal("notes of a record", (READER, place), wanted, len(made.get(place, ())))
    for place in sorted(made.keys() - there - lost):
        check.that(False, "a note is of a record that stands in its topic", (READER, place))


def _with_its_handling(check: Check, evidence: Evidence, rows: Iterable[Written], noted: Mapping[Place, int]) -> None:
    """What passes a number of a key, handled or parked. Numbers out of order are passed before they are read."""
    passed = _passed(rows)
    for topic in READS[READER]:
        disordered = {event.key for event in forged(evidence, topic)}
        for key, events in history_of(evidence, topic).first.items():
            for event in events if key not in disordered else ():
                steps = passed.get((topic, key), [])
                index = bisect_left(steps, event.sequence, key=itemgetter(0))
                if index < len(steps) and event.record.place in noted:
                    what = "the transaction that passed a record, and the one that noted it"
                    check.equal(what, (READER, event.record.place), steps[index][1], noted[event.record.place])


def _passed(rows: Iterable[Written]) -> Mapping[tuple[str, str], list[tuple[int, int]]]:
    """How the position of each key went up: the numbers that it reached, and by which transaction."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        if row.what == "position":
            steps = found[row.source, row.key]
            if not steps or steps[-1][0] < row.number:
                steps.append((row.number, row.transaction))
    return found


def _with_its_parking(check: Check, rows: Iterable[Written], noted: Mapping[Place, int], lost: set[Place]) -> None:
    settled = {(row.transaction, row.record) for row in rows if row.what == "note~" and _fault(row) == ""}
    for row in rows:
        if row.what not in {"parked+", "parked-"} or row.detail.endswith(STANDS_STILL) or row.record in lost:
            continue
        where = (READER, row.record)
        if row.what == "parked+" and row.record in noted:
            what = "the transaction that parked a record, and the one that noted it"
            check.equal(what, where, row.transaction, noted[row.record])
            check.count("of parked records")
        elif row.what == "parked-":
            what = "who settles a parked record settles its note"
            check.that((row.transaction, row.record) in settled, what, where)
            check.count("settled")


def _true_in_the_end(check: Check, evidence: Evidence, rows: Iterable[Written], noted: Mapping[Place, int]) -> None:
    faults = {row.record: _fault(row) for row in rows if row.what in {"note+", "note~"}}
    aside = evidence.tables[READER].put_aside
    for topic in READS[READER]:
        for events in history_of(evidence, topic).first.values():
            for event in events:
                place = event.record.place
                if place in noted:
                    what = "a note says that its record was put aside"
                    check.equal(what, (READER, place), place in aside, faults[place] != "")


def _fault(row: Written) -> str:
    """Why the record is put aside, as the note says; empty if it is not."""
    return row.detail.partition(" ")[2]
