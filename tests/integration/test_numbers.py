"""Numbers that are forged, repeated, reordered or put back: nothing genuine is dropped, nobody else is held up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import AliasChoices, Field, create_model

from chassis.consumer.positions import MAX_GAP
from chassis.runtime import loops
from tests.support.records import FakeRecord, event_id, record, recorded
from tests.support.toy import HOUSEKEEPING, UNLUCKY, Sold
from tests.support.toy_runtime import ToyRuntime

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")
OTHER = UUID("1b4f3201-0739-4a01-a222-c2ca70788891")
LONG_AGO = datetime(2026, 3, 2, 9, tzinfo=UTC)


def told(sequence: int, amount: int, *, after: int | None = None, id_: str = "", key: UUID = KEY) -> FakeRecord:
    """Event `sequence` of a till, recorded so many seconds `after` the first; the amount tells it from others."""
    body = {"till_id": str(key), "amount": amount}
    found = record(body, type_="ph.shop.Sold.v1", key=key, sequence=sequence, offset=amount)
    at = LONG_AGO + timedelta(seconds=sequence if after is None else after)
    return recorded(found, at, ce_id=event_id(id_ or f"{sequence}-{amount}").encode())


async def blocked(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("select count(*) from position where blocked")
    return count


async def everything(pool: asyncpg.Pool) -> list[Any]:
    tables = ("till", "position", "parked", "stream", "outbox")
    return [await pool.fetch(f"select * from {table} order by 1, 2") for table in tables]


async def disowned(toy: ToyRuntime, reason: str) -> float:
    return float(toy.metrics.disowned.labels("ph.shop.v1", reason)._value.get())


async def test_a_forged_event_far_ahead_is_parked_and_the_genuine_ones_after_it_are_handled(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    await toy.dispatcher.handle([told(1, 1), told(10**9, 500, after=2), told(2, 2), told(3, 3)])
    assert await toy.receipts(KEY) == [1, 2, 3]
    assert await toy.parked() == [(500, "number_too_far", "parked")]
    assert await blocked(pool) == 0
    assert await disowned(toy, "number_too_far") == 1


@pytest.mark.parametrize("discarded", [True, False])
@pytest.mark.parametrize("together", [True, False])
async def test_a_forged_event_that_was_put_aside_is_not_handled_when_it_is_read_again_and_seems_near(
    toy: ToyRuntime, discarded: bool, together: bool
) -> None:
    near = 5 + MAX_GAP
    await toy.dispatcher.handle([told(1, 1), told(near, 500, after=2), told(2, 2)])
    if discarded:
        await toy.discard(500)
    again = [told(number, number) for number in range(3, 10)], [told(near, 500, after=2)], [told(10, 10)]
    for batch in [[*again[0], *again[1], *again[2]]] if together else again:
        await toy.dispatcher.handle(batch)
    assert await toy.receipts(KEY) == list(range(1, 11))
    assert await toy.parked() == [(500, "number_too_far", "discarded" if discarded else "parked")]


async def test_a_forged_event_within_the_bound_makes_no_genuine_one_a_repeat(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([told(1, 1), told(1 + MAX_GAP, 500, after=2)])
    await toy.dispatcher.handle([told(2, 2), told(3, 3), told(4, 4)])
    await toy.dispatcher.handle([told(2, 2), told(3, 3), told(4, 4)])
    assert await toy.receipts(KEY) == [1, 500, 2, 3, 4]


async def test_a_forged_event_of_a_key_that_nobody_knows_yet_makes_no_genuine_one_a_repeat(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([told(10**9, 500, after=1)])
    for _round in range(2):
        for number in range(1, 20):
            await toy.dispatcher.handle([told(number, 100 + number)])
    assert await toy.receipts(KEY) == [500, *range(101, 120)]
    assert await toy.parked() == []


async def test_an_unknown_type_under_the_next_number_does_not_swallow_the_genuine_event(toy: ToyRuntime) -> None:
    forged = record({}, type_="ph.shop.Refunded.v1", key=KEY, sequence=2, offset=70)
    await toy.dispatcher.handle([told(1, 1), forged])
    await toy.dispatcher.handle([told(2, 2), forged, told(3, 3)])
    assert await toy.receipts(KEY) == [1, 2, 3]


@pytest.mark.parametrize("together", [True, False])
async def test_a_late_record_that_fills_a_gap_is_handled_once(
    toy: ToyRuntime, pool: asyncpg.Pool, together: bool
) -> None:
    records = [told(1, 1), told(3, 3), told(2, 2)]
    for batch in [records] if together else [[each] for each in records]:
        await toy.dispatcher.handle(batch)
    assert await toy.receipts(KEY) == [1, 3, 2]
    assert toy.metrics.gaps_filled.labels("ph.shop.v1")._value.get() == 1
    before = await everything(pool)
    await toy.dispatcher.handle(records)
    assert await everything(pool) == before


async def test_new_events_under_old_numbers_are_parked_and_block_nobody(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    """As after the writer's database was put back: the events after the third are others now."""
    await toy.dispatcher.handle([told(number, 100 + number) for number in range(1, 31)])
    again = [told(number, 200 + number, after=60 + number) for number in range(4, 31)]
    await toy.dispatcher.handle(again)
    await toy.dispatcher.handle([told(31, 131, after=100)])
    assert await toy.receipts(KEY) == list(range(112, 132))
    assert await toy.parked() == [(200 + number, "fork", "parked") for number in range(4, 31)]
    assert await blocked(pool) == 0
    before = await everything(pool)
    await toy.dispatcher.handle(again)
    assert await everything(pool) == before


