"""Faults come several at a time, but one that must be alone has all others wait for it."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos import schedule
from chaos.books import Journal
from chaos.faults.base import ALONE, Scene
from chaos.schedule import Schedule

SCENE = cast("Scene", SimpleNamespace(world=SimpleNamespace(journal=Journal())))


class Lasting:
    """Lasts a moment, and knows who else was there."""

    def __init__(self, name: str, running: set[str], *needs: str) -> None:
        self.name, self.needs = name, frozenset(needs)
        self._running = running
        self.met: set[str] = set()

    async def inject(self, _scene: Any, _dice: random.Random) -> None:
        self._running.add(self.name)
        for _ in range(5):
            self.met |= self._running
            await asyncio.sleep(0.002)
        self._running.remove(self.name)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("BREATH", 0.2), ("SILENCE", 0.02), ("ECHO", 0.01)):
        monkeypatch.setattr(schedule, name, seconds)


async def test_who_must_be_alone_meets_nobody_and_others_meet_each_other() -> None:
    running: set[str] = set()
    faults = [Lasting("alone", running, ALONE), *(Lasting(f"other{number}", running) for number in range(4))]
    found = Schedule(SCENE, random.Random(1), faults, lanes=6)
    await found.run(2.5)
    assert all(found.injected.values())
    assert faults[0].met == {"alone"}
    assert all("alone" not in fault.met for fault in faults[1:])
    assert any(len(fault.met) > 1 for fault in faults[1:])


async def test_faults_with_a_need_in_common_never_meet() -> None:
    running: set[str] = set()
    faults = [Lasting("first", running, "kafka", "load"), Lasting("second", running, "kafka")]
    found = Schedule(SCENE, random.Random(1), faults, lanes=3)
    await found.run(1.5)
    assert all(found.injected.values())
    assert [fault.met for fault in faults] == [{"first"}, {"second"}]
