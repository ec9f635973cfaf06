"""Which way a command goes, without a lock or under one, and what it meets there. The tables are in memory."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.pure.answers import tag_of
from chassis.pure.decision import Decision, Handler, Refused
from chassis.pure.resources import UNSHOWN, Resource, Seen
from chassis.pure.states import ConcurrentUpdateError, by_id
from chassis.telemetry.tracing import current
from chassis.work import command_bus
from chassis.work.command_bus import CommandBus, Done
from tests.support.memory_database import MemoryDatabase
from tests.support.toy import COMMANDS, UNLUCKY, Close, Sell, Till, Total
from tests.support.toy_runtime import KEY, ToyRuntime

TILL, OTHER = UUID(int=1), UUID(int=2)
GONE = Refused("till_missing", "There is no such till.", "Open one.", status=404)


def show(states: Any, id_: UUID, _context: object) -> Total | Refused:
    """A till's total, and that of the other one if it is there."""
    till, other = states.get(Till, id_), states.get(Till, OTHER)
    return GONE if till is None else Total(total=till.total + (other.total if other else 0))


RESOURCE = Resource(lambda id_: (by_id(Till, id_),), show, lambda _states, _id: (by_id(Till, OTHER),))


class World:
    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.toy = ToyRuntime(self.database)  # type: ignore[arg-type]
        self.command = self.toy.command

    def totals(self) -> dict[UUID, int]:
        return {id_: json.loads(data)["total"] for id_, (_, data) in self.database.tables.tills.items()}

    def locks(self) -> int:
        """How many transactions have begun since this was asked last."""
        found = self.database.statements.count("begin")
        self.database.statements.clear()
        return found

    def seen(self, total: int, *, tags: list[str] | None = None) -> Seen:
        given = [tag_of(Total(total=total), TILL, KEY)] if tags is None else tags
        return Seen(RESOURCE, TILL, given, KEY)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_command_on_one_aggregate_is_written_without_a_lock_and_told(world: World) -> None:
    assert await world.command(Sell(TILL, 5)) == Done('{"total":5}')
    assert await world.command(Sell(TILL, 6)) == Done('{"total":11}')
    assert (world.totals(), world.database.tables.outbox, world.locks()) == ({TILL: 11}, [str(TILL)] * 2, 0)
    seconds = {"type": "Sell", "outcome": "done"}
    assert world.toy.metrics.registry.get_sample_value("ph_handler_seconds_count", seconds) == 2
    assert 0 < (world.toy.metrics.registry.get_sample_value("ph_handler_seconds_sum", seconds) or 0) < 10


async def test_what_it_creates_is_a_child_of_the_span_of_its_request(world: World) -> None:
    request = world.toy.tracer.root_linked_to(None)
    token = current.set(request)
    try:
        await world.command(Sell(TILL, 5))
    finally:
        current.reset(token)
    (span,) = world.toy.collector.spans
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" in request.traceparent


async def test_a_repeat_gets_its_stored_answer_and_leaves_nothing(world: World) -> None:
    await world.command(Sell(TILL, 5), key="once")
    assert await world.command(Sell(TILL, 5), key="once") == Done('{"total":5}', replayed=True)
    assert (world.totals(), len(world.database.tables.outbox)) == ({TILL: 5}, 1)


async def test_a_refusal_rests_on_a_lock_and_a_repeat_that_would_be_refused_gets_its_stored_answer(
    world: World,
) -> None:
    await world.command(Sell(TILL, 5), key="once")
    refused = await world.command(Sell(TILL, UNLUCKY))
    assert isinstance(refused, Refused)
    assert (refused.code, world.locks(), world.totals()) == ("unlucky", 1, {TILL: 5})
    assert await world.command(Sell(TILL, UNLUCKY), key="once") == Done('{"total":5}', replayed=True)
    outcome = {"type": "Sell", "outcome": "refused"}
    assert world.toy.metrics.registry.get_sample_value("ph_handler_seconds_count", outcome) == 4


