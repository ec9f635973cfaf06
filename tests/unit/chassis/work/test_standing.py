"""What holds over the code lists: read anew, and never silently stale."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chassis.http.problems import Problem
from chassis.http.starting import started
from chassis.service import Overlay
from chassis.work import standing as module
from chassis.work.standing import STALE_SECONDS, Standing


class Table:
    """A storage with these aggregates, or one that does not answer."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.silent = False

    async def all(self, _connection: Any, state: type[Any]) -> list[str]:
        assert state is str
        if self.silent:
            raise ConnectionError
        return list(self.found)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def standing(table: Table, clock: SimpleNamespace) -> Standing:
    return Standing(("list",), table, Overlay(str, lambda lists, found: (*lists, *found)))  # type: ignore[arg-type]


async def test_what_holds_lies_over_the_lists_as_long_as_it_holds(standing: Standing, table: Table) -> None:
    assert standing.reference == ("list",)
    table.found = ["shut"]
    await standing.renew(None)  # type: ignore[arg-type]
    assert standing.reference == ("list", "shut")
    before = standing.reference
    await standing.renew(None)  # type: ignore[arg-type]
    assert standing.reference is before, "nothing is made anew"
    table.found = []
    await standing.renew(None)  # type: ignore[arg-type]
    assert standing.reference == ("list",)


async def test_whoever_cannot_read_keeps_what_was_read_and_grows_old(
    standing: Standing, table: Table, clock: SimpleNamespace
) -> None:
    table.found = ["shut"]
    await standing.renew(None)  # type: ignore[arg-type]
    table.silent = True
    clock.now += STALE_SECONDS - 0.1
    with pytest.raises(ConnectionError):
        await standing.renew(None)  # type: ignore[arg-type]
    assert standing.reference == ("list", "shut")
    assert standing.age == pytest.approx(STALE_SECONDS - 0.1)
    assert not standing.is_stale
    clock.now += 0.2
    assert standing.is_stale
    table.silent = False
    await standing.renew(None)  # type: ignore[arg-type]
    assert standing.age == 0


async def test_the_age_counts_from_when_it_was_asked(standing: Standing, clock: SimpleNamespace) -> None:
    class Slow(Table):
        async def all(self, _connection: Any, state: type[Any]) -> list[str]:
            clock.now += 3
            return []

    standing._storage = Slow()  # type: ignore[assignment]
    await standing.renew(None)  # type: ignore[arg-type]
    assert standing.age == 3


async def test_nobody_is_answered_by_a_process_that_does_not_know_what_holds(
    standing: Standing, clock: SimpleNamespace
) -> None:
    state = SimpleNamespace(workshop="a workshop", standing=standing)
    request: Any = SimpleNamespace(app=SimpleNamespace(state=state))
    assert started(request, "workshop") == "a workshop"
    clock.now += STALE_SECONDS
    with pytest.raises(Problem) as raised:
        started(request, "workshop")
    assert (raised.value.status, raised.value.code) == (503, "standing_unknown")


async def test_a_service_without_any_is_never_stale(clock: SimpleNamespace) -> None:
    plain = Standing("lists")
    clock.now += 3600
    await plain.renew(None)  # type: ignore[arg-type]
    assert (plain.reference, plain.age, plain.is_kept, plain.is_stale) == ("lists", 0.0, False, False)
