"""A database, or the broker's disk, is put back to what it was some seconds before, while everybody is at work."""

from __future__ import annotations

import asyncio
import random
import signal
import time

from chaos import disks, restores
from chaos.evidence import WRITES, Cut, Record
from chaos.faults.base import InVainError, Scene
from chaos.restores import Attended
from chaos.world import SERVICES

AGO = (3.0, 6.0)
"""Seconds at least between the copy and its return."""
ON_ITS_WAY_SECONDS = 1.0
"""After which a batch has arrived that was sent before the way of its sender was shut."""
KILLED = 0.5
"""How often the service's processes are killed; else they meet their database again as it was."""


class DatabasePutBack:
    """The databases of these services, put back together; then an operator is there for those who ask.

    No other fault of brokers meanwhile, and nobody is stopped: what a relay sent to Kafka before the exchange and what
    arrives after it would be the work of two databases at the same time, which nobody promises to tell apart.
    """

    needs = frozenset({"postgres", "kafka", "freeze", "odd"})

    def __init__(self, name: str, *services: str) -> None:
        self.name = name
        self._services = services

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world, concerned = scene.world, " ".join(self._services)
        world.journal.begin(self.name, concerned)
        try:
            copies = [await restores.copied(world, service) for service in self._services]
            await asyncio.sleep(dice.uniform(*AGO))
            for copy in copies:
                await restores.outdated(world, copy)
            for service in self._services:
                world.database[service].shut()
            if dice.random() < KILLED:
                for service in self._services:
                    for worker in scene.supervisor.running(service):
                        scene.supervisor.send(worker, signal.SIGKILL, self.name)
            restored = [await restores.put_back(world, copy) for copy in copies]
            await asyncio.sleep(ON_ITS_WAY_SECONDS)
            opened = time.time()
            for service in self._services:
                await world.database[service].open()
            attended = [restores.attend(world, each.service, each.kept, dice) for each in restored]
            unharmed = []
            for each, became in zip(restored, await asyncio.gather(*attended), strict=True):
                forgotten = became.plan.comparison.forgotten if became.plan else ()
                listed = frozenset((event.key, event.number, event.id) for event in forgotten)
                done = each._replace(opened=opened, halted=became.halted, decided=became.decided, listed=listed)
                world.ledger.restored.append(done)
                world.journal.note(self.name, f"{each.service}: {_told(became, 'forgotten', len(listed))}")
                unharmed += [each.service] * (not listed)
            for service in self._services:
                await restores.catch_up(world, service)
        finally:
            for service in self._services:
                await world.database[service].open()
            world.journal.end(self.name, concerned)
        if unharmed:
            raise InVainError(f"nothing was forgotten by {' and '.join(unharmed)}")


class BrokerPutBack:
    """The broker goes on with an older disk: it lacks what it had acknowledged since. Then operators are there."""

    name = "broker_put_back"
    needs = frozenset({"kafka", "postgres", "freeze", "tips", "deployment", "odd"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world = scene.world
        world.journal.begin(self.name, " ".join(SERVICES))
        try:
            since = await disks.copied(world)
            await asyncio.sleep(dice.uniform(*AGO))
            async with scene.prices.standing_still(), scene.tips.standing_still():
                world.door.shut()
                await asyncio.sleep(ON_ITS_WAY_SECONDS)
                lost = await disks.put_back(world, since)
            world.ledger.lost += lost
            kept = {service: await world.value(service, restores.KEPT) for service in SERVICES}
            opened = time.time()
            await world.door.open()
            attended = [restores.attend(world, service, kept[service], dice) for service in SERVICES]
            for service, became in zip(SERVICES, await asyncio.gather(*attended), strict=True):
                missing = became.plan.missing if became.plan else ()
                listed = frozenset((each.key, n) for each in missing for n in range(each.first, each.last + 1))
                own = frozenset(_event(record) for record in lost if _is_of(record, service))
                cut = Cut(service, opened, own, became.halted, became.decided, listed)
                world.ledger.cuts.append(cut)
                world.journal.note(self.name, f"{service}: {_told(became, 'missing', len(listed))}")
            for service in SERVICES:
                await restores.catch_up(world, service)
        finally:
            await world.door.open()
            world.journal.end(self.name, " ".join(SERVICES))
        if not lost:
            raise InVainError("nothing was lost")


def _told(became: Attended, what: str, count: int) -> str:
    return f"{count} events {what}" if became.plan else "goes on by itself"


def _is_of(record: Record, service: str) -> bool:
    return record.topic == WRITES[service] and record.headers.get("ce_source") == f"/ph/{service}".encode()


def _event(record: Record) -> tuple[str, int, str]:
    headers = record.headers
    return (record.key or b"").decode(), int(headers["ce_sequence"]), headers["ce_id"].decode()


FAULTS = (
    DatabasePutBack("shop_put_back", "shop"),
    DatabasePutBack("till_put_back", "till"),
    DatabasePutBack("both_put_back", *SERVICES),
    BrokerPutBack(),
)
