"""Faults come several at a time, but one that must be alone has all others wait for it."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos import schedule
from chaos.books import Journal
from chaos.faults.base import ALONE, InVainError, Scene
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


class OnceInVain(Lasting):
    """Breaks nothing at its first try."""

    tries = 0

    async def inject(self, scene: Any, dice: random.Random) -> None:
        await super().inject(scene, dice)
        self.tries += 1
        if self.tries == 1:
            raise InVainError("nothing was there")


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


async def test_what_was_in_vain_is_dealt_again_and_does_not_count() -> None:
    running: set[str] = set()
    vain = OnceInVain("vain", running)
    found = Schedule(SCENE, random.Random(1), [vain, Lasting("other", running)], lanes=1)
    await found.run(1.5)
    assert found.dealt_again == ["vain in vain: nothing was there"]
    assert 1 <= found.injected["vain"] == vain.tries - 1


async def test_a_run_of_all_faults_goes_on_until_each_was_injected_and_no_longer() -> None:
    running: set[str] = set()
    faults = [Lasting(f"fault{number}", running) for number in range(8)]
    found = Schedule(SCENE, random.Random(1), faults, lanes=1)
    await found.run(0.05, until_all=30)
    assert found.injected == dict.fromkeys(found.injected, 1)
    short = Schedule(SCENE, random.Random(1), faults, lanes=1)
    await short.run(0.05)
    assert not all(short.injected.values())
