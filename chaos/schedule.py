"""Which fault comes when, drawn from a seed: several at a time, but never two that get into each other's way."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from chaos.faults import ALL, Fault, InVainError, Scene
from chaos.faults.base import ALONE

LANES = 2
SHORT_LANES = 3
"""Faults at the same time."""
BREATH = 1.5
"""Seconds at most between two faults of a lane: most of them meet a world that has not got over the one before."""
FULL_MINUTES = 8
"""A run of this length has every fault: those that need the broker for themselves take six minutes."""
LONGER = 1.5
"""So much longer it goes on at most until each was injected: on a busy machine, or with many databases put back, eight
minutes are not enough."""

SHORT = (
    "poison",
    "crash_before_delete",
    "postgres_crash",
    "commit_outcome_unknown",
    "sigkill",
    "late_commits",
    "kafka_killed",
    "crash_after_commit",
    "leader_connection_killed",
    "sigterm",
    "stranger_in_the_group",
    "crash_before_offset_commit",
    "sigstop_leader",
    "crash_after_publish",
    "sigterm_twice",
)
"""The selection of a run too short for all: what loses, repeats or reorders most easily when it is done wrong."""
SILENCE = 6.5
"""Seconds after other faults that one that must be alone waits: what they have done is over then."""
ECHO = 3.5
"""Seconds after it until others may begin."""


class Schedule:
    """Injects faults until time is up. Faults that need the same thing wait for each other, and one that must be alone
    for all."""

    def __init__(self, scene: Scene, dice: random.Random, faults: Sequence[Fault], *, lanes: int = LANES) -> None:
        self._scene = scene
        self._dice = dice
        self._faults = faults
        self._lanes = lanes
        self._deck: list[Fault] = []
        self._taken: set[str] = set()
        self._running = 0
        self._ended_at = float("-inf")
        self.injected = dict.fromkeys((fault.name for fault in faults), 0)
        self.dealt_again: list[str] = []
        """Faults that broke nothing, or could not be injected: the harness is at fault, or met another one."""

    async def run(self, seconds: float, *, until_all: float = 0) -> None:
        """Begins no fault after `seconds`, or until `until_all` only those that are missing; returns once the last has
        ended."""
        begun = time.monotonic()
        await asyncio.gather(*(self._lane(begun + seconds, begun + until_all) for _ in range(self._lanes)))

    async def _lane(self, until: float, until_all: float) -> None:
        while (now := time.monotonic()) < until or (now < until_all and not all(self.injected.values())):
            if now >= until:
                self._deck = [fault for fault in self._deck if not self.injected[fault.name]]
            fault = self._draw(anew=now < until)
            if fault is not None:
                await self._inject(fault)
            await asyncio.sleep(min(max(until, until_all, now) - now, self._dice.uniform(0.2, BREATH)))

    def _draw(self, *, anew: bool) -> Fault | None:
        """The next fault that needs nothing a running one has. The deck is used up before it is dealt `anew`."""
        if ALONE in self._taken:
            return None
        if not self._deck and anew:
            self._deck = self._dice.sample(list(self._faults), len(self._faults))
        for fault in self._deck:
            if not fault.needs & self._taken:
                self._deck.remove(fault)
                return fault
        return None

    async def _inject(self, fault: Fault) -> None:
        dice = random.Random(self._dice.random())
        alone = ALONE in fault.needs
        self._taken |= fault.needs
        self._running += 1
        try:
            while alone and (self._running > 1 or time.monotonic() - self._ended_at < SILENCE):
                await asyncio.sleep(0.05)
            await fault.inject(self._scene, dice)
            self.injected[fault.name] += 1
            await asyncio.sleep(ECHO if alone else 0)
        except InVainError as error:
            self._deal_again(fault, f"in vain: {error}")
        except Exception as error:
            # Faults meet each other: a database that is down cannot be asked who leads.
            self._deal_again(fault, f"not injected: {type(error).__name__}: {error}")
        finally:
            self._taken -= fault.needs
            self._running -= 1
            self._ended_at = self._ended_at if alone else time.monotonic()

    def _deal_again(self, fault: Fault, why: str) -> None:
        self._deck.append(fault)
        self.dealt_again.append(f"{fault.name} {why}")
        self._scene.world.journal.note(fault.name, why)


def chosen(minutes: float, only: Sequence[str]) -> list[Fault]:
    """The faults of a run. Raises `KeyError` for a name that is none."""
    names = only or (ALL if minutes >= FULL_MINUTES else SHORT)
    return [ALL[name] for name in names]
