"""The worker that wraps data keys anew: it comes past what does not open, says which that is, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from chassis.pure.decision import NOTHING, Context, Decision, Handler
from chassis.pure.needs import needs
from chassis.pure.sealing import Rewrap, WrappedKey
from chassis.pure.states import States
from chassis.service import Wrapped
from chassis.telemetry.metrics import Metrics
from chassis.work import rewrapper
from chassis.work.rewrapper import BATCH, Rewrapper
from tests.support.keys import SETTING, KeyVault, line, vault_of
from tests.support.loglines import configured, restore_logging  # noqa: F401 - a fixture
from tests.support.memory import SYSTEM

FIRST = line("first", 1)
LATER = line("second", 2, "2026-01-01T00:00:00Z")


@dataclass(frozen=True)
class Row:
    """An aggregate with a key."""

    id: UUID
    key: WrappedKey
    status: str = "sealed"


def rewrap(states: States, message: Rewrap, context: Context) -> Decision:
    row = states.get(Row, message.id)
    assert row is not None
    key = context.vault.rewrapped(row.id, "part", row.key)
    return NOTHING if key == row.key else Decision((Row(row.id, key),))


class Table:
    """Rows as a database would give them, and the unit of work over them."""

    def __init__(self, count: int, locked: Iterable[int]) -> None:
        old, lost = vault_of(FIRST), vault_of(line("first", 9))  # another key under the same id
        bad = set(locked)
        ids = [UUID(int=number) for number in range(1, count + 1)]
        self.rows = {id_: Row(id_, (lost if id_.int in bad else old).seal(id_, "part", {}).key) for id_ in ids}
        self.metrics = Metrics("shop")
        self.vault = KeyVault(lambda: f"{FIRST}\n{LATER}", SETTING)
        shop: Any = SimpleNamespace(
            pool=self, actor=SYSTEM, metrics=self.metrics, tracer=SimpleNamespace(root=lambda: None)
        )
        shop.unit_of_work = lambda: Work(self)
        self.worker = Rewrapper(shop, [Wrapped(Row, "select ...", Handler(needs(id=Row), rewrap))], self.vault)

    @asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Table]:
        assert timeout
        yield self

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield

    async def fetch(self, _statement: str, outdated: Sequence[str], behind: UUID, most: int) -> list[tuple[UUID]]:
        found = sorted(id_ for id_, row in self.rows.items() if row.key.partition(":")[0] in outdated and id_ > behind)
        return [(id_,) for id_ in found[:most]]

    def under(self, generation: str) -> set[int]:
        return {id_.int for id_, row in self.rows.items() if row.key.startswith(f"{generation}:")}

    def steps(self, most: int = 12) -> list[int]:
        return asyncio.run(self._steps(most))

    async def _steps(self, most: int) -> list[int]:
        done = [await self.worker.step()]
        while done[-1] and len(done) < most:
            done.append(await self.worker.step())
        return done


class Work:
    def __init__(self, table: Table) -> None:
        self.table, self.now, self.decided = table, None, list[Row]()

    async def load(self, *_: Any) -> None:
        pass

    def decide(self, handler: Handler, message: Rewrap, _cause: Any) -> Any:
        states = SimpleNamespace(get=lambda _kind, id_: self.table.rows[id_])
        decision: Any = handler.decide(states, message, SimpleNamespace(vault=self.table.vault))  # type: ignore[arg-type]
        self.decided += decision.states
        return decision

    async def save(self, _connection: Any) -> None:
        self.table.rows.update({row.id: row for row in self.decided})


def stuck(table: Table) -> float | None:
    return table.metrics.registry.get_sample_value("ph_wrapped_under_older")


def test_everything_comes_to_the_generation_that_seals() -> None:
    table = Table(2 * BATCH + 7, locked=())
    assert table.steps() == [BATCH, BATCH, 7, 2 * BATCH + 7, 0]
    assert (table.under("first"), stuck(table)) == (set(), 0)


def test_what_does_not_open_holds_up_nothing_else_and_is_told() -> None:
    table, lines = Table(BATCH + 20, locked={1, 2, BATCH + 1}), configured()
    table.steps()
    assert table.under("first") == {1, 2, BATCH + 1}
    assert stuck(table) == 3
    told = [each for each in lines() if each["event"] == "vault_locked"]
    assert {UUID(each["note_id"]).int for each in told} == {1, 2, BATCH + 1}
    assert {each["task"] for each in told} == {"rewrapper"}
    assert table.steps() == [0], "an hour passes before it looks again"


def test_more_than_a_batch_that_does_not_open_hides_nobody_behind_it() -> None:
    table, lines = Table(3 * BATCH, locked=range(1, 2 * BATCH + 1)), configured()
    table.steps()
    assert table.under("second") == set(range(2 * BATCH + 1, 3 * BATCH + 1))
    assert stuck(table) == 2 * BATCH
    told = [each for each in lines() if each["event"] == "vault_locked"]
    assert len(told) == 2 * rewrapper.MOST_TOLD, "in each of the two passes"


def test_a_generation_that_comes_under_way_begins_a_new_pass() -> None:
    table = Table(2 * BATCH, locked=())
    assert asyncio.run(table.worker.step()) == BATCH
    table.vault._read = lambda: f"{FIRST}\n{LATER}\n{line('third', 3, '2026-01-02T00:00:00Z')}"
    assert table.vault.renew()
    table.steps()
    assert table.under("third") == {row.int for row in table.rows}