async def test_of_two_events_with_one_number_the_second_is_parked_even_if_its_clock_is_behind(toy: ToyRuntime) -> None:
    forged = told(2, 500, after=9, id_="forged")
    await toy.dispatcher.handle([told(1, 1), forged, told(3, 501, after=10, id_="forged too"), told(2, 2), told(3, 3)])
    assert await toy.receipts(KEY) == [1, 500, 501]
    assert await toy.parked() == [(2, "fork", "parked"), (3, "fork", "parked")]


async def test_an_event_from_the_future_does_not_make_all_that_follows_look_old(toy: ToyRuntime) -> None:
    far = 100 * 365 * 86_400
    await toy.dispatcher.handle([told(1, 1), told(2, 500, after=far)])
    for number in range(3, 30):
        await toy.dispatcher.handle([told(number, number)])
    new = int((datetime.now(UTC) - LONG_AGO).total_seconds()) + 5
    await toy.dispatcher.handle([told(2, 2, after=new)])
    assert (2, "fork", "parked") in await toy.parked()


async def test_a_fork_that_an_operator_vouches_for_is_handled_once(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    fork = told(1, 7, after=9)
    await toy.dispatcher.handle([told(1, 1), told(2, 2), fork])
    await toy.retry(7)
    await toy.dispatcher.drain()
    assert (await toy.receipts(KEY), await toy.parked()) == ([1, 2, 7], [])
    before = await everything(pool)
    await toy.dispatcher.handle([told(1, 1), fork, told(2, 2)])
    assert await everything(pool) == before
    await toy.dispatcher.handle([told(3, 3, after=10)])
    assert await toy.receipts(KEY) == [1, 2, 7, 3]


async def test_another_event_under_a_number_that_is_parked_waits_and_is_told_apart_when_its_turn_comes(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    await toy.dispatcher.handle([told(1, UNLUCKY), told(2, 2), told(1, 500, after=9), told(3, 3, after=10)])
    await pool.execute("update parked set payload = $1 where record_offset = 13", told(1, 5).value)
    await toy.retry(13)
    await toy.dispatcher.drain()
    assert await toy.receipts(KEY) == [5, 2, 3]
    assert await toy.parked() == [(500, "fork", "parked")]
    assert await blocked(pool) == 0


async def test_a_discarded_record_that_is_read_again_stays_discarded(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    await toy.dispatcher.handle([told(1, UNLUCKY), told(2, 2)])
    await toy.discard(UNLUCKY)
    await toy.dispatcher.drain()
    before = await everything(pool)
    await toy.dispatcher.handle([told(1, UNLUCKY), told(2, 2)])
    await toy.dispatcher.drain()
    assert await everything(pool) == before
    await toy.dispatcher.handle([told(3, 3)])
    assert await toy.receipts(KEY) == [2, 3]


@pytest.mark.parametrize("amount", [500, UNLUCKY])
async def test_a_record_that_was_too_far_has_had_its_turn_also_when_its_key_has_come_nearer(
    toy: ToyRuntime, pool: asyncpg.Pool, amount: int
) -> None:
    far = told(MAX_GAP + 100, amount, after=2)
    await toy.dispatcher.handle([told(1, 1), far])
    await toy.discard(amount)
    await toy.dispatcher.handle([told(150, 150), far])
    await toy.dispatcher.handle([far, told(151, 151)])
    assert await toy.receipts(KEY) == [1, 150, 151]
    assert await toy.parked() == [(amount, "number_too_far", "discarded")]
    assert await blocked(pool) == 0


async def test_a_discarded_record_that_can_be_read_now_and_is_refused_holds_up_nobody(
    toy: ToyRuntime, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is parked for it a second time, so nothing would ever set its key free."""
    body = {"till_id": str(KEY), "sum": UNLUCKY}
    old_shape = record(body, type_="ph.shop.Sold.v1", key=KEY, sequence=1, offset=1)
    await toy.dispatcher.handle([old_shape])
    await toy.discard(1)
    await toy.dispatcher.drain()
    mended = create_model("Mended", __base__=Sold, amount=(int, Field(validation_alias=AliasChoices("amount", "sum"))))
    monkeypatch.setitem(toy.dispatcher._contracts, "ph.shop.Sold.v1", mended)
    monkeypatch.setitem(toy.dispatcher._handlers, mended, toy.dispatcher._handlers[Sold])
    await toy.dispatcher.handle([old_shape, told(2, 2)])
    await toy.dispatcher.drain()
    assert await toy.receipts(KEY) == [2]
    assert await blocked(pool) == 0


FOREIGN = {
    "another owner's topic": (told(1, 9)._replace(topic="ph.other.v1"), "wrong_topic"),
    "another source": (recorded(told(1, 9), ce_source=b"/ph/other"), "wrong_source"),
    "no source": (
        told(1, 9)._replace(headers=[pair for pair in told(1, 9).headers if pair[0] != "ce_source"]),
        "wrong_source",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_what_does_not_come_from_its_owner_is_parked_and_blocks_nobody(
    toy: ToyRuntime, pool: asyncpg.Pool, name: str
) -> None:
    foreign, reason = FOREIGN[name]
    await toy.dispatcher.handle([foreign, told(1, 1)])
    await toy.retry(9)
    await toy.dispatcher.drain()
    assert (await toy.receipts(KEY), await toy.parked(), await blocked(pool)) == ([1], [(9, reason, "parked")], 0)
    assert toy.metrics.disowned.labels(foreign.topic, reason)._value.get() == 1


async def test_bad_records_that_differ_in_a_repeated_header_only_are_both_kept(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    bad = told(1, 1)._replace(value=b"{nonsense")
    pairs = [[*bad.headers, ("x", first), ("x", b"2")] for first in (b"1", b"other")]
    await toy.dispatcher.handle([bad._replace(offset=place, headers=each) for place, each in enumerate(pairs)])
    assert await toy.parked() == [(0, "json_invalid", "parked"), (1, "behind", "parked")]
    assert await pool.fetchval("select headers->-2 from parked where record_offset = 1") == '["x", "other"]'


async def test_a_bad_record_under_an_old_number_is_parked(toy: ToyRuntime) -> None:
    await toy.dispatcher.handle([told(1, 1), told(2, 2), told(1, 3, after=9)._replace(value=b"{nonsense")])
    assert await toy.parked() == [(3, "json_invalid", "parked")]


async def test_of_a_value_that_is_too_large_the_beginning_is_kept_and_a_retry_reads_all_of_it_again(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    large = told(1, 5)
    large = large._replace(value=(large.value or b"") + b" " * 300_000)
    await toy.dispatcher.handle([large, told(2, 2)])
    assert await toy.parked() == [(5, "too_large", "parked"), (2, "behind", "parked")]
    row = await pool.fetchrow("select octet_length(payload), size, value_digest = sha256($1) from parked", large.value)
    assert row is not None
    assert tuple(row) == (4096, len(large.value or b""), True)
    await toy.retry(5)
    await toy.dispatcher.drain()
    assert await toy.parked() == [(5, "record_gone", "parked"), (2, "behind", "parked")]
    toy.kafka[large.topic, large.partition, large.offset] = large
    await toy.retry(5)
    await toy.dispatcher.drain()
    assert (await toy.receipts(KEY), await toy.parked()) == ([5, 2], [])


async def test_another_record_at_the_place_of_a_large_one_is_not_taken_for_it(toy: ToyRuntime) -> None:
    large = told(1, 5)._replace(value=b" " * 300_000)
    await toy.dispatcher.handle([large])
    toy.kafka[large.topic, large.partition, large.offset] = told(1, 5)
    await toy.retry(5)
    await toy.dispatcher.drain()
    assert await toy.parked() == [(5, "record_gone", "parked")]


async def test_what_is_ready_is_found_without_a_look_at_what_is_not(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    await toy.dispatcher.handle([told(1, UNLUCKY, key=uuid4())._replace(offset=place) for place in range(300)])
    await pool.execute("analyze")

    async def looked_at() -> int:
        async with pool.acquire() as connection:
            await connection.execute("select pg_stat_force_next_flush()")
            query = "select sum(idx_tup_read)::int from pg_stat_user_indexes where relname in ('parked', 'position')"
            found: int = await connection.fetchval(query)
            return found

    before = await looked_at()
    assert await toy.dispatcher.drain() == 0
    assert await looked_at() == before
    await toy.retry(7)
    assert await toy.dispatcher.drain() == 1


async def test_what_a_discarded_record_said_goes_after_thirty_days_and_the_record_is_known_all_the_same(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    bad = told(1, 1)._replace(value=b"{nonsense")
    await toy.dispatcher.handle([bad, told(1, UNLUCKY, key=OTHER)])
    await toy.discard(1)
    await loops.forget(pool, HOUSEKEEPING)
    assert await pool.fetchval("select count(*) from parked where payload is not null") == 2
    await pool.execute("update parked set decided_at = decided_at - interval '31 days'")
    await loops.forget(pool, HOUSEKEEPING)
    rows = await pool.fetch("select payload is null, headers::text, reason from parked order by id")
    assert [tuple(row)[:1] for row in rows] == [(True,), (False,)]
    assert tuple(rows[0]) == (True, "[]", "test")
    await toy.dispatcher.handle([bad])
    assert await toy.parked() == [(1, "json_invalid", "discarded"), (UNLUCKY, "unlucky", "parked")]
