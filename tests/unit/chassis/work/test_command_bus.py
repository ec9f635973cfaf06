"""How often a command is tried, what counts as its answer, where a lock is taken at once. The database is a stand-in.

What its statements do is seen in `tests/integration/test_command_path.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.pure.decision import Decision, Handler, Refused
from chassis.pure.states import ConcurrentUpdateError, Need, by_id, by_link
from chassis.telemetry.tracing import NO_TRACE
from chassis.work import command_bus
from chassis.work.command_bus import ATTEMPTS, CommandBus, Done, IdempotencyKey, may_succeed_again
from tests.support.toy import Sell, Till
from tests.support.toy_runtime import ACTOR, ToyRuntime

KEY = IdempotencyKey(b"key", b"body", (b"as it was", b"as it was before"))
NO = Refused("closed", "It is closed.", "Come back tomorrow.")


class Database:
    """A pool of one connection that keeps answers by key."""

    def __init__(self) -> None:
        self.kept: dict[bytes, tuple[bytes, str]] = {}
        self.transactions: list[str] = []
        self.taken = False
        """Somebody else keeps an answer under the key before this one does."""

    @asynccontextmanager
    async def acquire(self, timeout: float) -> AsyncIterator[Database]:
        assert timeout > 0
        yield self

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            self.transactions.append("rolled back")
            raise
        self.transactions.append("committed")

    async def fetchrow(self, query: str, *given: Any) -> Any:
        if "insert into idempotency" not in query:
            found = self.kept.get(given[0])
            return found and {"fingerprint": found[0], "answer": found[1]}
        if self.taken:
            self.kept[given[0]] = given[1], "of the first"
            return (0,)
        self.kept[given[0]] = given[1], given[2]
        return (1,)


class World:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database = Database()
        self.toy = ToyRuntime(self.database)  # type: ignore[arg-type]
        self.metrics = self.toy.metrics
        self.errors: list[Exception] = []
        self.pauses: list[tuple[float, float]] = []
        self.calls = 0
        monkeypatch.setattr(command_bus.random, "uniform", self._uniform)

    def _uniform(self, least: float, most: float) -> float:
        self.pauses.append((least, most))
        return 0.0

    async def work(self, _connection: object) -> str | Refused:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return '{"done":1}'

    async def do(self, work: Callable[..., Any] | None = None, key: IdempotencyKey = KEY) -> Done | Refused:
        return await self.toy.bus.do("tidy", key, work or self.work)

    def counted(self) -> dict[str, float]:
        """Of the work `tidy`, by outcome."""
        (family,) = self.metrics.commands.collect()
        return {
            each.labels["outcome"]: each.value
            for each in family.samples
            if each.name.endswith("_total") and each.labels["command"] == "tidy"
        }


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


async def test_work_is_done_once_and_its_answer_is_kept_under_its_key(world: World) -> None:
    assert await world.do() == Done('{"done":1}')
    assert await world.do() == Done('{"done":1}', replayed=True)
    assert (world.calls, world.database.transactions, world.toy.wakes) == (1, ["committed"], 2)
    assert world.database.kept == {b"key": (b"body", '{"done":1}')}
    assert world.counted() == {"done": 1, "replayed": 1}


@pytest.mark.parametrize("hash_", [KEY.fingerprint, *KEY.others])
async def test_the_hash_of_the_same_body_under_another_generation_of_keys_is_the_same(
    world: World, hash_: bytes
) -> None:
    world.database.kept = {b"key": (hash_, "kept")}
    assert await world.do() == Done("kept", replayed=True)


async def test_another_body_under_the_same_key_is_refused(world: World) -> None:
    world.database.kept = {b"key": (b"another", "kept")}
    refused = await world.do()
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status, refused.field) == ("idempotency_key_reused", 422, "Idempotency-Key")
    assert (world.calls, world.counted(), world.toy.wakes) == (0, {"idempotency_key_reused": 1}, 0)


async def test_what_work_refuses_is_rolled_back_and_its_key_is_free(world: World) -> None:
    async def refuses(_connection: object) -> Refused:
        return NO

    assert await world.do(refuses) == NO
    assert (world.database.kept, world.database.transactions) == ({}, ["rolled back"])
    assert (world.counted(), world.toy.wakes) == ({"closed": 1}, 0)
    assert await world.do() == Done('{"done":1}')


async def test_who_is_refused_what_the_first_with_its_key_has_done_meanwhile_gets_that_answer(world: World) -> None:
    async def refuses(_connection: object) -> Refused:
        world.database.kept[b"key"] = b"body", "of the first"
        return NO

    assert await world.do(refuses) == Done("of the first", replayed=True)


async def test_who_is_second_under_a_key_gets_the_answer_of_the_first(world: World) -> None:
    world.database.taken = True
    assert await world.do() == Done("of the first", replayed=True)
    assert world.database.transactions == ["rolled back"]


async def test_an_outage_is_waited_for_longer_each_time_and_raised_in_the_end(world: World) -> None:
    world.errors = [ConnectionResetError() for _ in range(ATTEMPTS - 1)]
    assert await world.do() == Done('{"done":1}')
    assert world.calls == ATTEMPTS == 4
    assert world.pauses == [(0, 0.04), (0, 0.08), (0, 0.16)]
    assert world.metrics.retries.labels("command", "ConnectionResetError")._value.get() == 3
    assert world.counted() == {"done": 1}
    world.errors = [ConnectionResetError() for _ in range(ATTEMPTS + 1)]
    with pytest.raises(ConnectionResetError):
        await world.do(key=IdempotencyKey(b"other", b"body"))
    assert len(world.errors) == 1
    assert world.counted() == {"done": 1, "failed": 1}


async def test_who_has_lost_a_race_tries_again_at_once(world: World) -> None:
    world.errors = [ConcurrentUpdateError()]
    assert await world.do() == Done('{"done":1}')
    assert (world.calls, world.pauses) == (2, [])


async def test_a_defect_is_raised_at_once(world: World) -> None:
    world.errors = [ValueError("a defect")]
    with pytest.raises(ValueError, match="a defect"):
        await world.do()
    assert (world.calls, world.counted()) == (1, {"failed": 1})


def test_outages_and_collisions_of_random_ids_may_succeed_again() -> None:
    assert may_succeed_again(ConnectionResetError())
    assert may_succeed_again(asyncpg.UniqueViolationError())
    assert not may_succeed_again(asyncpg.CheckViolationError())


def test_only_a_command_on_one_aggregate_by_its_id_can_do_without_a_lock() -> None:
    def call(*needs: Need, seen: Any = None) -> Any:
        handler = Handler(lambda _: needs, lambda *_: NO)
        return command_bus._Call(Sell(UUID(int=1), 1), handler, needs, ACTOR, KEY, seen, NO_TRACE)

    assert call(till(1)).only_need == till(1)
    for other in (call(), call(till(1), till(2)), call(by_link(Till, UUID(int=1))), call(till(1), seen=object())):
        assert other.only_need is None


# --- where callers compete -------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds; add to them."""
    now = [1000.0]
    monkeypatch.setattr(command_bus, "monotonic", lambda: now[0])
    return now


