"""The model reads records by rules of its own: what counts, what is a repeat, what cannot be read."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from chaos.evidence import Evidence, Record, Restored
from chaos.model import (
    COUNTED,
    PRICED,
    SOLD,
    Understood,
    counted,
    forged,
    forgotten,
    history,
    history_of,
    own,
    remembered,
    tills,
    understand,
)

KEY = str(UUID(int=7))
HEADERS = {
    "ce_type": PRICED,
    "ce_id": "event-1",
    "ce_sequence": "1",
    "ce_time": "2026-03-02T09:00:00Z",
    "ce_traceparent": "00-" + "a1" * 16 + "-" + "b2" * 8 + "-01",
}


def priced(
    sequence: int, offset: int, *, body: object = None, key: bytes | None = KEY.encode(), **headers: str
) -> Record:
    body = {"basket_id": KEY, "n": sequence, "kind": "plain"} if body is None else body
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    texts = {**HEADERS, "ce_sequence": str(sequence), "ce_id": f"event-{offset}", **headers}
    encoded = {name: text.encode("latin-1") for name, text in texts.items() if text}
    return Record("ph.price.v1", 0, offset, key, value, encoded)


def test_a_record_in_order_is_readable() -> None:
    event = understand(priced(3, 9))
    assert (event.key, event.sequence, event.n, event.known, event.fault) == (KEY, 3, 3, True, "")


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (priced(1, 0, body=b"{"), "not JSON"),
        (priced(1, 0, body=b"[]"), "no object"),
        (priced(1, 0, body={"basket_id": KEY, "n": "many", "kind": "plain"}), "n is no int"),
        (priced(1, 0, body={"basket_id": KEY, "n": 1}), "kind is no str"),
        (priced(1, 0, body={"basket_id": "nobody", "n": 1, "kind": "plain"}), "no basket_id"),
        (priced(1, 0, body={"basket_id": str(UUID(int=8)), "n": 1, "kind": "plain"}), "another key"),
        (priced(1, 0)._replace(value=None), "no value"),
        (priced(1, 0, key=None), "no key"),
        (priced(1, 0, key=b"\xff"), "no key"),
        (priced(1, 0, ce_type=""), "no type"),
        (priced(1, 0, ce_id=""), "no id"),
        (priced(1, 0, ce_id="\xff\xfe"), "no id"),
        (priced(1, 0, ce_sequence=""), "no sequence"),
        (priced(1, 0, ce_sequence="-1"), "no sequence"),
        (priced(1, 0, ce_sequence="0"), "no sequence"),
        (priced(1, 0, ce_time="2026-03-02T09:00:00"), "no time"),
        (priced(1, 0, ce_time="yesterday"), "no time"),
    ],
)
def test_what_is_missing_or_wrong_is_named(record: Record, fault: str) -> None:
    assert understand(record).fault == fault


def test_a_type_that_nobody_reads_is_no_fault() -> None:
    event = understand(priced(1, 0, body=b"{", ce_type="ph.price.Withdrawn.v1"))
    assert (event.known, event.fault) == (False, "")
    event = understand(priced(1, 0, ce_type="\xff"))
    assert (event.known, event.fault) == (False, "")


def offsets(events: list[Understood]) -> list[int]:
    return [event.record.offset for event in events]


def test_the_first_record_of_a_number_counts_and_what_comes_again_is_a_repeat() -> None:
    found = history(map(understand, [priced(1, 0), priced(2, 1), priced(1, 2), priced(2, 3), priced(3, 4)]))
    assert offsets(found.first[KEY]) == [0, 1, 4]
    assert offsets(found.repeats) == [2, 3]


def test_the_number_of_an_unreadable_record_is_left_to_the_next_that_can_be_read() -> None:
    found = history(map(understand, [priced(1, 0), priced(2, 1, body=b"{"), priced(2, 2), priced(3, 3)]))
    assert offsets(found.unreadable) == [1]
    assert offsets(found.first[KEY]) == [0, 2, 3]


def test_an_unreadable_record_that_comes_again_is_a_repeat() -> None:
    bad = priced(1, 0, body=b"{")
    found = history(map(understand, [bad, bad._replace(offset=1), priced(1, 2), bad._replace(offset=3)]))
    assert offsets(found.unreadable) == [0]
    assert offsets(found.repeats) == [1, 3]


def test_an_unreadable_record_without_a_key_may_be_parked_for_any_of_its_copies() -> None:
    bad = priced(1, 5)._replace(key=None)
    found = history(map(understand, [bad, bad._replace(partition=2, offset=3)]))
    assert offsets(found.unreadable) == [5]
    assert found.copies == {bad.place: [bad.place, ("ph.price.v1", 2, 3)]}


def test_the_number_of_a_type_that_is_not_read_stays_open_for_a_genuine_event() -> None:
    found = history(map(understand, [priced(1, 0), priced(2, 1, ce_type="ph.price.Withdrawn.v1"), priced(2, 2)]))
    assert offsets(found.unknown) == [1]
    assert found.repeats == []
    assert offsets(found.first[KEY]) == [0, 2]


def test_a_late_record_that_fills_an_open_gap_counts_and_what_comes_again_does_not() -> None:
    found = history(map(understand, [priced(1, 0), priced(3, 1), priced(2, 2), priced(3, 3), priced(2, 4)]))
    assert offsets(found.first[KEY]) == [0, 1, 2]
    assert offsets(found.repeats) == [3, 4]


def test_a_forged_event_must_be_parked_and_its_number_stays_open() -> None:
    strange = priced(2, 1, ce_id="strange")
    evidence = Evidence(
        topics={"ph.price.v1": [priced(1, 0), strange, priced(2, 2)]}, forged={"strange": "forged_source"}
    )
    found = history_of(evidence, "ph.price.v1")
    assert offsets(found.unreadable) == [1]
    assert offsets(found.first[KEY]) == [0, 2]
    assert [event.id for event in forged(evidence, "ph.price.v1")] == ["strange"]
    assert len(own(evidence, "ph.price.v1")) == 2


def test_what_a_database_that_was_put_back_had_published_and_does_not_know_is_forgotten() -> None:
    sold = [priced(n, n, ce_type=SOLD)._replace(topic="ph.shop.v1", at=float(n)) for n in (1, 2, 3)]
    late = priced(4, 4, ce_type=SOLD)._replace(topic="ph.shop.v1", at=20.0)
    restored = Restored("shop", 0.0, 10.0, 0, {KEY: 1}, frozenset())
    evidence = Evidence(topics={"ph.shop.v1": [*sold, late]}, restored=[restored])
    assert offsets(forgotten(evidence, restored)) == [2, 3], "4 was published by the database that was put back"
    assert offsets(remembered(evidence, own(evidence, "ph.shop.v1"))) == [1, 4]


def test_tills_hold_what_was_neither_discarded_nor_is_parked() -> None:
    sold = [priced(n, n, ce_type=SOLD)._replace(topic="ph.shop.v1") for n in (1, 2)]
    prices = [priced(1, 0), priced(2, 1), priced(3, 2)]
    found = tills(history(map(understand, sold)), history(map(understand, prices)), {("ph.price.v1", 0, 1)})
    assert found == {KEY: {"shop_sold": [1, 2], "shop_rang": [], "price": [1, 3]}}


def test_baskets_hold_what_was_counted_of_them_and_alarms_downwards() -> None:
    said = [("shop_sold", 1), ("price", 1), ("shop_rang", 1), ("shop_sold", 2)]
    records = [
        priced(place + 1, place, body={"basket_id": KEY, "source": source, "n": n}, ce_type=COUNTED)
        for place, (source, n) in enumerate(said)
    ]
    assert counted(history(map(understand, records)), set()) == {KEY: [1, -1, 2]}
