"""Runs in which a database that was put back goes wrong. Each changes a good run in one place."""

from __future__ import annotations

import json

from chaos.evidence import Evidence, Record, Restored
from chaos.invariants import INVARIANTS
from tests.unit.chaos.breaking import breaks, changed
from tests.unit.chaos.story import CUT_KEY, LOST_KEY, TIP_KEY


@breaks(20, "only then")
def an_operator_was_not_told_of_a_forgotten_event(evidence: Evidence) -> None:
    _restored(evidence, listed=frozenset())


@breaks(20, "only then")
def an_operator_was_told_of_an_event_that_is_known(evidence: Evidence) -> None:
    _restored(evidence, listed=evidence.restored[0].listed | {(LOST_KEY, 1, "event-1")})


@breaks(20, "an operator is asked if something is forgotten")
def a_service_went_on_although_something_was_forgotten(evidence: Evidence) -> None:
    _restored(evidence, halted=0.0, decided=0.0, listed=frozenset())


@breaks(20, "an operator is asked if something is forgotten")
def an_operator_was_asked_for_nothing(evidence: Evidence) -> None:
    known = dict.fromkeys(evidence.restored[0].streams, 1_000)
    _restored(evidence, streams=known, listed=frozenset())


@breaks(20, "nothing is published before")
def an_event_was_published_before_an_operator_looked(evidence: Evidence) -> None:
    records = evidence.topics["ph.shop.v1"]
    index = max(index for index, record in enumerate(records) if record.key == LOST_KEY.encode())
    records[index] = records[index]._replace(at=evidence.restored[0].opened + 0.5)


@breaks(20, "nothing is handled once")
def a_command_was_answered_from_what_was_put_back(evidence: Evidence) -> None:
    restored = evidence.restored[0]
    rows = evidence.written["shop"]
    index = next(index for index, row in enumerate(rows) if row.what == "state" and row.place > restored.kept)
    rows[index] = rows[index]._replace(at=restored.decided - 0.5)


@breaks(4, "comes again is the same event")
def a_number_was_given_to_another_event(evidence: Evidence) -> None:
    last = next(each for each in reversed(evidence.topics["ph.shop.v1"]) if each.key == LOST_KEY.encode())
    changed(evidence, last, ce_sequence=b"2")


@breaks(3, "a committed row is in its topic")
def numbers_did_not_go_on_behind_what_was_forgotten(evidence: Evidence) -> None:
    last = next(each for each in reversed(evidence.topics["ph.shop.v1"]) if each.key == LOST_KEY.encode())
    changed(evidence, last, ce_sequence=b"4")


@breaks(1, "basket.sold")
def more_was_forgotten_than_was_lost(evidence: Evidence) -> None:
    evidence.tables["shop"].states[LOST_KEY]["sold"].remove(1)


@breaks(1, "till.shop_sold")
def a_reader_dropped_what_its_sender_had_forgotten(evidence: Evidence) -> None:
    evidence.tables["till"].states[LOST_KEY]["shop_sold"].remove(2)


@breaks(1, "Sold.v1 of basket.sold")
def a_sender_still_tells_what_it_had_forgotten(evidence: Evidence) -> None:
    evidence.tables["shop"].states[LOST_KEY]["sold"].insert(1, 2)


@breaks(7, "poison")
def news_of_a_basket_that_was_never_forgotten_was_parked(evidence: Evidence) -> None:
    rows = evidence.written["shop"]
    told = evidence.topics["ph.till.v1"][0]
    rows.append(
        rows[0]._replace(
            what="parked+",
            source="ph.till.v1",
            key=(told.key or b"").decode(),
            number=told.offset,
            detail="0 parked no_basket",
        )
    )


@breaks(21, "only then")
def an_operator_was_not_told_of_a_missing_event(evidence: Evidence) -> None:
    evidence.cuts[0] = evidence.cuts[0]._replace(listed=frozenset())


@breaks(21, "only then")
def an_operator_was_told_of_an_event_that_is_there(evidence: Evidence) -> None:
    evidence.cuts[0] = evidence.cuts[0]._replace(listed=evidence.cuts[0].listed | {(CUT_KEY, 1)})


@breaks(21, "an operator is asked if something is missing")
def a_service_went_on_although_something_is_missing(evidence: Evidence) -> None:
    evidence.cuts[0] = evidence.cuts[0]._replace(halted=0.0)


@breaks(21, "nothing is published before")
def a_service_published_beside_a_broker_that_had_lost_something(evidence: Evidence) -> None:
    records = evidence.topics["ph.shop.v1"]
    index = max(index for index, record in enumerate(records) if record.key == CUT_KEY.encode())
    records[index] = records[index]._replace(at=evidence.cuts[0].opened + 0.5)


@breaks(21, "times that what is left, or may have been lost, is handled")
def a_reader_that_read_again_handled_something_twice(evidence: Evidence) -> None:
    evidence.tables["till"].states[CUT_KEY]["shop_sold"].append(2)


@breaks(21, "times that what is left, or may have been lost, is handled")
def a_reader_missed_what_followed_on_what_was_lost(evidence: Evidence) -> None:
    evidence.tables["till"].states[CUT_KEY]["shop_sold"].remove(3)


@breaks(21, "times that what is left, or may have been lost, is handled: till.tip")
def a_reader_went_on_at_its_old_place_on_an_older_disk(evidence: Evidence) -> None:
    """The first tip is lost, the second stands at its place, and the reader begins behind it."""
    value = json.dumps({"basket_id": TIP_KEY, "n": 1}).encode()
    evidence.lost.append(Record("ph.tip.v1", 0, 0, TIP_KEY.encode(), value, {}))
    assert not INVARIANTS[21][1](evidence).violations, "what is lost may have been handled"
    evidence.tables["till"].states[TIP_KEY]["tip"].remove(2)


@breaks(21, "basket.sold")
def a_promise_was_lost_with_the_brokers_records(evidence: Evidence) -> None:
    evidence.tables["shop"].states[CUT_KEY]["sold"].remove(2)


def _restored(evidence: Evidence, **changes: object) -> None:
    restored: Restored = evidence.restored[0]
    evidence.restored[0] = restored._replace(**changes)  # type: ignore[arg-type]
