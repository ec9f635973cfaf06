"""A fault that broke nothing says so: it must not count as if a promise had been put to the test."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos import operators, restores
from chaos.books import Journal, Ledger
from chaos.edge import Call
from chaos.evidence import Restored
from chaos.faults import callers, transactions
from chaos.faults.base import InVainError, Scene
from chaos.faults.callers import Forger, LargeClient, SlowClient
from chaos.faults.deaths import CrashPoint
from chaos.faults.inputs import Operators
from chaos.faults.postgres import BackendKilled, LeaderTerminated
from chaos.faults.readers import StrangeMember
from chaos.faults.restores import DatabasePutBack
from chaos.faults.transactions import Deadlocks
from chaos.restores import Attended

UNHARMED = Attended(0.0, 0.0, None)
_FORGOTTEN = SimpleNamespace(forgotten=[SimpleNamespace(key="a", number=1, id="b")])
HARMED = Attended(1.0, 2.0, cast("Any", SimpleNamespace(comparison=_FORGOTTEN)))


class Door:
    """Of a database."""

    def shut(self) -> None:
        """Nobody comes through."""

    async def open(self) -> None:
        """Everybody does."""


class Servers:
    """A world without any: no rows, no workers that come by."""

    def __init__(self) -> None:
        self.journal, self.ledger = Journal(), Ledger()
        self.database = {"shop": Door(), "till": Door()}
        self.dsn = {"shop": "", "till": ""}
        self.stack = SimpleNamespace(issuer=SimpleNamespace(token=lambda *_: "a.b.c"))

    async def rows(self, *_: object) -> list[object]:
        return []

    async def value(self, *_: object) -> int:
        return 7

    def raise_flag(self, *_: object) -> None:
        """Nobody sees it."""

    lower_flag = raise_flag


class Supervisor:
    """Of one worker, who never ends."""

    worker = SimpleNamespace(name="till-1", service="till", lives=[()], log=Path())

    def running(self, _service: str = "") -> list[Any]:
        return []

    async def ended(self, *_: object) -> bool:
        return False


@pytest.fixture
def scene() -> Scene:
    found = Scene(cast("Any", Servers()), cast("Any", Supervisor()), *cast("Any", (None, None, None)), 1.0)

    async def somebody(*_: object) -> Any:
        return Supervisor.worker

    found.victim = found.leader = somebody  # type: ignore[method-assign]
    return found


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_seconds: float) -> None:
        """Nobody waits."""

    monkeypatch.setattr("asyncio.sleep", at_once)


class Unwelcome(StrangeMember):
    """Whom the group never takes in."""

    async def _visit(self, *_: object) -> None:
        raise TimeoutError


async def _nobody(*_: object, **__: object) -> int:
    return 0


@pytest.mark.parametrize(
    "fault", [Unwelcome(), CrashPoint("after_commit"), BackendKilled(), LeaderTerminated(), Operators()]
)
async def test_who_met_nobody_was_there_in_vain(fault: Any, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "look", _nobody)
    with pytest.raises(InVainError):
        await fault.inject(scene, random.Random(1))
    phases = [phase for _, _, phase, _ in scene.world.journal.entries]
    assert phases.count("begin") == phases.count("end"), "whatever it was, it is over"


class Idle:
    """A connection to a database in which nobody has a row."""

    async def fetch(self, *_: object) -> list[object]:
        return []

    def transaction(self) -> Idle:
        return self

    async def __aenter__(self) -> None:
        """Nothing begins."""

    async def __aexit__(self, *_: object) -> None:
        """Nothing ends."""

    async def close(self, **_: object) -> None:
        """Nothing was open."""


async def test_rows_that_nobody_waited_for_were_locked_in_vain(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(*_: object) -> Any:
        return Idle()

    monkeypatch.setattr(transactions, "_connect", connect)
    monkeypatch.setattr(transactions, "TOLD_WITHIN", 0.01)
    with pytest.raises(InVainError, match="nobody met a deadlock"):
        await Deadlocks().inject(scene, random.Random(1))
    phases = [phase for _, _, phase, _ in scene.world.journal.entries]
    assert phases.count("begin") == phases.count("end") == 1


@pytest.mark.parametrize("fault", [SlowClient(), LargeClient(), Forger()])
async def test_whom_nobody_refused_called_in_vain(fault: Any, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(worker: Any, kind: str, *_: object, **__: object) -> Call:
        return Call(kind, worker.name, 0.0, 0.0, 200, (), 0.0)

    for name in ("call", "call_without_reading"):
        monkeypatch.setattr(callers, name, call)
    monkeypatch.setattr(callers, "forged", lambda _stack: {"expired": "a.b.c"})
    with pytest.raises(InVainError, match="nobody was refused"):
        await fault.inject(scene, random.Random(1))
    assert scene.world.ledger.edge.calls, "the judge looks at them all the same"


@pytest.mark.parametrize(
    ("became", "told"), [((UNHARMED, HARMED), "shop"), ((UNHARMED, UNHARMED), "shop and till"), ((HARMED, HARMED), "")]
)
async def test_a_restore_that_forgot_nothing_was_in_vain(
    became: tuple[Attended, Attended], told: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = dict(zip(("shop", "till"), became, strict=True))

    async def copied(_world: Any, service: str) -> Any:
        return SimpleNamespace(service=service)

    async def put_back(_world: Any, copy: Any) -> Restored:
        return Restored(copy.service, 0.0, 0.0, 0, {}, frozenset())

    async def attend(_world: Any, service: str, *_: object) -> Attended:
        return of[service]

    monkeypatch.setattr(restores, "copied", copied)
    monkeypatch.setattr(restores, "outdated", _nobody)
    monkeypatch.setattr(restores, "put_back", put_back)
    monkeypatch.setattr(restores, "attend", attend)
    monkeypatch.setattr(restores, "catch_up", _nobody)
    fault = DatabasePutBack("both_put_back", "shop", "till")
    if told:
        with pytest.raises(InVainError, match=f"nothing was forgotten by {told}$"):
            await fault.inject(scene, random.Random(1))
    else:
        await fault.inject(scene, random.Random(1))
    assert len(scene.world.ledger.restored) == 2, "the judge looks at it all the same"
