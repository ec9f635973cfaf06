"""What became of parked records is told once, in order and without content; and how far the service has read."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.operators import parked as operators
from chassis.outbox import moving_on
from chassis.outbox.append import append
from chassis.postgres import migrations
from chassis.pure import operations
from chassis.pure.operations import Operations, reader_of
from chassis.work import reporter as module
from chassis.work.reporter import Reporter
from tests.integration.ops import created
from tests.support import outbox
from tests.support.cluster import Cluster
from tests.support.outbox import Written
from tests.support.records import record, sold
from tests.support.toy import UNLUCKY
from tests.support.toy_runtime import ToyRuntime

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")
SHOP = "ph.shop.v1"
REASON = "Adaeze Okafor has sold it to herself"


class RecordParked(operations.RecordParked, service="till", on="till.operations"):
    pass


class RecordRetried(operations.RecordRetried, service="till", on="till.operations"):
    pass


class AttemptFailed(operations.AttemptFailed, service="till", on="till.operations"):
    pass


class RecordHandled(operations.RecordHandled, service="till", on="till.operations"):
    pass


class RecordDiscarded(operations.RecordDiscarded, service="till", on="till.operations"):
    pass


class ProgressReported(operations.ProgressReported, service="till", on="till.operations"):
    pass


TELLS = Operations(RecordParked, RecordRetried, AttemptFailed, RecordHandled, RecordDiscarded, ProgressReported)


@pytest.fixture
def reporter(toy: ToyRuntime) -> Reporter:
    return Reporter(toy.workshop, "till", TELLS)


async def told(pool: asyncpg.Pool) -> list[Written]:
    """What the service has told of its operation, in order."""
    rows = await pool.fetch("select record from outbox where key = $1 order by id", str(reader_of("till")))
    said = [outbox.read(row["record"]) for row in rows]
    assert [int(each.headers["ce_sequence"]) for each in said] == [*range(1, len(said) + 1)]
    return said


def name(event: Written) -> str:
    return event.headers["ce_type"].split(".")[2]


async def changes(pool: asyncpg.Pool) -> list[Written]:
    return [each for each in await told(pool) if name(each) != "ProgressReported"]


async def reports(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    return [each.value for each in await told(pool) if name(each) == "ProgressReported"]


async def decided(pool: asyncpg.Pool, offset: int, *, discard: bool = False) -> None:
    async with pool.acquire() as connection:
        id_ = await connection.fetchval("select id from parked where record_offset = $1", offset)
        if discard:
            assert (await operators.discard(connection, [id_], "INC-4711", REASON)).outcomes[0].changed
        else:
            assert (await operators.retry(connection, [id_], "INC-4711")).outcomes[0].changed


async def read_up_to(pool: asyncpg.Pool, offset: int, topic: str = SHOP) -> None:
    """As if the reader of a partition had come so far."""
    await pool.execute(
        "insert into progress (topic, partition, next_offset) values ($1, 0, $2)"
        " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
        topic,
        offset,
    )


async def test_poison_is_told_step_by_step_in_order_and_once(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])
    await reporter.step()
    await decided(pool, 40)
    await toy.dispatcher.drain()
    await decided(pool, 40, discard=True)
    await toy.dispatcher.drain()
    while await reporter.step():
        pass
    found = await changes(pool)
    assert [name(each) for each in found] == ["RecordParked", "RecordRetried", "AttemptFailed", "RecordDiscarded"]
    for each in found:
        assert each.key == str(reader_of("till")) == each.value["reader_id"]
        assert {field: each.value[field] for field in each.value if field.startswith("record_")} == {
            "record_topic": SHOP,
            "record_partition": 0,
            "record_offset": 40,
        }
        assert each.value["failure"] == "unlucky"
    assert [each.value["attempt"] for each in found] == [1, 1, 2, 2]
    roles = [each.headers["ce_actorrole"] for each in found]
    assert roles == ["system", "operator", "system", "operator"]
    assert await pool.fetchval("select count(*) from parked_change") == 0


async def test_neither_content_nor_what_somebody_typed_is_told(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter
) -> None:
    strange = record(b"Adaeze Okafor", type_="ph.shop.Sold.v1", key="Adaeze Okafor", sequence=1, offset=41, topic=SHOP)
    headers = [*strange.headers, ("ce_id", b"Adaeze"), ("x-note", b"Ada\x00eze \xff")]
    keyless = record({}, type_="ph.shop.Sold.v1", key=None, sequence=1, offset=42)
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40), strange._replace(headers=headers), keyless])
    await decided(pool, 40, discard=True)
    await reporter.step()
    said = json.dumps([tuple(each) for each in await told(pool)])
    for canary in ("Adaeze", "Okafor", "INC-4711", "amount", REASON):
        assert canary not in said
    assert str(KEY) not in said
    assert {each.value["record_offset"] for each in await changes(pool)} == {40, 41, 42}


async def test_what_has_waited_is_told_as_handled_once_the_record_before_it_is_gone(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40), sold(KEY, 2, offset=41)])
    await decided(pool, 40, discard=True)
    await toy.dispatcher.drain()
    await reporter.step()
    found = [(name(each), each.value["record_offset"], each.value["failure"]) for each in await changes(pool)]
    assert found == [
        ("RecordParked", 40, "unlucky"),
        ("RecordParked", 41, "behind"),
        ("RecordDiscarded", 40, "unlucky"),
        ("RecordHandled", 41, "behind"),
    ]


async def test_a_worker_that_dies_between_has_told_nothing_and_the_next_tells_it_once(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])

    def dies(*arguments: Any) -> None:
        append(*arguments)
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(module, "append", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await reporter.step()
    assert await told(pool) == []
    another = Reporter(toy.workshop, "till", TELLS)
    await asyncio.gather(*(each.step() for each in (reporter, another) * 5))
    assert [name(each) for each in await told(pool)] == ["RecordParked", "ProgressReported"]


async def test_more_than_a_batch_is_told_in_order_and_the_report_comes_after_all_of_it(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    await toy.dispatcher.handle([sold(uuid4(), 1, UNLUCKY, offset=place) for place in range(7)])
    await read_up_to(pool, 7)
    while await reporter.step():
        pass
    found = await told(pool)
    assert [each.value["record_offset"] for each in found[:-1]] == [*range(7)]
    assert found[-1].value["places"] == [{"topic": SHOP, "partition": 0, "next_offset": 7}]
    assert found[-1].value["parked"] == 7


async def test_the_time_of_a_change_is_the_database_s_and_that_of_the_change(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])
    toy.advance(days=90)
    at = await pool.fetchval("select at from parked_change")
    await reporter.step()
    parked, report = await told(pool)
    assert datetime.fromisoformat(parked.headers["ce_time"]) == at
    assert abs(datetime.fromisoformat(report.headers["ce_time"]) - datetime.now(UTC)) < timedelta(minutes=1)


async def later(pool: asyncpg.Pool, by: timedelta) -> None:
    """As if the last report had been made earlier by so much."""
    await pool.execute("update report set at = at - $1::interval", by)


async def test_reports_come_once_a_minute_while_something_is_read_and_every_quarter_of_an_hour(
    pool: asyncpg.Pool, reporter: Reporter
) -> None:
    await read_up_to(pool, 5)
    assert [await reporter.step(), await reporter.step()] == [1, 0]
    await read_up_to(pool, 6)
    await later(pool, timedelta(seconds=50))
    assert await reporter.step() == 0
    await later(pool, timedelta(seconds=11))
    assert [await reporter.step(), await reporter.step()] == [1, 0]
    await later(pool, timedelta(minutes=14))
    assert await reporter.step() == 0
    await later(pool, timedelta(minutes=2))
    assert await reporter.step() == 1
    await pool.execute("update outbox set created_at = created_at - interval '90 seconds'")
    await later(pool, timedelta(minutes=16))
    assert await reporter.step() == 1
    *_, last = found = await reports(pool)
    assert [each["places"][0]["next_offset"] for each in found] == [5, 6, 6, 6]
    assert {each["restored"] for each in found} == {False}
    assert 89 < last["outbox_oldest_seconds"] < 120


async def test_changes_that_keep_coming_put_a_report_off_no_longer_than_those_that_came_before(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    await toy.dispatcher.handle([sold(uuid4(), 1, UNLUCKY, offset=place) for place in range(6)])
    await read_up_to(pool, 6)
    for more in range(6, 24, 3):
        await reporter.step()
        await toy.dispatcher.handle([sold(uuid4(), 1, UNLUCKY, offset=place) for place in range(more, more + 3)])
        await read_up_to(pool, more + 3)
    found = await told(pool)
    places = [each.value["places"][0]["next_offset"] for each in found if name(each) == "ProgressReported"]
    assert places == [6]
    assert [each.value["record_offset"] for each in found if name(each) == "RecordParked"][:6] == [*range(6)]
    assert name(found[6]) == "ProgressReported"


async def test_a_report_of_the_future_is_due(pool: asyncpg.Pool, reporter: Reporter) -> None:
    await read_up_to(pool, 5)
    assert [await reporter.step(), await reporter.step()] == [1, 0]
    await later(pool, timedelta(days=-1))
    assert await reporter.step() == 1


async def test_of_a_header_that_comes_twice_the_last_one_counts(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    once, twice = str(uuid4()), str(uuid4())
    for place, ids in enumerate(([once, twice], [once, "none"], ["none", once])):
        strange = sold(uuid4(), 1, UNLUCKY, offset=place)
        rest = [each for each in strange.headers if each[0] != "ce_id"]
        await pool.execute(
            "insert into parked (topic, partition, record_offset, key, type, headers, failure, detail, digest)"
            " values ($1, 0, $2, $3, 'ph.shop.Sold2.v1', $4, 'unlucky', '', $5)",
            SHOP, place, str(KEY), json.dumps([*((n, v.decode()) for n, v in rest), *(("ce_id", i) for i in ids)]),
            str(place).encode(),
        )  # fmt: skip
    rows = await pool.fetch("select event_id::text, type from parked_change order by id")
    assert [row["event_id"] for row in rows] == [twice, None, once]
    assert {row["type"] for row in rows} == {"ph.shop.Sold2.v1"}


async def test_nobody_reports_or_settles_while_a_database_is_reconciled(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])
    async with pool.acquire() as connection, connection.transaction():
        await moving_on.alone(connection)
        assert await reporter.step() == 0
        await connection.execute("set local lock_timeout = '100ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await pool.execute("set lock_timeout = '100ms'; delete from parked; reset lock_timeout")
    assert await reporter.step() == 2


async def test_nothing_is_told_while_the_database_is_known_to_be_an_earlier_one(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])
    toy.workshop.gate.closed = True
    assert await reporter.step() == 0
    assert await told(pool) == []
    toy.workshop.gate.closed = False
    assert await reporter.step() == 2


async def test_a_restored_database_tells_first_how_far_it_had_read_and_what_is_parked_in_it(
    toy: ToyRuntime, pool: asyncpg.Pool, reporter: Reporter
) -> None:
    await toy.dispatcher.handle(
        [sold(KEY, 1, UNLUCKY, offset=40), sold(uuid4(), 1, UNLUCKY, offset=41), sold(uuid4(), 1, UNLUCKY, offset=42)]
    )
    await decided(pool, 41)
    await decided(pool, 42, discard=True)
    await read_up_to(pool, 43)
    while await reporter.step():
        pass
    before = len(await told(pool))
    async with pool.acquire() as connection, connection.transaction():
        await moving_on.alone(connection)
        await moving_on.tell_anew(connection)
    await read_up_to(pool, 50)
    while await reporter.step():
        pass
    first, *again, last = (await told(pool))[before:]
    assert (first.value["restored"], first.value["places"][0]["next_offset"]) == (True, 43)
    assert [(name(each), each.value["record_offset"]) for each in again] == [
        ("RecordParked", 40),
        ("RecordParked", 41),
        ("RecordRetried", 41),
    ]
    assert (last.value["restored"], last.value["places"][0]["next_offset"]) == (False, 50)
    assert await pool.fetchval("select restored from report") is None


async def test_a_service_without_such_events_keeps_no_notes(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])
    assert await Reporter(toy.workshop, "till", None).step() == 0
    assert await pool.fetchval("select count(*) from parked_change") == 0
    assert await pool.fetchval("select count(*) from outbox") == 0


def test_what_an_operator_s_own_role_decides_is_noted_and_it_can_read_no_note(cluster: Cluster) -> None:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "training"))
        database.fetch(
            "insert into parked (topic, partition, record_offset, key, headers, failure, detail, digest)"
            " values ('ph.referral.v1', 0, 7, $1, '[]', 'unlucky', '', 'd')",
            str(KEY),
            as_application=True,
        )

        async def decides(operator: asyncpg.Connection) -> None:
            number = await operator.fetchval("select id from parked_envelope")
            assert (await operators.retry(operator, [number], "INC-4711")).outcomes[0].changed
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await operator.fetch("select * from parked_change")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await operator.fetch("select tell_parked()")

        database.run(decides, of=database.operator)
        found = database.fetch("select change, key from parked_change order by id", as_application=True)
    assert [tuple(row) for row in found] == [("parked", KEY), ("retried", KEY)]


async def test_what_was_parked_before_there_were_notes_is_told_by_the_migration(
    pool: asyncpg.Pool, toy: ToyRuntime
) -> None:
    await toy.dispatcher.handle([sold(KEY, 1, UNLUCKY, offset=40)])
    await pool.execute("delete from parked_change")
    await pool.execute("select tell_parked()")
    rows = await pool.fetch("select c.change, c.at = p.parked_at as its_time from parked_change c, parked p")
    assert [tuple(row) for row in rows] == [("parked", True)]
