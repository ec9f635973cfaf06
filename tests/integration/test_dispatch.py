"""Batches against a real database: effect once, order per key, faults kept apart."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import AliasChoices, Field, create_model

from chassis.pure.states import ConcurrentUpdateError
from tests.support.records import FakeRecord, event_id, record, sold
from tests.support.toy import UNLUCKY, UNSTORABLE, Sold
from tests.support.toy_runtime import ToyRuntime, in_batches

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")
OTHER = UUID("1b4f3201-0739-4a01-a222-c2ca70788891")


async def test_a_batch_has_its_effect_once_however_often_it_comes(toy: ToyRuntime) -> None:
    keys = [uuid4() for _ in range(20)]
    records = [sold(key, number, offset=number * 100 + place) for number in (1, 2, 3) for place, key in enumerate(keys)]
    for batch in in_batches(records, 25):
        await toy.dispatcher.handle(batch)
    for batch in in_batches(records, 7):
        await toy.dispatcher.handle(batch)
    assert await toy.totals() == dict.fromkeys(keys, 3)
    assert len(await toy.outbox()) == 60


async def test_a_repeat_inside_one_batch_is_dropped(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([sold(KEY, 1), sold(KEY, 1, offset=2), sold(KEY, 2, offset=3), sold(KEY, 1, offset=4)])
    assert await toy.totals() == {KEY: 2}


async def test_a_gap_is_handled_and_counted(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([sold(KEY, 1), sold(KEY, 4)])
    assert await toy.totals() == {KEY: 2}
    assert toy.metrics.gaps.labels("ph.shop.v1")._value.get() == 1


async def test_a_key_first_seen_late_is_handled_and_counted(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([sold(KEY, 7)])
    assert await toy.totals() == {KEY: 1}
    assert toy.metrics.first_seen_late.labels("ph.shop.v1")._value.get() == 1


async def test_a_refused_event_blocks_its_key_and_no_other(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([sold(KEY, 1), sold(KEY, 2, UNLUCKY), sold(OTHER, 1, offset=90), sold(KEY, 3)])
    await toy.dispatcher.handle([sold(KEY, 4), sold(OTHER, 2, offset=91)])
    assert await toy.totals() == {KEY: 1, OTHER: 2}
    assert await toy.parked() == [(2, "unlucky", "parked"), (3, "behind", "parked"), (4, "behind", "parked")]


async def test_discarding_lets_the_queue_go_on_in_order(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY), sold(KEY, 2, 5), sold(KEY, 3, 6)])
    await toy.discard(1)
    await toy.dispatcher.drain()
    await toy.dispatcher.handle([sold(KEY, 4, 7)])
    assert await toy.receipts(KEY) == [5, 6, 7]
    assert await toy.parked() == [(1, "unlucky", "discarded")]


async def test_a_retry_that_fails_again_stays_parked_with_its_attempts_counted(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY), sold(KEY, 2)])
    await toy.retry(1)
    await toy.dispatcher.drain()
    assert await toy.parked() == [(1, "unlucky", "parked"), (2, "behind", "parked")]
    assert await pool.fetchval("select attempts from parked where record_offset = 1") == 2


async def test_a_retry_that_succeeds_sets_its_key_free(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNSTORABLE), sold(KEY, 2, 5)])
    assert await toy.parked() == [(1, "database_refused", "parked"), (2, "behind", "parked")]
    await pool.execute("alter table till drop constraint till_status_check")
    await toy.retry(1)
    await toy.dispatcher.drain()
    assert await toy.receipts(KEY) == [UNSTORABLE, 5]
    assert await toy.parked() == []
    assert await pool.fetchval("select count(*) from position where blocked") == 0


@pytest.mark.parametrize("place", [0, 1, 63, 127])
async def test_the_one_event_that_the_database_refuses_is_found_and_its_neighbours_have_their_effect(
    toy: ToyRuntime, place: int
) -> None:
    keys = [uuid4() for _ in range(128)]
    batch = [sold(key, 1, UNSTORABLE if at == place else 1, offset=at) for at, key in enumerate(keys)]
    await toy.dispatcher.handle(batch)
    assert await toy.parked() == [(place, "database_refused", "parked")]
    assert set(await toy.totals()) == set(keys) - {keys[place]}


async def test_a_record_that_became_readable_has_its_effect_once_also_when_it_comes_again(
    toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_shape = record({"till_id": str(KEY), "sum": 4}, type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1)
    await toy.dispatcher.handle([old_shape, sold(KEY, 2, 5)])
    assert await toy.parked() == [(1, "schema_violated", "parked"), (2, "behind", "parked")]
    mended = create_model("Mended", __base__=Sold, amount=(int, Field(validation_alias=AliasChoices("amount", "sum"))))
    handler = toy.dispatcher._handlers[Sold]
    monkeypatch.setitem(toy.dispatcher._contracts, "ph.shop.Sold.v1", mended)
    monkeypatch.setitem(toy.dispatcher._handlers, mended, handler)
    await toy.retry(1)
    await toy.dispatcher.drain()
    await toy.dispatcher.handle([old_shape, sold(KEY, 2, 5), sold(KEY, 3, 6)])
    assert await toy.receipts(KEY) == [4, 5, 6]


async def test_a_parked_record_that_was_published_twice_is_kept_once(toy: ToyRuntime) -> None:
    bad = record(b"rubbish", type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1)
    await toy.dispatcher.handle([bad, bad._replace(offset=2)])
    await toy.dispatcher.handle([bad._replace(offset=3)])
    assert await toy.parked() == [(1, "json_invalid", "parked")]


async def test_another_record_at_the_place_of_a_parked_one_is_not_lost(toy: ToyRuntime) -> None:
    """As after a topic was made anew: offsets start again."""
    await toy.dispatcher.handle([record(b"rubbish", type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1)])
    await toy.discard(1)
    await toy.dispatcher.handle([record(b"more", type_="ph.shop.Sold.v1", key=OTHER, sequence=1, offset=1)])
    assert await toy.parked() == [(1, "json_invalid", "discarded"), (1, "json_invalid", "parked")]


async def test_a_record_that_is_discarded_when_its_turn_has_come_is_passed_once(toy: ToyRuntime) -> None:
    """Else the worker would look at it again and again, without a pause."""
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY), sold(KEY, 2, 5), sold(KEY, 3, 6), sold(KEY, 4, 7)])
    await toy.discard(1)
    assert await toy.dispatcher.drain(limit=1) == 1
    await toy.discard(3)
    steps = [await toy.dispatcher.drain() for _ in range(4)]
    assert steps[-1] == 0, steps
    assert await toy.receipts(KEY) == [5, 7]


async def test_a_long_queue_is_drained_in_steps(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY), *(sold(KEY, number) for number in range(2, 12))])
    await toy.discard(1)
    assert await toy.dispatcher.drain(limit=4) == 4
    assert await toy.totals() == {KEY: 4}
    while await toy.dispatcher.drain(limit=4):
        pass
    assert await toy.totals() == {KEY: 10}


OWNED = [("ce_type", b"ph.shop.Sold.v1"), ("ce_source", b"/ph/shop")]
BAD = {
    "not JSON": (record(b"{nonsense", type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1), "json_invalid"),
    "schema violated": (
        record({"amount": "x"}, type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1),
        "schema_violated",
    ),
    "no key": (record({}, type_="ph.shop.Sold.v1", key=None, sequence=1, offset=1), "key_missing"),
    "key that is not text": (
        FakeRecord("ph.shop.v1", 0, 1, b"\xff\xfe", b"{}", OWNED),
        "key_missing",
    ),
    "no sequence": (record({}, type_="ph.shop.Sold.v1", key=KEY, sequence="", offset=1), "sequence_invalid"),
    "negative sequence": (record({}, type_="ph.shop.Sold.v1", key=KEY, sequence=-1, offset=1), "sequence_invalid"),
    "endless sequence": (
        record({}, type_="ph.shop.Sold.v1", key=KEY, sequence="9" * 40, offset=1),
        "sequence_invalid",
    ),
    "no type": (FakeRecord("ph.shop.v1", 0, 1, str(KEY).encode(), b"{}", []), "type_missing"),
    "header that is not text": (
        FakeRecord("ph.shop.v1", 0, 1, str(KEY).encode(), b"{}", [*OWNED, ("ce_sequence", b"\xff")]),
        "sequence_invalid",
    ),
    "body of another case": (
        record({"till_id": str(OTHER), "amount": 1}, type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1),
        "key_mismatch",
    ),
    "time before the programme": (
        FakeRecord(
            "ph.shop.v1",
            0,
            1,
            str(KEY).encode(),
            b"{}",
            [
                *OWNED,
                ("ce_sequence", b"1"),
                ("ce_id", event_id("x").encode()),
                ("ce_time", b"0001-01-01T00:00:00+14:00"),
            ],
        ),
        "time_invalid",
    ),
    "10 MB": (record(b"[" * 10_000_000, type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1), "too_large"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_record_is_parked_and_its_neighbours_are_unharmed(toy: ToyRuntime, name: str) -> None:
    bad, failure = BAD[name]
    await toy.dispatcher.handle([sold(OTHER, 1, offset=50), bad, sold(OTHER, 2, offset=51)])
    await toy.dispatcher.handle([bad])
    assert await toy.parked() == [(1, failure, "parked")]
    assert await toy.totals() == {OTHER: 2}


async def test_a_bad_record_with_a_plausible_sequence_does_not_swallow_the_genuine_event_of_that_number(
    toy: ToyRuntime,
) -> None:
    forged = record(b"rubbish", type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=70)
    await toy.dispatcher.handle([forged, sold(KEY, 1, 5, offset=71), sold(KEY, 2, 6, offset=72)])
    await toy.discard(70)
    await toy.dispatcher.drain()
    assert await toy.receipts(KEY) == [5, 6]
    assert toy.metrics.gaps.labels("ph.shop.v1")._value.get() == 0


async def test_a_retried_record_takes_what_repeats_its_number_along(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    first, again = sold(KEY, 1, UNLUCKY, offset=70), sold(KEY, 1, 7, offset=71)
    await toy.dispatcher.handle([first, sold(KEY, 2, 6, offset=72)])
    # Read by an older version, which could not tell that it was a repeat.
    await pool.execute(
        "insert into parked (topic, partition, record_offset, key, type, sequence, headers, payload, failure, detail,"
        " digest) select topic, partition, 71, key, type, sequence, headers, $1, 'behind', '', 'other' from parked"
        " where record_offset = 70",
        again.value,
    )
    await pool.execute("update parked set payload = $1 where record_offset = 70", sold(KEY, 1, 5, offset=70).value)
    await toy.retry(70)
    await toy.dispatcher.drain()
    assert await toy.receipts(KEY) == [5, 6]
    assert await toy.parked() == []
    assert toy.metrics.consumed.labels("ph.shop.Sold.v1", "repeat")._value.get() == 1


async def test_a_record_without_a_key_that_comes_again_in_another_partition_is_parked_once(toy: ToyRuntime) -> None:
    first = sold(KEY, 1, offset=70)._replace(key=None)
    await toy.dispatcher.handle([first])
    await toy.discard(70)
    await toy.dispatcher.handle([first._replace(partition=first.partition + 1, offset=3)])
    assert await toy.parked() == [(70, "key_missing", "discarded")]
    outcomes = [toy.metrics.consumed.labels("other", name)._value.get() for name in ("parked", "repeat")]
    assert outcomes == [1, 1]


async def test_members_that_park_the_same_records_without_a_key_keep_each_once(toy: ToyRuntime) -> None:
    bad = [sold(uuid4(), 1, offset=place)._replace(key=None) for place in range(40)]
    copies = [each._replace(partition=1, offset=100 + each.offset) for each in reversed(bad)]
    await asyncio.gather(toy.dispatcher.handle(bad), toy.dispatcher.handle(copies))
    assert len(await toy.parked()) == 40


@pytest.mark.parametrize("id_", [b"\xff\xfe", b"nul\x00", b"Adaeze Okafor, born 1990-05-17"])
async def test_a_header_that_could_not_be_read_cannot_be_read_after_parking_either(toy: ToyRuntime, id_: bytes) -> None:
    good = sold(KEY, 1, 5, offset=70)
    headers = [(name, id_ if name == "ce_id" else value) for name, value in good.headers]
    await toy.dispatcher.handle([good._replace(headers=headers)])
    assert await toy.parked() == [(70, "id_invalid", "parked")]
    await toy.retry(70)
    await toy.dispatcher.drain()
    assert await toy.parked() == [(70, "id_invalid", "parked")]
    assert await toy.totals() == {}


async def test_a_copy_of_a_discarded_record_is_not_parked_again(toy: ToyRuntime) -> None:
    keyed = record(b"rubbish", type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=70)
    keyless = record(b"rubbish", type_="ph.shop.Sold.v1", key=None, sequence=1, offset=80)
    await toy.dispatcher.handle([keyed, keyless])
    await toy.discard(70, 80)
    await toy.dispatcher.drain()
    await toy.dispatcher.handle([keyed._replace(offset=71), keyless._replace(offset=81)])
    await toy.dispatcher.drain()
    assert [(offset, state) for offset, _, state in await toy.parked()] == [(70, "discarded"), (80, "discarded")]
    await toy.dispatcher.handle([sold(KEY, 1, 5)])
    assert await toy.totals() == {KEY: 5}


@pytest.mark.parametrize("type_", ["ph.shop.Sold.v1", "ph.shop.Refunded.v1"])
async def test_a_bad_record_with_an_absurd_sequence_does_not_turn_later_events_into_repeats(
    toy: ToyRuntime, type_: str
) -> None:
    bad = record({"nonsense": 1}, type_=type_, key=KEY, sequence=10**9, offset=70)
    await toy.dispatcher.handle([sold(KEY, 1), bad, sold(KEY, 2)])
    await toy.discard(70)
    await toy.dispatcher.drain()
    await toy.dispatcher.handle([sold(KEY, 3)])
    assert await toy.totals() == {KEY: 3}


async def test_an_unknown_type_is_counted_and_skipped_and_keeps_its_place_in_the_numbering(toy: ToyRuntime) -> None:
    unknown = record({}, type_="ph.shop.Refunded.v1", key=KEY, sequence=2, offset=2)
    await toy.dispatcher.handle([sold(KEY, 1), unknown, sold(KEY, 3)])
    assert await toy.totals() == {KEY: 2}
    assert await toy.parked() == []
    assert toy.metrics.consumed.labels("other", "unknown_type")._value.get() == 1
    assert toy.metrics.gaps.labels("ph.shop.v1")._value.get() == 0


async def test_an_unknown_field_of_a_future_producer_changes_nothing(toy: ToyRuntime) -> None:
    body = {"till_id": str(KEY), "amount": 2, "currency": {"code": "EUR"}}
    await toy.dispatcher.handle([record(body, type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1)])
    assert await toy.totals() == {KEY: 2}


async def test_an_outage_leaves_nothing_behind(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    await pool.execute(
        "create function fail() returns trigger language plpgsql as $$ begin raise sqlstate '40001'; end $$"
    )
    await pool.execute("create trigger fail before insert on outbox for each statement execute function fail()")
    with pytest.raises(asyncpg.SerializationError):
        await toy.dispatcher.handle([sold(KEY, 1)])
    assert await toy.totals() == {}
    assert await pool.fetchval("select count(*) from position") == 0
    await pool.execute("drop trigger fail on outbox")
    await toy.dispatcher.handle([sold(KEY, 1)])
    assert await toy.totals() == {KEY: 1}


async def test_two_consumers_that_meet_a_new_key_at_once_have_one_effect(toy: ToyRuntime) -> None:
    async def handle() -> None:
        while True:
            try:
                await toy.dispatcher.handle([sold(KEY, 1)])
            except ConcurrentUpdateError:
                continue
            return

    await asyncio.gather(*(handle() for _ in range(8)))
    assert await toy.totals() == {KEY: 1}
    assert len(await toy.outbox()) == 1
