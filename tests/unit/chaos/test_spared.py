"""Keys of which the broker has lost a record are left out, everywhere, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.evidence import ParkedRow, Written
from chaos.invariants import INVARIANTS
from chaos.spared import scarred, spared
from tests.unit.chaos.good_run import good_run
from tests.unit.chaos.story import BASKET, CUT_KEY


def test_where_nothing_is_lost_everything_is_looked_at() -> None:
    evidence = replace(good_run(), lost=[])
    assert spared(evidence) is evidence


def test_a_key_with_a_lost_record_is_left_out_everywhere() -> None:
    evidence = good_run()
    assert scarred(evidence) == {CUT_KEY}
    left = spared(evidence)
    parts = (left.topics, left.tables, left.written, left.promise.sales, left.promise.alarms, left.tips)
    assert CUT_KEY not in repr(parts)
    assert CUT_KEY.encode() not in {record.key for records in left.topics.values() for record in records}


def test_all_other_keys_stay() -> None:
    evidence = good_run()
    left = spared(evidence)
    assert left.tables["shop"].states.keys() == evidence.tables["shop"].states.keys() - {CUT_KEY}
    assert left.promise.sales[BASKET] == evidence.promise.sales[BASKET]
    assert len(evidence.topics["ph.shop.v1"]) - len(left.topics["ph.shop.v1"]) == 2, "what is left of the key"


def test_what_has_no_key_is_left_out_by_its_place() -> None:
    evidence = good_run()
    lost = evidence.lost[0]._replace(key=None, offset=700)
    evidence.lost.append(lost)
    row = ParkedRow(*lost.place, None, "discarded", "key_missing", blocks=False)
    other = row._replace(offset=701)
    evidence.tables["till"].parked += [row, other]
    left = spared(evidence).tables["till"].parked
    assert row not in left
    assert other in left


def test_what_stands_at_the_place_of_a_lost_record_and_has_no_key_either_stays() -> None:
    evidence = good_run()
    lost = evidence.lost[0]._replace(key=None, offset=700, at=20.0)
    evidence.lost.append(lost)
    evidence.topics[lost.topic].append(lost._replace(value=b"another", at=30.0))
    row = ParkedRow(*lost.place, None, "discarded", "key_missing", blocks=False, at=21.0)
    evidence.tables["till"].parked += [row, row._replace(at=31.0)]
    written = Written(1, 1, 1, 21.0, "parked+", lost.topic, "", 700, f"{lost.partition} parked key_missing")
    evidence.written["till"] += [written, written._replace(at=31.0)]
    left = spared(evidence)
    assert [each.at for each in left.tables["till"].parked if each.place == lost.place] == [31.0]
    assert [each.at for each in left.written["till"] if each.what == "parked+" and each.record == lost.place] == [31.0]


def test_what_was_parked_for_a_lost_record_counts_for_the_same_record_that_came_again() -> None:
    evidence = good_run()
    lost = evidence.lost[0]._replace(key=None, offset=700, at=20.0)
    evidence.lost.append(lost)
    again = lost._replace(partition=3, offset=690, at=30.0)
    evidence.topics[lost.topic].append(again)
    row = ParkedRow(*lost.place, None, "discarded", "key_missing", blocks=False, at=21.0)
    evidence.tables["till"].parked.append(row)
    written = Written(1, 1, 1, 21.0, "parked+", lost.topic, "", 700, f"{lost.partition} parked key_missing")
    evidence.written["till"].append(written)
    left = spared(evidence)
    assert [each.place for each in left.tables["till"].parked if not each.key] == [again.place]
    assert [each.record for each in left.written["till"] if each.what == "parked+" and not each.key] == [again.place]


def test_a_batch_that_was_not_unpacked_is_left_out_with_the_key_of_its_first_record() -> None:
    evidence = good_run()
    mine = next(each for each in evidence.topics["ph.shop.v1"] if each.key == CUT_KEY.encode())
    others = next(each for each in evidence.topics["ph.shop.v1"] if each.key == BASKET.encode())
    for each in (mine, others):
        where = f"{each.partition} parked unreadable"
        evidence.written["till"].append(Written(1, 1, 1, 50.0, "parked+", each.topic, "", each.offset, where))
        evidence.tables["till"].parked.append(
            ParkedRow(*each.place, None, "parked", "unreadable", blocks=False, at=50.0)
        )
    left = spared(evidence)
    assert [row.record for row in left.written["till"] if row.detail.endswith("unreadable")] == [others.place]
    assert [row.place for row in left.tables["till"].parked if row.failure == "unreadable"] == [others.place]


@pytest.mark.parametrize(("discarded", "broken"), [(True, 0), (False, 1)])
def test_what_was_discarded_and_lost_and_has_come_again_is_handled_by_nobody(discarded: bool, broken: int) -> None:
    evidence = good_run()
    again = [each for each in evidence.topics["ph.shop.v1"] if each.key == CUT_KEY.encode()][-1]
    lost = again._replace(offset=again.offset + 500)
    evidence.lost.append(lost)
    evidence.tables["till"].states[CUT_KEY]["shop_sold"].remove(3)
    if discarded:
        row = ParkedRow(*lost.place, CUT_KEY, "discarded", "refused", blocks=False)
        evidence.tables["till"].parked.append(row)
    assert len(INVARIANTS[21][1](evidence).violations) == broken