def till(number: int) -> Need:
    return by_id(Till, UUID(int=number))


def test_an_aggregate_is_contended_for_a_second_after_the_last_race(clock: list[float]) -> None:
    contended = command_bus._Contended()
    assert till(1) not in contended
    contended.note(till(1))
    clock[0] += 0.9
    assert till(1) in contended
    assert till(2) not in contended
    contended.note(till(1))
    clock[0] += 0.9
    assert till(1) in contended
    clock[0] += command_bus.CONTENDED_SECONDS - 0.9
    assert till(1) not in contended


def test_of_many_contended_ones_the_latest_are_remembered(clock: list[float]) -> None:
    contended = command_bus._Contended()
    for number in range(command_bus.MAX_CONTENDED):
        contended.note(till(number))
    contended.note(till(0))
    assert till(1) in contended, "as many as are remembered"
    contended.note(till(command_bus.MAX_CONTENDED))
    assert [each for each in range(command_bus.MAX_CONTENDED + 1) if till(each) not in contended] == [1]


async def test_a_handler_that_answers_nothing_is_a_defect(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its caller would be answered with the empty text."""
    loaded: list[Need] = []

    async def load(_connection: object, _states: object, needs: Any) -> None:
        loaded.extend(needs)

    def silent(_states: object, command: Sell, _context: object) -> Decision:
        return Decision((Till(command.till),))

    monkeypatch.setattr(world.toy.workshop.storage, "load", load)
    bus = CommandBus(world.toy.workshop, {Sell: Handler(lambda _: (till(1), till(2)), silent)})
    with pytest.raises(TypeError, match="Sell answers nothing"):
        await bus.execute(Sell(uuid4(), 1), ACTOR, KEY)
    assert loaded == [till(1), till(2)]
    assert (world.database.kept, world.database.transactions) == ({}, ["rolled back"])
