"""The rows of parked records: what is done for one key, topic or place moves nothing of another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import product
from typing import Any

import asyncpg
import pytest

from chassis.consumer import parking
from chassis.consumer.inbound import MAX_VALUE, Fault, decode
from chassis.consumer.parking import Parked, Ready, StoredRecord
from chassis.operators.retention import sweep
from chassis.postgres.database import Connection
from tests.support.records import record
from tests.support.toy import HOUSEKEEPING
from tests.support.toy_process import until_async

SHOP, OTHER = "ph.shop.v1", "ph.other.v1"
REFUSED, ASIDE = Fault("worse", "for another reason"), Fault("fork", "of no use", blocks=False)
QUEUES = list(product((SHOP, OTHER), ("a", "b")))


async def row(connection: Connection, topic: str, key: str | None, **columns: Any) -> int:
    """A parked record, one that is refused and blocks its key unless told otherwise."""
    given = {
        "topic": topic, "partition": 0, "record_offset": 7, "key": key, "headers": "[]", "payload": b"{}", "size": 2,
        "failure": "unlucky", "detail": "", **columns,
    }  # fmt: skip
    names, places = ", ".join(given), ", ".join(f"${number}" for number in range(1, len(given) + 1))
    number: int = await connection.fetchval(
        f"insert into parked ({names}, digest) values ({places}, uuid_send(gen_random_uuid())) returning id",
        *given.values(),
    )
    return number


async def block(connection: Connection, *queues: tuple[str, str]) -> None:
    await connection.executemany(
        "insert into position (source, key, sequence, blocked) values ($1, $2, 1, true) "
        "on conflict (source, key) do update set blocked = true",
        queues,
    )


async def blocked(connection: Connection) -> set[tuple[str, str]]:
    rows = await connection.fetch("select source, key from position where blocked")
    return {(each[0], each[1]) for each in rows}


async def standing(connection: Connection, *ids: int) -> list[tuple[bool, bool]]:
    """Whether these block their key, and whether their turn has come."""
    rows = await connection.fetch("select blocks, due from parked where id = any($1) order by id", ids)
    return [(each[0], each[1]) for each in rows]


async def settled(connection: Connection, topic: str, key: str) -> StoredRecord:
    taken = await parking.take(connection, Ready(topic, key, None))
    assert taken is not None
    await parking.settle(connection, taken, None)
    return taken


async def test_a_key_that_goes_on_moves_no_other_key_and_no_other_topic(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        heads = {each: await row(connection, *each, state="discarded") for each in QUEUES}
        seconds = {each: await row(connection, *each, failure="behind") for each in QUEUES}
        await block(connection, *QUEUES)
        for at in (2, 1):  # neither the first nor the last one
            assert (await settled(connection, *QUEUES[at])).id == seconds[QUEUES[at]]
        left = [QUEUES[0], QUEUES[3]]
        assert await blocked(connection) == set(left)
        assert await standing(connection, *(heads[each] for each in left)) == [(True, False)] * 2
        assert await standing(connection, *(seconds[each] for each in left)) == [(True, False)] * 2


async def test_the_next_of_a_key_is_due_once_the_one_before_is_settled_if_it_has_only_waited(
    pool: asyncpg.Pool,
) -> None:
    async with pool.acquire() as connection:
        await block(connection, *QUEUES)
        strangers = [await row(connection, *each, failure="behind") for each in QUEUES[1:]]
        fork = await row(connection, SHOP, "a", failure="behind", blocks=False)
        passed = await row(connection, SHOP, "a", failure="behind", state="discarded")
        waits, after = [await row(connection, SHOP, "a", failure="behind") for _ in range(2)]
        later = [await row(connection, *each, failure="behind") for each in QUEUES[1:]]
        await parking.go_on(connection, SHOP, "a")
        assert await standing(connection, *strangers, *later) == [(True, False)] * 6
        assert await standing(connection, fork, passed, waits, after) == [
            (False, False), (True, False), (True, True), (True, False),
        ]  # fmt: skip
        await connection.execute("update parked set failure = 'unlucky', due = false where id = $1", waits)
        await parking.go_on(connection, SHOP, "a")
        assert await standing(connection, waits, after) == [(True, False)] * 2
        assert (SHOP, "a") in await blocked(connection)


async def test_a_key_is_free_once_nothing_that_blocks_it_is_left(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await block(connection, *QUEUES)
        for each in QUEUES[1:]:
            await row(connection, *each)
        await row(connection, SHOP, "a", failure="fork", blocks=False)
        await row(connection, SHOP, "a", state="discarded")
        await parking.go_on(connection, SHOP, "a")
        assert await blocked(connection) == set(QUEUES[1:])


async def test_the_first_that_blocks_its_key_has_its_turn(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await block(connection, *QUEUES)
        for each in QUEUES[1:]:
            await row(connection, *each, state="retry")
        await row(connection, SHOP, "a", failure="fork", blocks=False, state="retry")
        first = await row(connection, SHOP, "a", state="retry")
        await row(connection, SHOP, "a", failure="behind", state="retry")
        taken = await parking.take(connection, Ready(SHOP, "a", None))
        assert taken is not None
        assert (taken.id, taken.vouched, taken.blocks) == (first, True, True)


async def test_what_an_operator_passes_while_its_key_is_locked_is_not_handled(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as worker, pool.acquire() as other:
        await block(worker, (SHOP, "a"))
        passed, after = [await row(worker, SHOP, "a", failure="behind") for _ in range(2)]
        async with other.transaction():
            await other.execute("select from position for update")
            taking = asyncio.create_task(parking.take(worker, Ready(SHOP, "a", None)))
            await until_async(lambda: _waits_for_a_lock(other, worker), "the worker to wait for the key")
            await other.execute("update parked set state = 'discarded' where id = $1", passed)
        taken = await taking
    assert taken is not None
    assert taken.id == after


async def _waits_for_a_lock(connection: Connection, other: Connection) -> bool:
    found = await connection.fetchval("select cardinality(pg_blocking_pids($1)) > 0", other.get_server_pid())
    return bool(found)


async def test_a_key_that_is_not_blocked_has_nothing_to_take(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await block(connection, *QUEUES)
        await connection.execute("update position set blocked = false where source = $1 and key = 'a'", SHOP)
        await row(connection, SHOP, "a", state="retry")
        assert await parking.take(connection, Ready(SHOP, "a", None)) is None


async def test_a_record_that_blocks_nobody_is_taken_by_its_id(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await row(connection, SHOP, None, blocks=False, state="retry")
        wanted = await row(connection, SHOP, None, blocks=False, state="retry")
        taken = await parking.take(connection, Ready(SHOP, None, wanted))
        assert taken is not None
        assert (taken.id, taken.key) == (wanted, None)
        await parking.settle(connection, taken, None)
        assert await parking.take(connection, Ready(SHOP, None, wanted)) is None
        undecided = await row(connection, SHOP, None, blocks=False)
        assert await parking.take(connection, Ready(SHOP, None, undecided)) is None
        passed = await row(connection, SHOP, "a", blocks=False, failure="behind", state="discarded")
        assert await parking.take(connection, Ready(SHOP, "a", passed)) is None


@pytest.mark.parametrize(("key", "table"), [("a", "position"), ("a", "parked"), (None, "parked")])
async def test_while_a_record_has_its_turn_neither_a_batch_nor_an_operator_moves_it(
    pool: asyncpg.Pool, key: str | None, table: str
) -> None:
    async with pool.acquire() as worker, pool.acquire() as other:
        await block(worker, (SHOP, "a"))
        id_ = await row(worker, SHOP, key, state="retry", blocks=key is not None)
        async with worker.transaction():
            assert await parking.take(worker, Ready(SHOP, key, None if key else id_)) is not None
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.fetch(f"select from {table} for update nowait")


async def test_ready_is_what_was_decided_or_is_due_but_not_what_was_passed_or_is_for_the_reader(
    pool: asyncpg.Pool,
) -> None:
    async with pool.acquire() as connection:
        await row(connection, SHOP, "waits")
        elsewhere = await row(connection, OTHER, None, state="retry", blocks=False)
        await row(connection, SHOP, "passed", state="discarded", blocks=False)
        await row(connection, SHOP, None, state="retry", blocks=False, failure="unreadable")
        await row(connection, SHOP, "due", due=True)
        await row(connection, SHOP, "retry", state="retry")
        await row(connection, SHOP, "discarded", state="discarded")
        alone = await row(connection, SHOP, "alone", state="retry", blocks=False)
        assert await parking.ready(connection) == [
            Ready(OTHER, None, elsewhere), Ready(SHOP, "alone", alone), Ready(SHOP, "discarded", None),
            Ready(SHOP, "due", None), Ready(SHOP, "retry", None),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("blocks", "fault", "blocks_still"),
    [(True, REFUSED, True), (True, ASIDE, False), (False, REFUSED, False)],
)
async def test_what_is_refused_once_more_waits_for_an_operator_with_its_new_reason(
    pool: asyncpg.Pool, blocks: bool, fault: Fault, blocks_still: bool
) -> None:
    async with pool.acquire() as connection:
        await block(connection, *QUEUES)
        wanted = {"state": "retry", "due": True, "attempts": 3}
        id_ = await row(connection, SHOP, "a", blocks=blocks, **wanted)
        others = [await row(connection, *each, **wanted) for each in QUEUES]
        before = await connection.fetch("select * from parked where id = any($1) order by id", others)
        since = await connection.fetchval("select clock_timestamp()")
        taken = await parking.take(connection, Ready(SHOP, "a", None if blocks else id_))
        assert taken is not None
        await parking.settle(connection, taken, fault)
        found = await connection.fetchrow(
            "select state, failure, detail, blocks, due, attempts, updated_at > $2 from parked where id = $1",
            id_,
            since,
        )
        assert found is not None
        assert tuple(found) == ("parked", fault.code, fault.detail, blocks_still, False, 4, True)
        assert await connection.fetch("select * from parked where id = any($1) order by id", others) == before


async def test_what_was_passed_or_emptied_before_is_not_written_again(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await block(connection, (SHOP, "a"))
        old = await row(connection, SHOP, "a", state="discarded", decided_at=datetime(2026, 1, 1, tzinfo=UTC))
        versions = []
        for _ in range(2):
            await parking.take(connection, Ready(SHOP, "a", None))
            await block(connection, (SHOP, "a"))
            await sweep(connection, HOUSEKEEPING)
            versions.append(await connection.fetchval("select ctid::text from parked where id = $1", old))
        assert versions[0] == versions[1]
        assert await standing(connection, old) == [(False, False)]


async def test_only_batches_that_could_not_be_unpacked_and_were_read_since_need_no_decision(
    pool: asyncpg.Pool,
) -> None:
    async with pool.acquire() as connection:
        await connection.executemany(
            "insert into progress (topic, partition, next_offset) values ($1, $2, $3)",
            [(SHOP, 0, 8), (SHOP, 1, 7), (OTHER, 0, 7), (OTHER, 1, None)],
        )
        await row(connection, SHOP, None, blocks=False, failure="unreadable")
        kept = [
            await row(connection, topic, None, blocks=False, failure="unreadable", partition=partition)
            for topic, partition in ((SHOP, 1), (OTHER, 0), (OTHER, 1))
        ]
        kept.append(await row(connection, SHOP, None, blocks=False, failure="unreadable", state="discarded"))
        kept.append(await row(connection, SHOP, "a"))
        await parking.settle_what_was_read(connection)
        assert [each["id"] for each in await connection.fetch("select id from parked order by id")] == kept


async def test_only_what_was_discarded_long_ago_is_emptied(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        for state in ("parked", "retry", "discarded"):
            await row(connection, SHOP, state, state=state)
        await connection.execute("update parked set decided_at = now() - interval '31 days'")
        await row(connection, SHOP, "new", state="discarded")
        await connection.execute("update parked set decided_at = now() where key = 'new'")
        await sweep(connection, HOUSEKEEPING)
        emptied = await connection.fetch("select key from parked where payload is null and size is null")
        assert [each["key"] for each in emptied] == ["discarded"]


async def test_a_record_is_known_by_its_digest_in_its_topic(pool: asyncpg.Pool) -> None:
    def bad(topic: str, value: bytes, offset: int) -> Parked:
        told = record(value, type_="ph.shop.Sold.v1", key="a", sequence=1, offset=offset, topic=topic)
        inbound = decode(told, {})
        return Parked(inbound, Fault("json_invalid", ""))

    first, again, another, elsewhere = (
        bad(SHOP, b"{", 1), bad(SHOP, b"{", 2), bad(SHOP, b"[", 3), bad(OTHER, b"{", 4),
    )  # fmt: skip
    async with pool.acquire() as connection:
        assert await parking.save(connection, [first]) == {first.inbound.place}
        batch = [each.inbound for each in (first, again, another, elsewhere)]
        assert await parking.known(connection, batch) == {first.inbound.place, again.inbound.place}
        await connection.execute("update parked set topic = $1", OTHER)
        assert await parking.known(connection, batch) == {elsewhere.inbound.place}


async def test_records_of_a_key_are_numbered_in_the_order_in_which_they_came(pool: asyncpg.Pool) -> None:
    told = [record(b"{", type_="ph.shop.Sold.v1", key="a", sequence=1, offset=offset) for offset in (3, 1, 2)]
    records = [each._replace(value=b"%d" % each.offset) for each in told]
    async with pool.acquire() as connection:
        await parking.save(connection, [Parked(decode(each, {}), Fault("unlucky", "")) for each in records])
        rows = await connection.fetch("select record_offset from parked order by id")
    assert [each[0] for each in rows] == [3, 1, 2]


@pytest.mark.parametrize(("size", "incomplete"), [(MAX_VALUE, False), (MAX_VALUE + 1, True)])
async def test_of_a_value_within_the_limit_all_is_kept(pool: asyncpg.Pool, size: int, incomplete: bool) -> None:
    told = record(b"[" * size, type_="ph.shop.Sold.v1", key="a", sequence=1, offset=1)
    async with pool.acquire() as connection:
        await parking.save(connection, [Parked(decode(told, {}), Fault("json_invalid", ""))])
        kept = await connection.fetchrow("select octet_length(payload), size, value_digest is not null from parked")
        assert kept is not None
        assert tuple(kept) == (parking.HEAD if incomplete else size, size, incomplete)
