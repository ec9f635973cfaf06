"""Commands against a real database: one effect per Idempotency-Key, gapless numbers, nothing after a refusal."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.outbox.append import Emitted, append
from chassis.postgres.writes import Part, Writes
from chassis.pure.answers import tag_of
from chassis.pure.decision import Refused
from chassis.pure.resources import Seen
from chassis.pure.states import ConcurrentUpdateError
from chassis.telemetry.tracing import NO_TRACE
from chassis.work import command_bus
from chassis.work.command_bus import CommandBus, Done
from tests.support.toy import UNLUCKY, Close, Counted, Sell, SetAlarm, Total
from tests.support.toy_app import TILL
from tests.support.toy_runtime import ACTOR, KEY, Statements, ToyRuntime


async def test_a_command_saves_its_state_and_its_event_together(toy: ToyRuntime) -> None:
    till = uuid4()
    assert await toy.command(Sell(till, 5)) == Done('{"total":5}')
    assert await toy.totals() == {till: 5}
    assert await toy.outbox() == [(str(till), 1)]
    assert toy.wakes == 1


async def test_the_same_key_and_body_give_the_stored_answer_and_no_second_effect(toy: ToyRuntime) -> None:
    till = uuid4()
    first = await toy.command(Sell(till, 5), key="once")
    second = await toy.command(Sell(till, 5), key="once")
    assert first == Done('{"total":5}', replayed=False)
    assert second == Done('{"total":5}', replayed=True)
    assert await toy.totals() == {till: 5}


async def test_the_same_key_with_another_body_is_refused(toy: ToyRuntime) -> None:
    till = uuid4()
    await toy.command(Sell(till, 5), key="once", body=b"a")
    refused = await toy.command(Sell(till, 6), key="once", body=b"b")
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status) == ("idempotency_key_reused", 422)
    assert await toy.totals() == {till: 5}


async def test_a_repeat_that_would_now_be_refused_gets_the_stored_answer(toy: ToyRuntime) -> None:
    till = uuid4()
    await toy.command(Sell(till, 5), key="once", body=b"a")
    again = await toy.command(Sell(till, UNLUCKY), key="once", body=b"a")
    assert again == Done('{"total":5}', replayed=True)
    other = await toy.command(Sell(till, UNLUCKY), key="once", body=b"b")
    assert isinstance(other, Refused)
    assert other.code == "idempotency_key_reused"


async def test_a_repeat_whose_writes_the_database_refuses_gets_the_stored_answer(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    till = uuid4()
    await pool.execute("create unique index one_event_per_key on outbox (key)")
    await toy.command(Sell(till, 5), key="once")
    assert await toy.command(Sell(till, 5), key="once") == Done('{"total":5}', replayed=True)


async def test_a_commit_whose_answer_is_lost_is_found_by_the_next_attempt(
    toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, lost = CommandBus._once, []

    async def loses(self: CommandBus, *arguments: Any, **options: Any) -> Any:
        done = await once(self, *arguments, **options)
        if not lost:
            lost.append(done)
            raise ConnectionResetError
        return done

    monkeypatch.setattr(CommandBus, "_once", loses)
    till = uuid4()
    assert await toy.command(Sell(till, 5)) == Done('{"total":5}', replayed=True)
    assert await toy.totals() == {till: 5}


async def test_a_key_that_expires_while_it_is_asked_for_is_a_new_one(
    toy: ToyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, asked = command_bus._stored, []

    async def expires(connection: Any, key: Any) -> Any:
        if not asked:
            asked.append(key)
            await connection.execute("delete from idempotency")
        return await stored(connection, key)

    monkeypatch.setattr(command_bus, "_stored", expires)
    till = uuid4()
    await toy.command(Sell(till, 5), key="once")
    assert await toy.command(Sell(till, 5), key="once") == Done('{"total":10}')


async def test_two_bodies_with_one_key_at_once_have_one_effect(toy: ToyRuntime) -> None:
    till = uuid4()
    bodies = [b"a", b"b"] * 4
    answers = await asyncio.gather(*(toy.command(Sell(till, 5), key="once", body=body) for body in bodies))
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {(each.code, each.status) for each in refused} == {("idempotency_key_reused", 422)}
    assert len(refused) == 4
    assert await toy.totals() == {till: 5}


async def test_many_concurrent_requests_with_one_key_have_one_effect_and_one_answer(toy: ToyRuntime) -> None:
    till = uuid4()
    answers = await asyncio.gather(*(toy.command(Sell(till, 5), key="once") for _ in range(20)))
    assert {answer.answer for answer in answers if isinstance(answer, Done)} == {'{"total":5}'}
    assert sum(isinstance(answer, Done) and not answer.replayed for answer in answers) == 1
    assert await toy.totals() == {till: 5}


async def test_a_refusal_changes_nothing_and_its_key_can_be_used_again(toy: ToyRuntime) -> None:
    till = uuid4()
    refused = await toy.command(Sell(till, UNLUCKY), key="again")
    assert isinstance(refused, Refused)
    assert await toy.totals() == {}
    assert await toy.outbox() == []
    assert await toy.command(Sell(till, 5), key="again") == Done('{"total":5}')


async def test_concurrent_commands_on_one_key_are_numbered_without_gap_in_outbox_order(toy: ToyRuntime) -> None:
    till = uuid4()
    await asyncio.gather(*(toy.command(Sell(till, 1)) for _ in range(40)))
    assert await toy.totals() == {till: 40}
    assert await toy.outbox() == [(str(till), number) for number in range(1, 41)]


async def test_a_rolled_back_transaction_leaves_no_hole_in_the_numbering(toy: ToyRuntime) -> None:
    till = uuid4()
    await toy.command(Sell(till, 1))
    await toy.command(Sell(till, UNLUCKY))
    await toy.command(Sell(till, 1))
    assert await toy.outbox() == [(str(till), 1), (str(till), 2)]


async def test_a_command_that_loses_its_connection_is_tried_again(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    till = uuid4()
    await toy.command(Sell(till, 1))
    await pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
        "and pid <> pg_backend_pid()"
    )
    assert await toy.command(Sell(till, 1)) == Done('{"total":2}')


async def test_a_command_on_one_aggregate_costs_two_round_trips(toy: ToyRuntime, statements: Statements) -> None:
    till = uuid4()
    for amount in (5, 6):  # the first prepares the statements
        statements.queries.clear()
        await toy.command(Sell(till, amount))
    assert len(statements.queries) == 2, statements.queries  # load; write, which commits by itself
    assert statements.starting_with("begin", "commit") == []


async def test_a_command_that_says_what_it_has_seen_costs_four(toy: ToyRuntime, statements: Statements) -> None:
    till = uuid4()
    await toy.command(Sell(till, 5))
    for amount in (5, 6):
        statements.queries.clear()
        await toy.command(Sell(till, amount), seen=Seen(TILL, till, ["*"], KEY))
    assert len(statements.queries) == 4, statements.queries  # begin, load, write, commit


async def test_who_is_not_first_decides_anew_under_a_lock(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    """Another transaction has the till while the command reads, and commits before it writes."""
    till = uuid4()
    await toy.command(Sell(till, 5))
    async with pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute(
            "update till set version = version + 1, data = jsonb_set(data, '{total}', '100') where id = $1", till
        )
        selling = asyncio.create_task(toy.command(Sell(till, 1)))
        while not await pool.fetchval("select exists (select from pg_locks where not granted)"):
            assert not selling.done()
            await asyncio.sleep(0.01)
        await transaction.commit()
    assert await selling == Done('{"total":101}')
    assert await toy.outbox() == [(str(till), 1), (str(till), 2)]


async def test_nothing_is_written_by_a_command_that_was_not_first(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    till = uuid4()
    writes = Writes()
    event = Emitted(Counted(till_id=till, amount=1, total=1), str(till), "x", ACTOR, NO_TRACE, "")
    opened = "insert into till select u.id, 1, 'open', '{}', now() from {rows} returning true"
    writes.add(Part("till_saved", opened, ("id uuid",), exact=True), [(till,)])
    append(writes, [event], toy.clock.now())
    changed = "update till set version = 9 from {rows} where till.id = u.id returning true"
    writes.add(Part("missing", changed, ("id uuid",), exact=True), [(uuid4(),)])
    async with pool.acquire() as connection:
        with pytest.raises(ConcurrentUpdateError):
            await writes.commit(connection)
    assert [await pool.fetchval(f"select count(*) from {table}") for table in ("till", "outbox", "stream")] == [0] * 3


async def test_a_stale_tag_is_refused_and_a_repeat_gets_its_stored_answer_all_the_same(toy: ToyRuntime) -> None:
    till = uuid4()
    await toy.command(Sell(till, 5))
    tag = tag_of(Total(total=5), till, KEY)
    first = await toy.command(Sell(till, 1), key="once", seen=Seen(TILL, till, [tag], KEY))
    assert first == Done('{"total":6}')
    again = await toy.command(Sell(till, 1), key="once", seen=Seen(TILL, till, [tag], KEY))
    assert again == Done('{"total":6}', replayed=True)
    stale = await toy.command(Sell(till, 1), seen=Seen(TILL, till, [tag], KEY))
    assert isinstance(stale, Refused)
    assert (stale.code, stale.status, stale.field) == ("changed_meanwhile", 412, "If-Match")
    assert "total" in stale.detail
    assert await toy.totals() == {till: 6}


async def test_of_two_who_saw_the_same_one_is_told_to_read_again(toy: ToyRuntime) -> None:
    till = uuid4()
    await toy.command(Sell(till, 5))
    tag = tag_of(Total(total=5), till, KEY)
    answers = await asyncio.gather(*(toy.command(Sell(till, 1), seen=Seen(TILL, till, [tag], KEY)) for _ in range(8)))
    assert sum(isinstance(each, Done) for each in answers) == 1
    assert {each.status for each in answers if isinstance(each, Refused)} == {412}
    assert await toy.totals() == {till: 6}


async def test_a_decision_that_leaves_the_aggregate_as_it_is_rests_on_a_lock(
    toy: ToyRuntime, statements: Statements
) -> None:
    till = uuid4()
    await toy.command(SetAlarm(till, 5))
    await toy.command(SetAlarm(till, 5))
    statements.queries.clear()
    await toy.command(SetAlarm(till, 0))
    assert len(statements.starting_with("begin", "commit")) == 2, statements.queries
    assert await toy.pool.fetchval("select count(*) from deadline") == 0


async def test_a_refusal_waits_for_the_first_request_with_its_key(toy: ToyRuntime, pool: asyncpg.Pool) -> None:
    """The first is about to commit when the repeat meets a rule that says no by now: the repeat is the first's."""
    till = uuid4()
    await toy.command(Sell(till, 5))
    async with pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("select from till where id = $1 for update", till)
        first = asyncio.create_task(toy.command(Sell(till, 1), key="once"))
        await until_waiting(pool, 1)
        repeat = asyncio.create_task(toy.command(Sell(till, UNLUCKY), key="once"))
        await until_waiting(pool, 2)
        await transaction.commit()
    assert await first == Done('{"total":6}')
    assert await repeat == Done('{"total":6}', replayed=True)


