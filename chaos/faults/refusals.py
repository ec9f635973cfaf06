"""Servers that say no, or say nothing: a read-only database, a quota, a collector that never answers."""

from __future__ import annotations

import asyncio
import random
import signal

import asyncpg

from chaos import quotas
from chaos.faults.base import ALONE, Scene
from chaos.faults.deaths import IN_TIME
from chaos.world import SERVICES

RATES = {"shop": 9_000.0, "till": 24_000.0}
"""Bytes per second: about half of what a relay writes, so that the broker asks for some ten seconds of silence. It is
kept although the quota is lifted meanwhile."""
PACE = 6.0
"""Times the usual: one batch of 512 spans takes the exporter ten seconds, and there are to be several."""
_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = $1 and backend_type = 'client backend' and application_name <> 'chaos'
"""


class ReadOnly:
    """The database of one service takes no writes, as after a failover to a standby; then it does again."""

    name = "database_read_only"
    needs = frozenset({"postgres", ALONE})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(SERVICES)
        scene.world.journal.begin(self.name, service)
        try:
            await self._alter(scene, service, "set default_transaction_read_only = on")
            await asyncio.sleep(dice.uniform(6, 9))
        finally:
            await self._alter(scene, service, "reset default_transaction_read_only")
            scene.world.journal.end(self.name, service)

    async def _alter(self, scene: Scene, service: str, change: str) -> None:
        database = f"chaos_{service}"
        connection = await asyncpg.connect(scene.world.stack.postgres.admin_dsn, timeout=5)
        try:
            await connection.execute(f"alter database {database} {change}")
            await connection.execute(_OTHERS, database)  # the setting holds for new sessions
        finally:
            await connection.close(timeout=2)


class Quota:
    """The relays of one service may write no more than a trickle."""

    name = "producer_quota"
    needs = frozenset({"kafka", ALONE})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(SERVICES)
        relays = [f"{worker.name}-relay" for worker in scene.world.of(service)]
        scene.world.journal.begin(self.name, service)
        try:
            await quotas.set_producer_rate(scene.world.bootstrap, relays, RATES[service])
            await asyncio.sleep(dice.uniform(8, 11))
        finally:
            await quotas.set_producer_rate(scene.world.bootstrap, relays, None)
            scene.world.journal.end(self.name, service)


class SilentCollector:
    """A process is asked to end while the collector takes spans and never answers, and many wait to be sent."""

    name = "silent_collector"
    needs = frozenset({"otlp", "slow", "load"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world = scene.world
        world.otlp_proxy.hold()
        scene.load.pace = scene.prices.pace = PACE
        try:
            await asyncio.sleep(dice.uniform(10, 12))
            scene.load.pace = scene.prices.pace = 1.0
            worker = await scene.victim(dice)
            life = len(worker.lives) - 1
            world.journal.begin(self.name, worker.name)
            scene.supervisor.send(worker, signal.SIGTERM, self.name)
            in_time = await scene.supervisor.ended(worker, life, IN_TIME)
            world.journal.end(self.name, worker.name if in_time else f"{worker.name} has not ended")
        finally:
            scene.load.pace = scene.prices.pace = 1.0
            world.otlp_proxy.release()


FAULTS = (ReadOnly(), Quota(), SilentCollector())
