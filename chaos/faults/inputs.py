"""Input that is poisonous, too much, or from the future; and a collector of traces that takes nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

from chaos import http, operators
from chaos.aftermath import TROUBLES
from chaos.books import Sent
from chaos.faults.base import InVainError, Scene
from chaos.odd import FOR_NOW, ODD
from chaos.prices import FORGED, POISON
from chaos.world import SERVICES, World

OVERLOAD = 10
"""Times the usual pace."""
CALM = 3.0
"""Seconds after an overload in which it may be worked off."""
ODD_SECONDS = 90
"""Until somebody has found which partition it is, an operator has looked, and the partition goes on."""
_UNREADABLE = "select count(*) from parked where failure = $1 and state = 'parked'"
_READ = "select topic, partition, next_offset from progress"
HANG_SECONDS = 25
"""Until a supervisor must have noticed: its probes, their failures, and a start on a busy machine."""


class Poison:
    """One record of each kind that cannot be handled, each on some key, good ones behind it."""

    name = "poison"
    needs = frozenset[str]()

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name, " ".join(POISON))
        for kind in dice.sample(POISON, len(POISON)):
            scene.prices.poison(kind)
            await asyncio.sleep(dice.uniform(0, 0.3))
        scene.world.journal.end(self.name)


class Forged:
    """Records that look genuine and are not, or that come in another order; genuine ones of their key behind them."""

    needs = frozenset[str]()

    def __init__(self, kind: str) -> None:
        self.name = kind

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name)
        for _ in range(3):
            scene.prices.poison(self.name)
            await asyncio.sleep(dice.uniform(0.1, 0.5))
        scene.world.journal.end(self.name)


class Operators:
    """Operators retry and discard while everything else goes on; for a moment what was refused is accepted."""

    name = "operators_at_work"
    needs = frozenset({"postgres"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name, "till")
        scene.world.lower_flag("shut")
        try:
            decided = await operators.look(scene.world, "till", dice, discard=0.5)
            await asyncio.sleep(dice.uniform(1, 3))
        finally:
            scene.world.raise_flag("shut")
            scene.world.journal.end(self.name, "till")
        scene.world.journal.note(self.name, f"{decided} decisions")
        if not decided:
            raise InVainError("nothing was parked")


class Odd:
    """A record makes the client raise while it unpacks. Its partition stands still before it, the others go on, until
    an operator decides: he retries it once it can be unpacked, or discards it.

    No database or disk is put back meanwhile: what he has decided would be forgotten, and nobody be there again.
    """

    name = "odd_record"
    needs = frozenset({"odd"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world, kind, since = scene.world, dice.choice(ODD), len(scene.world.ledger.priced)
        world.journal.begin(self.name, f"till {kind}")
        world.raise_flag("odd")
        decided = 0
        try:
            scene.prices.poison(kind)
            async with asyncio.timeout(ODD_SECONDS):
                while not await _stands_still(world):
                    await asyncio.sleep(0.2)
                await asyncio.sleep(dice.uniform(3, 6))
                world.lower_flag("odd")
                while not await _passed(world, [sent for sent in world.ledger.priced[since:] if sent.kind == kind]):
                    with suppress(*TROUBLES):
                        decided += await operators.decide_unreadable(world, "till", again=kind == FOR_NOW)
                    await asyncio.sleep(0.2)
        finally:
            world.lower_flag("odd")
            world.journal.end(self.name, f"till {kind}")
        world.journal.note(self.name, f"{'retried' if kind == FOR_NOW else 'discarded'} {decided} times")


async def _stands_still(world: World) -> bool:
    with suppress(*TROUBLES):
        return bool(await world.value("till", _UNREADABLE, operators.STANDS_STILL))
    return False


async def _passed(world: World, odd: Sequence[Sent]) -> bool:
    """Whether the till goes on behind all of these."""
    with suppress(*TROUBLES):
        read = {(row[0], row[1]): row[2] or 0 for row in await world.rows("till", _READ)}
        return bool(odd) and all(read.get((sent.topic, sent.partition), 0) > sent.offset for sent in odd)
    return False


class Hang:
    """A handler that never returns: nothing but a liveness probe notices. It comes again until its cause is gone."""

    name = "handler_hangs"
    needs = frozenset({"freeze"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.raise_flag("hang")
        scene.world.journal.begin(self.name, "till")
        killed = _not_live(scene)
        try:
            scene.prices.poison("hang")
            async with asyncio.timeout(HANG_SECONDS):
                while _not_live(scene) == killed:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise InVainError("nobody was killed for it") from None
        finally:
            scene.world.lower_flag("hang")
            scene.world.journal.end(self.name, "till")


def _not_live(scene: Scene) -> int:
    return sum(life.why.endswith("not live") for worker in scene.world.of("till") for life in worker.lives)


class ClockJump:
    """The business clock of one process jumps ahead: whatever is due by then rings at once."""

    name = "clock_jump"
    needs = frozenset[str]()

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        worker = await scene.victim(dice, "shop")
        hours = dice.choice((0.1, 1.0, 30.0))
        scene.world.journal.begin(self.name, f"{worker.name} by {hours} h")
        headers = {"Authorization": f"Bearer {scene.world.stack.issuer.token('operator', 'programme:desk')}"}
        try:
            await http.post(worker.port, "/local/clock", {"advance_hours": hours}, headers, seconds=3)
        except http.SILENT as error:
            raise InVainError(f"no answer: {type(error).__name__}") from error
        finally:
            scene.world.journal.end(self.name, worker.name)


class NoCollector:
    """The collector of traces takes connections and says nothing."""

    name = "otlp_black_hole"
    needs = frozenset({"otlp"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name)
        scene.world.otlp_proxy.hold()
        try:
            await asyncio.sleep(dice.uniform(6, 10))
        finally:
            scene.world.otlp_proxy.release()
            scene.world.journal.end(self.name)


class Overload:
    """Ten times the usual commands and events; a minute of it in a run of five. Servers stay up: what piles up while
    one is gone says nothing about a process that grows."""

    name = "overload"
    needs = frozenset({"load", "postgres", "kafka"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        scene.world.journal.begin(self.name, " ".join(SERVICES))
        scene.load.pace = scene.prices.pace = OVERLOAD
        try:
            await asyncio.sleep(60 * scene.scale)
        finally:
            scene.load.pace = scene.prices.pace = 1.0
            scene.world.journal.end(self.name)
        await asyncio.sleep(CALM)


FAULTS = (
    Poison(),
    *(Forged(kind) for kind in FORGED),
    Odd(),
    Operators(),
    Hang(),
    ClockJump(),
    NoCollector(),
    Overload(),
)
