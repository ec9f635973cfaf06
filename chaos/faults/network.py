"""The way to PostgreSQL or to Kafka fails in every way that networks know, and the broker moves to another address."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from chaos.faults.base import Scene
from chaos.world import SERVICES, World
from tests.support.proxy import Proxy

ALL_SERVICES = " ".join(SERVICES)
STAYS = (50, 60)
"""Seconds until the broker may move again: a reader must have had the time to find it."""


class Way(NamedTuple):
    """From processes to a server: `choose` says whose way a fault meets, and which door is on it."""

    server: str
    choose: Callable[[World, random.Random], tuple[str, Proxy]]


def _to_a_database(world: World, dice: random.Random) -> tuple[str, Proxy]:
    service = dice.choice(SERVICES)
    return service, world.database[service]


def _to_the_broker(world: World, _dice: random.Random) -> tuple[str, Proxy]:
    return ALL_SERVICES, world.door


POSTGRES = Way("postgres", _to_a_database)
KAFKA = Way("kafka", _to_the_broker)


class OnTheWay:
    """What all of them are: one server's, and nothing else may be wrong with that server meanwhile."""

    what: str

    def __init__(self, way: Way) -> None:
        self.name = f"{way.server}_{self.what}"
        self.needs = frozenset({way.server})
        self._way = way

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        """Begins, lasts, ends."""
        services, proxy = self._way.choose(scene.world, dice)
        scene.world.journal.begin(self.name, services)
        try:
            await self.last(proxy, dice)
        finally:
            scene.world.journal.end(self.name, services)

    @abstractmethod
    async def last(self, proxy: Proxy, dice: random.Random) -> None:
        """What happens to the door; afterwards it is as it was."""


class BlackHole(OnTheWay):
    """Nothing comes through, and nothing says so."""

    what = "black_hole"

    async def last(self, proxy: Proxy, dice: random.Random) -> None:
        proxy.hold()
        try:
            await asyncio.sleep(dice.uniform(4, 7))
        finally:
            proxy.release()


class Refused(OnTheWay):
    """Every connection breaks and none is taken."""

    what = "refused"

    async def last(self, proxy: Proxy, dice: random.Random) -> None:
        proxy.shut()
        try:
            await asyncio.sleep(dice.uniform(3, 5))
        finally:
            await proxy.open()


class Reset(OnTheWay):
    """Connections break, again and again; new ones are taken."""

    what = "reset"

    async def last(self, proxy: Proxy, dice: random.Random) -> None:
        for _ in range(6):
            proxy.reset()
            await asyncio.sleep(dice.uniform(0.1, 0.8))


class Delay(OnTheWay):
    """Every question takes 100 ms longer."""

    what = "delay"

    async def last(self, proxy: Proxy, dice: random.Random) -> None:
        proxy.delay_seconds = 0.1
        try:
            await asyncio.sleep(dice.uniform(4, 7))
        finally:
            proxy.delay_seconds = 0.0


class BrokerMoved:
    """The broker is at its other address from now on; the old one refuses, or just says nothing. Clients know both."""

    name = "kafka_moved"
    needs = frozenset({"kafka"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        silent = dice.random() < 0.5
        scene.world.journal.begin(self.name, ALL_SERVICES)
        try:
            await scene.world.move_broker(silent=silent)
            scene.world.journal.note(self.name, "the old address says nothing" if silent else "the old address refuses")
        finally:
            scene.world.journal.end(self.name, ALL_SERVICES)
        await asyncio.sleep(dice.uniform(*STAYS))


FAULTS = (
    *(fault(POSTGRES) for fault in (BlackHole, Refused, Reset, Delay)),
    *(fault(KAFKA) for fault in (Refused, Reset, Delay)),
    BrokerMoved(),
)
