"""Consumer and relay between real topics and a real database: what records do to them, and what groups do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from chassis.postgres import batches
from tests.integration.test_relay import relay_for, running, until_empty
from tests.support import toy as toy_service
from tests.support.brokers import Broker
from tests.support.reading import Join, Member, new_group
from tests.support.records import FakeRecord, record
from tests.support.shop import TEN_MEGABYTES, Shop
from tests.support.toy_process import until, until_async
from tests.support.toy_runtime import Statements, ToyRuntime


def bad(shop: Shop, key: UUID | str | None, value: bytes | None = b"{}", **headers: bytes | None) -> FakeRecord:
    """A record like one of the shop's own, but for what is given; a header that is None has no value."""
    good = dict(record({}, type_=shop.type, key=None, sequence=1, offset=0).headers)
    pairs: list[tuple[str, Any]] = list({**good, **headers}.items())
    return FakeRecord(shop.topic, 0, 0, None if key is None else str(key).encode(), value, pairs)


POISON: dict[str, tuple[Callable[[Shop, UUID], FakeRecord], str]] = {
    "not JSON": (lambda shop, key: bad(shop, key, b"{nonsense"), "json_invalid"),
    "not UTF-8": (lambda shop, key: bad(shop, key, b'{"till_id": "\xff\xfe"}'), "json_invalid"),
    "empty": (lambda shop, key: bad(shop, key, b""), "json_invalid"),
    "a schema violated": (
        lambda shop, key: bad(shop, key, b'{"till_id": "%s", "amount": []}' % str(key).encode()),
        "schema_violated",
    ),
    "no key": (lambda shop, key: bad(shop, None), "key_missing"),
    "an endless key": (lambda shop, key: bad(shop, "k" * 5000), "key_missing"),
    "10 MB": (lambda shop, key: bad(shop, key, b"[" * TEN_MEGABYTES), "too_large"),
    "a tombstone": (lambda shop, key: bad(shop, key, None), "body_missing"),
    "a header that is not UTF-8": (lambda shop, key: bad(shop, key, ce_sequence=b"\xff\xfe"), "sequence_invalid"),
    "a type that is not UTF-8": (lambda shop, key: bad(shop, key, ce_type=b"\xff\xfe"), ""),
    "a header without a value": (lambda shop, key: bad(shop, key, ce_time=None), "time_invalid"),
    "an id without a value": (lambda shop, key: bad(shop, key, ce_id=None), "id_invalid"),
    "a type without a value": (lambda shop, key: bad(shop, key, ce_type=None), ""),
    "an unknown type": (lambda shop, key: bad(shop, key, ce_type=b"ph.shop.Refunded.v9"), ""),
    "no headers": (
        lambda shop, key: FakeRecord(shop.topic, 0, 0, str(key).encode(), b"{}", []),
        "type_missing",
    ),
}


