"""Runs in which events go wrong: lost, repeated, reordered, silent. Each changes a good run in one place."""

from __future__ import annotations

import json

from chaos.evidence import (
    Evidence,
    OffsetSample,
    ParkedRow,
    Promise,
    Record,
    Written,
)
from tests.unit.chaos.breaking import breaks, changed
from tests.unit.chaos.story import BAD_KEY, BASKET, FORGED_KEY, GOOD_KEY, LOST_KEY, TIP_KEY


@breaks(1, "basket.sold")
def a_command_had_its_effect_twice(evidence: Evidence) -> None:
    evidence.tables["shop"].states[BASKET]["sold"].append(2)


@breaks(1, "basket.sold")
def a_promise_was_forgotten(evidence: Evidence) -> None:
    evidence.promise = Promise({BASKET: [1, 2, 3]}, evidence.promise.alarms)


@breaks(1, "basket.rung")
def an_alarm_never_rang(evidence: Evidence) -> None:
    evidence.promise = Promise(evidence.promise.sales, {BASKET: [1, 2]})


@breaks(1, "till.shop_sold")
def an_event_was_lost(evidence: Evidence) -> None:
    evidence.tables["till"].states[BASKET]["shop_sold"].remove(2)


@breaks(1, "till.price")
def a_discarded_record_was_handled(evidence: Evidence) -> None:
    evidence.tables["till"].states[BAD_KEY]["price"] = [1, 2, 3]


@breaks(1, "basket.counted")
def an_answer_was_counted_twice(evidence: Evidence) -> None:
    evidence.tables["shop"].states[BASKET]["counted"].append(-1)


@breaks(1, "Counted of price")
def an_effect_was_not_published(evidence: Evidence) -> None:
    topic = evidence.topics["ph.till.v1"]
    topic.remove(next(record for record in topic if b'"price"' in record.value))


@breaks(1, "ph.shop.Sold.v1")
def a_sale_was_not_published(evidence: Evidence) -> None:
    evidence.topics["ph.shop.v1"].pop(1)


