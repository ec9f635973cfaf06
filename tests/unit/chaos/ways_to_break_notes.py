"""Runs in which notes go wrong: missing, doubled, made or settled apart from their record, untrue at the end."""

from __future__ import annotations

from collections.abc import Callable

from chaos.evidence import Evidence, Written
from tests.unit.chaos.breaking import breaks
from tests.unit.chaos.story import BAD_KEY, BASKET, GOOD_KEY


def _index(evidence: Evidence, which: Callable[[Written], bool]) -> int:
    return next(index for index, row in enumerate(evidence.written["till"]) if which(row))


def _note(key: str, what: str = "note+", fault: str = "") -> Callable[[Written], bool]:
    return lambda row: row.what == what and row.key == key and row.detail == f"0 {fault}"


@breaks(24, "notes of a record")
def a_record_was_not_noted(evidence: Evidence) -> None:
    del evidence.written["till"][_index(evidence, _note(GOOD_KEY))]


@breaks(24, "notes of a record")
def a_parked_record_was_not_noted(evidence: Evidence) -> None:
    del evidence.written["till"][_index(evidence, _note(BAD_KEY, fault="shut"))]


@breaks(24, "notes of a record")
def a_record_was_noted_twice(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    rows.append(rows[_index(evidence, _note(GOOD_KEY))])


@breaks(24, "a note is of a record that stands in its topic")
def a_record_was_noted_that_nobody_wrote(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    rows.append(rows[_index(evidence, _note(GOOD_KEY))]._replace(number=4711))


@breaks(24, "the transaction that passed a record, and the one that noted it")
def a_note_was_made_in_another_transaction_than_the_effect(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    index = _index(evidence, _note(BASKET))
    rows[index] = rows[index]._replace(transaction=9999)


@breaks(24, "the transaction that parked a record, and the one that noted it")
def a_note_was_made_in_another_transaction_than_the_parking(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    index = _index(evidence, _note(BAD_KEY, fault="shut"))
    rows[index] = rows[index]._replace(transaction=9999)


@breaks(24, "who settles a parked record settles its note")
def nobody_came_back_to_a_note(evidence: Evidence) -> None:
    del evidence.written["till"][_index(evidence, _note(BAD_KEY, "note~"))]


@breaks(24, "a note says that its record was put aside")
def a_note_says_that_a_handled_record_is_put_aside(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    index = _index(evidence, _note(BAD_KEY, "note~"))
    rows[index] = rows[index]._replace(detail="0 behind")