async def test_poison_of_each_kind_is_parked_or_skipped_and_its_neighbours_have_their_effect(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, keys = new_group(), {name: uuid4() for name in POISON}
    neighbours = [uuid4() for _ in range(30)]
    places = {}
    for name, (make, _) in POISON.items():
        (at,) = await shop.send([make(shop, keys[name])])
        places[at.partition, at.offset] = name
        await shop.send([shop.sold(key) for key in neighbours])
    async with join(group) as member:
        await shop.until_read(group)
        assert await toy.totals() == dict.fromkeys(neighbours, len(POISON))
        rows = await pool.fetch("select partition, record_offset, failure, key from parked")
        found = {places[row["partition"], row["record_offset"]]: row["failure"] for row in rows}
        assert found == {name: failure for name, (_, failure) in POISON.items() if failure}
        assert member.count("parked") == len(found)
        assert member.count("unknown_type") == sum(1 for _, failure in POISON.values() if not failure)
        assert member.count("done") == len(POISON) * len(neighbours)
        blocked = {row["key"] for row in await pool.fetch("select key from position where blocked")}
        assert blocked == {row["key"] for row in rows if row["key"] is not None}
        assert await member.dispatcher.drain() == 0, "nothing is taken up before an operator has decided"
        assert await pool.fetchval("select (max(size), max(octet_length(payload))) from parked") == (
            TEN_MEGABYTES,
            4096,
        )


async def test_offsets_are_committed_after_the_database_has_committed_and_never_before(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key = new_group(), uuid4()
    async with join(group):
        await shop.sell(key, 1)
        await shop.until_read(group)
        before = await shop.committed(group)
        async with pool.acquire() as other, other.transaction():
            await other.execute("select from till where id = $1 for update", key)
            await shop.sell(key, 2)
            await until_async(lambda: _somebody_waits(pool), "the batch to wait for the lock")
            await asyncio.sleep(0.5)
            assert await shop.committed(group) == before
        await shop.until_read(group)
        assert await shop.committed(group) == await shop.ends()
        assert await toy.totals() == {key: 3}


async def _somebody_waits(pool: asyncpg.Pool) -> bool:
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return int(await pool.fetchval(query)) > 0


async def test_a_batch_that_fails_for_its_environment_commits_no_offset_and_comes_again(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key = new_group(), uuid4()
    await refuse_outbox_rows(pool)
    async with join(group) as member:
        await shop.sell(key, 1, 2)
        await until(lambda: member.metrics.retries.labels("consumer", "40001")._value.get() >= 3, "three attempts")
        assert await shop.committed(group) == {}
        assert await toy.totals() == {}
        await pool.execute("drop trigger fail on outbox")
        await shop.until_read(group)
    assert await toy.totals() == {key: 3}
    assert await toy.outbox() == [(str(key), 1), (str(key), 2)]


async def test_a_batch_that_is_given_up_at_the_stop_comes_again_before_what_followed(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key = new_group(), uuid4()
    await refuse_outbox_rows(pool)
    async with join(group) as member:
        await shop.sell(key, 1)
        await until(lambda: member.metrics.retries.labels("consumer", "40001")._value.get() >= 3, "three attempts")
        await shop.sell(key, 10)
        await asyncio.sleep(1)  # the client fetches it
    assert await toy.totals() == {}
    await pool.execute("drop trigger fail on outbox")
    async with join(group):
        await shop.sell(key, 100)
        await shop.until_read(group)
    assert await toy.receipts(key) == [1, 10, 100]


async def refuse_outbox_rows(pool: asyncpg.Pool) -> None:
    """Every transaction that emits an event fails, as if another one had been first."""
    await pool.execute(
        "create function fail() returns trigger language plpgsql as $$ begin raise sqlstate '40001'; end $$"
    )
    await pool.execute("create trigger fail before insert on outbox for each statement execute function fail()")


async def test_reading_everything_again_changes_nothing(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    keys = [uuid4() for _ in range(40)]
    for _ in range(10):
        await shop.send([shop.sold(key) for key in keys])
    await shop.send([shop.sold(keys[0], toy_service.UNLUCKY), shop.sold(keys[0])])
    first, second = new_group(), new_group()
    async with join(first):
        await shop.until_read(first)
    before = await snapshot(pool)
    await pool.execute("delete from progress")
    async with join(second, batch_max_records=7) as member:
        await shop.until_read(second)
        assert member.count("repeat") == 402
    assert await snapshot(pool) == before
    assert await toy.totals() == dict.fromkeys(keys, 10)


async def snapshot(pool: asyncpg.Pool) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the service keeps."""
    tables = ("till", "outbox", "stream", "position", "parked", "deadline")
    return {
        table: sorted((tuple(row) for row in await pool.fetch(f"select * from {table}")), key=str) for table in tables
    }


async def test_members_that_come_and_go_in_the_middle_of_a_load_lose_and_double_nothing(
    shop: Shop, join: Join, pool: asyncpg.Pool, dsn: str, broker: Broker, toy: ToyRuntime
) -> None:
    group, keys, rounds = new_group(), [uuid4() for _ in range(60)], 60

    async def load() -> None:
        for _ in range(rounds):
            await shop.send([shop.sold(key) for key in keys])
            await asyncio.sleep(0.05)

    async with running(relay_for(broker, dsn)), join(group, batch_max_records=50) as first:
        await shop.sell(extra := uuid4(), 1)
        await shop.until_read(group)
        loading = asyncio.create_task(load())
        await asyncio.sleep(0.3)
        async with join(group, batch_max_records=50) as second:
            await until(lambda: second.count("done") > 100, "the second member to have its share")
            async with join(group, batch_max_records=50) as third:
                await until(lambda: third.count("done") > 100, "the third member to have its share")
        await loading
        await shop.until_read(group)
        members = (first, second, third)
        await until_empty(pool)
    expected = {**dict.fromkeys(keys, rounds), extra: 1}
    assert await toy.totals() == expected
    assert sum(member.count("done") for member in members) == rounds * len(keys) + 1
    assert sum(_value(member.metrics.gaps, shop.topic) for member in members) == 0
    published = await broker.sequences("ph.till.v1", {str(key) for key in expected})
    assert published == {str(key): list(range(1, count + 1)) for key, count in expected.items()}


def _value(counter: Any, topic: str) -> float:
    return float(counter.labels(topic)._value.get())


async def test_a_member_that_leaves_in_the_middle_of_a_batch_finishes_it(
    shop: Shop, join: Join, pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    group, key = new_group(), uuid4()
    async with pool.acquire() as other:
        transaction = other.transaction()
        async with join(group):
            await shop.sell(key, 1)
            await shop.until_read(group)
            await transaction.start()
            await other.execute("select from till where id = $1 for update", key)
            await shop.sell(key, 2)
            await until_async(lambda: _somebody_waits(pool), "the batch to wait for the lock")
            release = asyncio.create_task(_later(0.5, transaction.rollback))
        await release
        assert await toy.receipts(key) == [1, 2]
        assert await shop.committed(group) == await shop.ends()
    async with join(group):
        await shop.sell(key, 3)
        await shop.until_read(group)
    assert await toy.receipts(key) == [1, 2, 3]


async def _later(seconds: float, work: Callable[[], Any]) -> None:
    await asyncio.sleep(seconds)
    await work()


async def test_statements_commits_and_offset_commits_per_batch_do_not_grow_with_the_batch(
    shop: Shop,
    join: Join,
    pool: asyncpg.Pool,
    statements: Statements,
    toy: ToyRuntime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    committed: list[Any] = []
    commit = AIOKafkaConsumer.commit

    async def counted(self: AIOKafkaConsumer, offsets: Any = None) -> None:
        committed.append(offsets)
        await commit(self, offsets)

    monkeypatch.setattr(AIOKafkaConsumer, "commit", counted)
    group, key, counts = new_group(), uuid4(), {}
    for size in (1, 10, 1, 10, 500):  # the first meets a new key, the first two prepare statements
        await shop.send([shop.sold(key) for _ in range(size)])
        committed.clear()
        async with join(group, batch_max_records=501) as member:  # with the one before, which is compared
            await shop.until_read(group)
            assert (member.metrics.batch_size._sum.get(), _batches(member)) == (size, 1)
            begun = max(at for at, query in enumerate(statements.queries) if query == batches.BEGIN)
            batch = statements.queries[begun : statements.queries.index(batches.COMMIT, begun) + 1]
        ends = set((await shop.ends()).values())
        moves = [each for each in committed if ends & set(each.values())]
        counts[size] = (len(batch), len([each for each in batch if each.lower().startswith("commit")]), len(moves))
    assert counts[1] == counts[10] == counts[500]
    queries, commits, offset_commits = counts[500]
    assert (commits, offset_commits) == (1, 1)
    assert queries == 5, batch  # begin, lock positions, load, write, commit


def _batches(member: Member) -> float:
    return sum(
        sample.value
        for family in member.metrics.batch_size.collect()
        for sample in family.samples
        if sample.name.endswith("_count")
    )