@breaks(2, "ph.shop.v1")
def a_position_moved_in_another_transaction(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    index = next(index for index, row in enumerate(rows) if row.what == "position")
    rows[index] = rows[index]._replace(transaction=9999)


@breaks(2, "outbox rows")
def an_event_was_stored_in_another_transaction(evidence: Evidence) -> None:
    rows = evidence.written["shop"]
    index = next(index for index, row in enumerate(rows) if row.what == "outbox+")
    rows[index] = rows[index]._replace(transaction=9999)


@breaks(2, "handled or parked")
def a_parked_record_was_kept_in_another_transaction(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    index = next(index for index, row in enumerate(rows) if row.what == "parked+" and row.detail.endswith("shut"))
    rows[index] = rows[index]._replace(transaction=9999)


@breaks(2, "ph.till.v1")
def a_position_of_the_shop_moved_alone(evidence: Evidence) -> None:
    rows = evidence.written["shop"]
    rows.remove(next(row for row in rows if row.what == "state" and '"counted": [1]' in row.detail))


@breaks(3, "outbox has drained")
def a_row_stays_in_the_outbox(evidence: Evidence) -> None:
    evidence.tables["shop"].outbox = [(99, BASKET)]


@breaks(3, "a committed row is in its topic")
def a_committed_row_never_reached_its_topic(evidence: Evidence) -> None:
    evidence.topics["ph.shop.v1"].pop()


@breaks(3, "last number given out")
def the_last_event_of_a_key_is_missing(evidence: Evidence) -> None:
    evidence.tables["shop"].streams[BASKET] += 1


@breaks(3, "before it was deleted")
def a_row_was_deleted_before_it_was_published(evidence: Evidence) -> None:
    rows = evidence.written["shop"]
    index = next(index for index, row in enumerate(rows) if row.what == "outbox-")
    rows[index] = rows[index]._replace(at=900.0)


@breaks(3, "was committed")
def something_was_published_that_was_rolled_back(evidence: Evidence) -> None:
    rows = evidence.written["shop"]
    rows.remove(next(row for row in rows if row.what == "outbox+"))


@breaks(4, "sequences of first occurrences")
def two_events_of_a_key_changed_places(evidence: Evidence) -> None:
    topic = evidence.topics["ph.shop.v1"]
    topic[0], topic[1] = topic[1], topic[0]


@breaks(4, "sequences of first occurrences")
def a_number_was_left_out(evidence: Evidence) -> None:
    evidence.topics["ph.shop.v1"].pop(0)


@breaks(4, "comes again")
def one_number_stands_for_two_events(evidence: Evidence) -> None:
    topic = evidence.topics["ph.shop.v1"]
    topic.append(topic[0]._replace(offset=50, headers={**topic[0].headers, "ce_id": b"another"}))


@breaks(4, "partitions of a key")
def a_key_stands_in_two_partitions(evidence: Evidence) -> None:
    topic = evidence.topics["ph.shop.v1"]
    topic[-1] = topic[-1]._replace(partition=1)


@breaks(5, "till handled ph.shop.v1")
def till_saw_a_later_event_first(evidence: Evidence) -> None:
    first, second = evidence.topics["ph.till.v1"][:2]
    causes = first.headers["ce_causationid"], second.headers["ce_causationid"]
    changed(evidence, first, ce_causationid=causes[1])
    changed(evidence, second, ce_causationid=causes[0])


@breaks(5, "till handled ph.shop.v1")
def till_saw_an_event_twice(evidence: Evidence) -> None:
    first, second = evidence.topics["ph.till.v1"][:2]
    changed(evidence, second, ce_causationid=first.headers["ce_causationid"])


@breaks(5, "shop handled ph.till.v1")
def shop_saw_a_later_event_first(evidence: Evidence) -> None:
    evidence.tables["shop"].states[BASKET]["counted"] = [2, 1, -1]


@breaks(6, "below the committed offset")
def an_offset_was_committed_before_its_effect(evidence: Evidence) -> None:
    at = evidence.topics["ph.shop.v1"][1].at + 0.5
    early = OffsetSample(at, "till", {("ph.shop.v1", 0): 2}, {("ph.shop.v1", BASKET): 1})
    evidence.offsets.insert(0, early)


@breaks(7, "one fate")
def a_record_was_dropped(evidence: Evidence) -> None:
    tables = evidence.tables["till"]
    tables.parked = [row for row in tables.parked if row.failure != "shut"]


@breaks(7, "one fate")
def a_record_was_handled_and_discarded(evidence: Evidence) -> None:
    row = ParkedRow("ph.price.v1", 0, 0, BAD_KEY, "discarded", "shut")
    evidence.tables["till"].parked.append(row)


@breaks(7, "cannot be read")
def an_unreadable_record_was_dropped(evidence: Evidence) -> None:
    tables = evidence.tables["till"]
    tables.parked = [row for row in tables.parked if row.failure != "json_invalid"]


@breaks(7, "cannot be read")
def a_copy_of_an_unreadable_record_was_parked_too(evidence: Evidence) -> None:
    parked = next(row for row in evidence.tables["till"].parked if row.failure == "json_invalid")
    records = evidence.topics[parked.topic]
    broken = next(record for record in records if record.place == parked.place)
    copy = broken._replace(partition=records[-1].partition, offset=records[-1].offset + 1)
    records.append(copy)
    evidence.committed["till"][copy.topic, copy.partition] = copy.offset + 1
    evidence.tables["till"].parked.append(parked._replace(offset=copy.offset))


@breaks(7, "position has passed")
def a_record_was_never_looked_at(evidence: Evidence) -> None:
    evidence.tables["till"].positions["ph.price.v1", GOOD_KEY] = (1, False)


@breaks(7, "read to the end")
def the_group_did_not_read_to_the_end(evidence: Evidence) -> None:
    evidence.committed["till"]["ph.shop.v1", 0] -= 1


@breaks(7, "poison")
def a_good_record_was_parked(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    parked = next(row for row in rows if row.what == "parked+")
    good = next(record for record in evidence.topics["ph.price.v1"] if record.key == GOOD_KEY.encode())
    rows.append(parked._replace(number=good.offset, key=GOOD_KEY))


@breaks(7, "blocked while it has open records")
def a_key_stays_blocked_for_nothing(evidence: Evidence) -> None:
    sequence, _ = evidence.tables["till"].positions["ph.price.v1", BAD_KEY]
    evidence.tables["till"].positions["ph.price.v1", BAD_KEY] = (sequence, True)


@breaks(8, "before anybody dealt with the poison")
def a_partition_waited_for_the_operator(evidence: Evidence) -> None:
    rows = evidence.written["till"]
    evidence.written["till"] = [
        row._replace(at=row.at + 5000) if row.what == "position" and row.key == GOOD_KEY else row for row in rows
    ]


@breaks(8, "overtaken")
def a_key_was_overtaken_by_more_than_a_batch(evidence: Evidence) -> None:
    """600 other keys behind the good one are handled before it."""
    topic, rows = evidence.topics["ph.price.v1"], evidence.written["till"]
    sample = next(record for record in topic if record.key == GOOD_KEY.encode())
    moved = next(row for row in rows if row.what == "position" and row.key == GOOD_KEY)
    for number in range(600):
        key = f"00000000-0000-0000-0001-{number:012x}"
        value = json.dumps({"basket_id": key, "n": 1, "kind": "plain"}).encode()
        topic.append(sample._replace(offset=100 + number, key=key.encode(), value=value))
        rows.insert(0, moved._replace(key=key, place=-number))


@breaks(17, "seconds until it was read")
def a_record_in_a_new_partition_was_read_late(evidence: Evidence) -> None:
    evidence.tips[1] = evidence.tips[1]._replace(at=evidence.tips[1].at - 40)
    evidence.journal = []


@breaks(17, "seconds until it was read")
def a_record_in_a_new_partition_was_never_read(evidence: Evidence) -> None:
    evidence.tips.append(evidence.tips[1]._replace(n=3))


@breaks(17, "till.tip")
def a_record_of_a_topic_made_anew_was_handled_twice(evidence: Evidence) -> None:
    evidence.tables["till"].states[TIP_KEY]["tip"].append(2)


@breaks(22, "seconds until a row was in its topic")
def a_relay_was_silent(evidence: Evidence) -> None:
    topic = evidence.topics["ph.shop.v1"]
    last = max(index for index, record in enumerate(topic) if record.key == LOST_KEY.encode())
    topic[last] = topic[last]._replace(at=topic[last].at + 30)
    evidence.journal = []


@breaks(22, "seconds until a row was in its topic")
def a_row_was_never_published(evidence: Evidence) -> None:
    evidence.topics["ph.till.v1"].pop()
    evidence.journal = []


@breaks(18, "a forged event is parked")
def a_forged_event_was_dropped(evidence: Evidence) -> None:
    evidence.written["till"].remove(_forged_row(evidence))


@breaks(18, "a genuine event beside a forged one")
def a_genuine_event_was_taken_for_a_repeat_of_a_forged_one(evidence: Evidence) -> None:
    cause = _beside(evidence).headers["ce_id"]
    records = evidence.topics["ph.till.v1"]
    records.remove(next(each for each in records if each.headers.get("ce_causationid") == cause))


@breaks(18, "nobody waits behind")
def a_genuine_event_waited_behind_a_forged_one(evidence: Evidence) -> None:
    waits = _forged_row(evidence)._replace(number=_beside(evidence).offset, detail="0 parked behind")
    evidence.written["till"].append(waits)


def _forged_row(evidence: Evidence) -> Written:
    return next(row for row in evidence.written["till"] if row.detail == "0 parked source_wrong")


def _beside(evidence: Evidence) -> Record:
    id_ = f"price-{FORGED_KEY}-2".encode()
    return next(each for each in evidence.topics["ph.price.v1"] if each.headers["ce_id"] == id_)