async def test_a_deadline_that_is_set_anew_meanwhile_does_not_survive_the_command_that_clears_it(
    toy: ToyRuntime, pool: asyncpg.Pool
) -> None:
    """Two wait for the till: one sets a deadline and leaves the till as it is, the other closes it and clears it."""
    till = uuid4()
    await toy.command(Sell(till, 1))
    other = ToyRuntime(pool)
    async with pool.acquire() as holder:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("select from till where id = $1 for update", till)
        setting = asyncio.create_task(other.command(SetAlarm(till, 60), key="set"))
        await until_waiting(pool, 1)
        closing = asyncio.create_task(toy.command(Close(till), key="close"))
        await until_waiting(pool, 2)
        await transaction.commit()
    await asyncio.gather(setting, closing)
    assert await pool.fetchval("select status from till where id = $1", till) == "closed"
    assert await pool.fetchval("select count(*) from deadline") == 0


async def test_where_callers_compete_the_lock_is_taken_at_once(
    toy: ToyRuntime, pool: asyncpg.Pool, statements: Statements
) -> None:
    till = uuid4()
    await toy.command(Sell(till, 1))
    await asyncio.gather(*(toy.command(Sell(till, 1)) for _ in range(8)))
    statements.queries.clear()
    await toy.command(Sell(till, 1))
    assert len(statements.starting_with("begin")) == 1, statements.queries
    assert await toy.totals() == {till: 10}


async def until_waiting(pool: asyncpg.Pool, number: int) -> None:
    """Until so many transactions wait for a lock."""
    async with asyncio.timeout(10):
        while await pool.fetchval("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") < number:
            await asyncio.sleep(0.01)
