"""Processes that are killed, asked to end, or stopped in their tracks."""

from __future__ import annotations

import asyncio
import random
import signal

from chaos.crash_points import POINTS
from chaos.faults.base import Scene
from chaos.world import SERVICES, SESSION_TIMEOUT_MS, SHUTDOWN_SECONDS

CRASH_WITHIN = 8
"""Seconds that an armed crash point waits for somebody to come by."""
STEPS = 3
"""Steps of a shutdown that may take SHUTDOWN_SECONDS each, and 10 s for the small ones."""
FROZEN = SESSION_TIMEOUT_MS / 1000 + 1.5


class Killed:
    """SIGKILL at a random moment."""

    name = "sigkill"
    needs = frozenset[str]()

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        worker = await scene.victim(dice)
        scene.world.journal.begin(self.name, worker.name)
        scene.supervisor.send(worker, signal.SIGKILL, self.name)
        await asyncio.sleep(dice.uniform(0, 1))
        scene.world.journal.end(self.name, worker.name)


class CrashPoint:
    """SIGKILL at a named place in the code, of whoever comes by first."""

    needs = frozenset({"crash points", "kafka"})  # nobody comes by while nothing flows

    def __init__(self, point: str) -> None:
        self.point = point
        self.name = f"crash_{point}"

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        worker = await scene.victim(dice)
        if self.point in {"after_publish", "before_delete"}:
            worker = await scene.leader(dice, worker.service)
        life = len(worker.lives) - 1
        scene.world.journal.begin(self.name, worker.name)
        scene.world.raise_flag(f"{worker.name}.crash", f"{self.point} 0.3")
        try:
            if not await scene.supervisor.ended(worker, life, CRASH_WITHIN):
                scene.world.journal.note(self.name, f"{worker.name} did not come by")
        finally:
            scene.world.lower_flag(f"{worker.name}.crash")
            scene.world.journal.end(self.name, worker.name)


class Terminated:
    """SIGTERM while a batch is under way; `signals` = 2: a second one shortly after."""

    needs = frozenset({"slow"})

    def __init__(self, signals: int) -> None:
        self.signals = signals
        self.name = "sigterm" if signals == 1 else "sigterm_twice"

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        worker = await scene.victim(dice)
        scene.world.raise_flag("slow", "1 1.5")  # so that a batch is surely under way
        try:
            await asyncio.sleep(dice.uniform(0.4, 1))
            life = len(worker.lives) - 1
            scene.world.journal.begin(self.name, worker.name)
            scene.supervisor.send(worker, signal.SIGTERM, self.name)
            if self.signals > 1:
                await asyncio.sleep(dice.uniform(0.05, 0.4))
                scene.supervisor.send(worker, signal.SIGTERM, self.name)
        finally:
            scene.world.lower_flag("slow")
        in_time = await scene.supervisor.ended(worker, life, STEPS * SHUTDOWN_SECONDS + 10)
        scene.world.journal.end(self.name, worker.name if in_time else f"{worker.name} has not ended")


class Frozen:
    """SIGSTOP for longer than the group waits: a consumer, or the relay's leader."""

    needs = frozenset({"freeze"})

    def __init__(self, whom: str) -> None:
        self.whom = whom
        self.name = f"sigstop_{whom}"

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(SERVICES)
        leads = self.whom == "leader"
        worker = await (scene.leader(dice, service) if leads else scene.victim(dice, service))
        scene.world.journal.begin(self.name, worker.name)
        scene.supervisor.send(worker, signal.SIGSTOP, self.name)
        try:
            await asyncio.sleep(FROZEN)
        finally:
            scene.supervisor.send(worker, signal.SIGCONT, self.name)
            scene.world.journal.end(self.name, worker.name)


FAULTS = (
    Killed(),
    *(CrashPoint(point) for point in POINTS),
    Terminated(1),
    Terminated(2),
    Frozen("consumer"),
    Frozen("leader"),
)
