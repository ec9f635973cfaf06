"""Nothing goes wrong."""

from __future__ import annotations

import asyncio
import random

from chaos.faults.base import ALONE, Scene

SECONDS = 30.0
"""So that a record of the first half must be read, and an event of the first two thirds published, while it lasts."""


class Calm:
    """No fault at all, for so long that whoever is late shows: promises about time hold while nothing is wrong."""

    name = "calm"
    needs = frozenset({ALONE})

    async def inject(self, scene: Scene, _dice: random.Random) -> None:
        scene.world.journal.note(self.name, f"nothing is wrong for {SECONDS:g} s")
        await asyncio.sleep(SECONDS)


FAULTS = (Calm(),)
