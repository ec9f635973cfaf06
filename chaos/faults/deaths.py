"""Processes that are killed, asked to end, or stopped in their tracks."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

from chaos.crash_points import POINTS
from chaos.evidence import SECOND_SIGNAL
from chaos.faults.base import InVainError, Scene
from chaos.world import SERVICES, SESSION_TIMEOUT_MS, SHUTDOWN_SECONDS

CRASH_WITHIN = 8
"""Seconds that an armed crash point waits for somebody to come by."""
IN_TIME = 3 * SHUTDOWN_SECONDS + 10
"""Three steps of a shutdown may take SHUTDOWN_SECONDS each, the small ones 10 s."""
LONG_WORK = 7
"""Seconds of a transaction that an orderly end waits for: longer than a second signal takes, shorter than a step."""
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
                raise InVainError(f"{worker.name} did not come by")
        finally:
            scene.world.lower_flag(f"{worker.name}.crash")
            scene.world.journal.end(self.name, worker.name)


class Terminated:
    """SIGTERM while a batch is under way."""

    name = "sigterm"
    needs = frozenset({"slow"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        worker = await scene.victim(dice)
        scene.world.raise_flag("slow", "1 1.5")  # so that a batch is surely under way
        try:
            await asyncio.sleep(dice.uniform(0.4, 1))
            life = len(worker.lives) - 1
            scene.world.journal.begin(self.name, worker.name)
            scene.supervisor.send(worker, signal.SIGTERM, self.name)
        finally:
            scene.world.lower_flag("slow")
        in_time = await scene.supervisor.ended(worker, life, IN_TIME)
        scene.world.journal.end(self.name, worker.name if in_time else f"{worker.name} has not ended")


class TerminatedTwice:
    """A second SIGTERM once the first was heard, while work is under way that an orderly end would wait for.

    Linux keeps one pending signal of a kind: a second one that is sent before the first was heard is none.
    """

    name = "sigterm_twice"
    needs = frozenset({"slow"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        worker = await scene.victim(dice)
        wish = f"{worker.name}.slow"
        scene.world.raise_flag(wish, f"1 {LONG_WORK}")
        try:
            await asyncio.sleep(dice.uniform(0.4, 1))
            life, read = len(worker.lives) - 1, worker.log.stat().st_size
            scene.world.journal.begin(self.name, worker.name)
            scene.supervisor.send(worker, signal.SIGTERM, self.name)
            while not await scene.supervisor.ended(worker, life, 0) and not _heard(worker.log, read):
                await asyncio.sleep(0.02)
            if scene.supervisor.send(worker, signal.SIGTERM, self.name):
                scene.world.journal.note(self.name, f"{worker.name} {SECOND_SIGNAL}")
        finally:
            scene.world.lower_flag(wish)
        in_time = await scene.supervisor.ended(worker, life, IN_TIME)
        scene.world.journal.end(self.name, worker.name if in_time else f"{worker.name} has not ended")


class TerminatedAfterOutage:
    """SIGTERM just when the database is back: the batch in hand still waits for its next try, and is given up.

    More has been fetched by then, and there would be time for it.
    """

    name = "sigterm_after_outage"
    needs = frozenset({"slow", "postgres", "kafka"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(("till", "till", "shop"))
        proxy = scene.world.database[service]
        scene.world.journal.begin(self.name, service)
        try:
            proxy.shut()
            await asyncio.sleep(dice.uniform(2.5, 4))
            await proxy.open()
            workers = [(worker, len(worker.lives) - 1) for worker in scene.supervisor.running(service)]
            for worker, _ in workers:
                scene.supervisor.send(worker, signal.SIGTERM, self.name)
            for worker, life in workers:
                await scene.supervisor.ended(worker, life, IN_TIME)
        finally:
            await proxy.open()
            scene.world.journal.end(self.name, service)


def _heard(log: Path, read: int) -> bool:
    with log.open("rb") as lines:
        lines.seek(read)
        return b"shutdown_begins" in lines.read()


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
    Terminated(),
    TerminatedTwice(),
    TerminatedAfterOutage(),
    Frozen("consumer"),
    Frozen("leader"),
)
