"""Passwords are renewed while everybody is at work: the old one is refused before a service is given the new one."""

from __future__ import annotations

import asyncio
import random

from chaos.faults.base import Scene
from chaos.world import SERVICES

SHUT_OUT = (4.0, 6.0)
"""Seconds between the two."""


class DatabasePassword:
    """Of a service's role: nobody of the service can connect meanwhile, and all are thrown out."""

    name = "postgres_password_rotated"
    needs = frozenset({"postgres"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world, service = scene.world, dice.choice(SERVICES)
        password = await world.logins.renew_role(service)
        world.journal.begin(self.name, service)
        try:
            await asyncio.sleep(dice.uniform(*SHUT_OUT))
        finally:
            world.journal.end(self.name, service)
            world.logins.hand_over_role(service, password)


class BrokerPassword:
    """Of a service's user (SCRAM): all connections break, and the service's processes come in no more."""

    name = "kafka_password_rotated"
    needs = frozenset({"kafka"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world, service = scene.world, dice.choice(SERVICES)
        world.journal.begin(self.name, " ".join(SERVICES))
        try:
            password = await world.in_thread(lambda: world.logins.renew_user(service))
            try:
                world.journal.note(self.name, f"{service} is shut out")
                world.door.reset()
                await asyncio.sleep(dice.uniform(*SHUT_OUT))
            finally:
                world.logins.hand_over_user(service, password)
        finally:
            world.journal.end(self.name, " ".join(SERVICES))


FAULTS = (DatabasePassword(), BrokerPassword())
