"""Commands against a real database: one effect per Idempotency-Key, gapless numbers, nothing after a refusal."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.pure.decision import Refused
from chassis.work import command_bus
from chassis.work.command_bus import CommandBus, Done
from tests.support.toy import UNLUCKY, Sell
from tests.support.toy_runtime import Statements, ToyRuntime


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

    async def loses(self: CommandBus, *arguments: Any) -> Any:
        done = await once(self, *arguments)
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


async def test_a_command_costs_four_round_trips(toy: ToyRuntime, statements: Statements) -> None:
    till = uuid4()
    for amount in (5, 6):  # the first prepares the statements
        statements.queries.clear()
        await toy.command(Sell(till, amount))
    assert len(statements.queries) == 4, statements.queries  # begin, load, write, commit
    assert len(statements.starting_with("commit")) == 1
