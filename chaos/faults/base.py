"""What a fault is."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from chaos.load import Load
    from chaos.prices import Prices
    from chaos.supervisor import Supervisor
    from chaos.tips import Tips
    from chaos.world import Worker, World


ALONE = "everything"
"""A need of a fault whose consequences show only while nothing else is wrong."""


class InVainError(Exception):
    """A fault came and broke nothing. It does not count, and is dealt again."""


class Scene:
    """What a fault can get its hands on. `scale` stretches what the issue asks for by the minute."""

    def __init__(
        self, world: World, supervisor: Supervisor, load: Load, prices: Prices, tips: Tips, scale: float
    ) -> None:
        self.world = world
        self.supervisor = supervisor
        self.load = load
        self.prices = prices
        self.tips = tips
        self.scale = scale

    async def victim(self, dice: random.Random, service: str = "") -> Worker:
        """Somebody who runs; waits until there is somebody."""
        while not (running := self.supervisor.running(service)):
            await asyncio.sleep(0.1)
        return dice.choice(running)

    async def leader(self, dice: random.Random, service: str) -> Worker:
        """Whose relay publishes now; anybody of the service if nobody says so in time."""
        for _ in range(50):
            for worker in self.supervisor.running(service):
                if await self.supervisor.leads(worker):
                    return worker
            await asyncio.sleep(0.1)
        return await self.victim(dice, service)


class Fault(Protocol):
    """One way in which the world goes wrong for a while; `world.journal` tells when. Afterwards all is as before."""

    name: ClassVar[str] | str
    needs: frozenset[str]
    """What it has for itself while it lasts: two faults with a need in common never overlap."""

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        """Begins, lasts, ends. Whatever happens, it leaves nothing behind. Raises `InVainError` if it broke nothing."""