async def test_a_decision_that_leaves_its_aggregate_as_it_is_rests_on_a_lock(world: World) -> None:
    def nothing(states: Any, command: Close, _context: object) -> Decision:
        till = states.get(Till, command.till)
        return Decision((), answer=Total(total=till.total))

    await world.command(Sell(TILL, 5))
    needs = COMMANDS[Close].needs
    world.toy.bus = CommandBus(world.toy.workshop, {**COMMANDS, Close: Handler(needs, nothing)})
    assert (await world.command(Close(TILL)), world.locks()) == (Done('{"total":5}'), 1)


async def test_who_is_not_first_decides_anew_under_a_lock_and_so_do_those_after_it_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(command_bus, "monotonic", lambda: now[0])
    world.database.errors = [asyncpg.SerializationError()]
    assert (await world.command(Sell(TILL, 1)), world.locks()) == (Done('{"total":1}'), 1)
    assert (await world.command(Sell(TILL, 2)), world.locks()) == (Done('{"total":3}'), 1)
    assert (await world.command(Sell(OTHER, 2)), world.locks()) == (Done('{"total":2}'), 0)
    now[0] += command_bus.CONTENDED_SECONDS
    assert (await world.command(Sell(TILL, 2)), world.locks()) == (Done('{"total":5}'), 0)
    assert world.toy.metrics.retries.labels("command", "ConcurrentUpdateError")._value.get() == 1


async def test_who_is_never_first_is_told_in_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_bus.random, "uniform", lambda *_: 0.0)
    world.database.errors = [asyncpg.SerializationError() for _ in range(9)]
    with pytest.raises((ConcurrentUpdateError, asyncpg.SerializationError)):
        await asyncio.wait_for(world.command(Sell(TILL, 1)), 5)
    assert world.totals() == {}


async def test_whose_write_breaks_a_rule_of_the_database_since_it_was_done_gets_the_stored_answer(
    world: World,
) -> None:
    await world.command(Sell(TILL, 5), key="once")
    world.database.errors = [asyncpg.UniqueViolationError()]
    assert await world.command(Sell(TILL, 5), key="once") == Done('{"total":5}', replayed=True)
    world.database.errors = [asyncpg.CheckViolationError()]
    with pytest.raises(asyncpg.CheckViolationError):
        await world.command(Sell(TILL, 5))
    assert world.totals() == {TILL: 5}


# --- what the caller has seen ----------------------------------------------------------------------------------------


async def test_what_is_still_as_it_was_seen_is_decided_on_under_a_lock(world: World) -> None:
    await world.command(Sell(TILL, 5))
    assert (await world.command(Sell(TILL, 1), seen=world.seen(5)), world.locks()) == (Done('{"total":6}'), 1)


async def test_what_has_changed_since_is_refused_and_so_is_what_stands_beside_it(world: World) -> None:
    await world.command(Sell(TILL, 5))
    await world.command(Sell(OTHER, 2))
    for total, code in ((5, "changed_meanwhile"), (7, None)):
        answer = await world.command(Sell(TILL, 1), seen=world.seen(total))
        assert (answer.code if isinstance(answer, Refused) else None) == code
    assert world.totals() == {TILL: 6, OTHER: 2}
    stale = await world.command(Sell(TILL, UNLUCKY), seen=world.seen(5))
    assert isinstance(stale, Refused)
    assert stale.code == "changed_meanwhile", "before what the command itself says"


async def test_of_what_nobody_shows_the_command_itself_speaks_first(world: World) -> None:
    refused = await world.command(Sell(TILL, UNLUCKY), seen=world.seen(5))
    assert isinstance(refused, Refused)
    assert refused.code == "unlucky"
    assert await world.command(Sell(TILL, 5), seen=world.seen(5)) == UNSHOWN
    assert world.totals() == {}
