"""The broker goes away in order, without a word, or just stops talking; and the group is never left in peace."""

from __future__ import annotations

import asyncio
import random
import signal
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from chaos.faults.base import Scene
from chaos.world import READS, SERVICES


class BrokerGone:
    """The broker ends, in order or by SIGKILL, and is started again a little later."""

    needs = frozenset({"kafka"})

    def __init__(self, name: str, *, orderly: bool) -> None:
        self.name = name
        self._orderly = orderly

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        kafka = scene.world.stack.kafka
        scene.world.journal.begin(self.name)
        try:
            await scene.world.in_thread(kafka.stop if self._orderly else kafka.program.kill)
            await asyncio.sleep(dice.uniform(0.5, 3))
        finally:
            await scene.world.in_thread(kafka.start)
            scene.world.journal.end(self.name)


class BrokerSilent:
    """SIGSTOP: connections stay, nobody answers. Longer than the relay waits for its acknowledgements."""

    name = "kafka_black_hole"
    needs = frozenset({"kafka"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        process = scene.world.stack.kafka.program.process
        scene.world.journal.begin(self.name)
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(dice.uniform(4, 7))
        finally:
            process.send_signal(signal.SIGCONT)
            scene.world.journal.end(self.name)


class StrangeMember:
    """A member of the group that comes, takes its share of the partitions, handles nothing, and goes."""

    name = "rebalance_by_member"
    needs = frozenset({"member"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(SERVICES)
        scene.world.journal.begin(self.name, service)
        try:
            for _ in range(4):
                with suppress(KafkaError, TimeoutError):
                    await asyncio.wait_for(self._visit(scene, service, dice.uniform(0.2, 1)), 6)
                await asyncio.sleep(dice.uniform(0, 0.5))
        finally:
            scene.world.journal.end(self.name, service)

    async def _visit(self, scene: Scene, service: str, seconds: float) -> None:
        visitor = AIOKafkaConsumer(
            *READS[service],
            bootstrap_servers=scene.world.bootstrap,
            group_id=service,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await visitor.start()
            async with asyncio.timeout(5):
                while not visitor.assignment():
                    await asyncio.sleep(0.05)
            await asyncio.sleep(seconds)
        finally:
            await visitor.stop()


class Reinforcements:
    """Two more workers come, and go again for good: scaled up and down."""

    name = "rebalance_by_workers"
    needs = frozenset({"reinforcements"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service = dice.choice(SERVICES)
        names = [f"{service}-{number}" for number in (8, 9)]
        known = {worker.name: worker for worker in scene.world.workers}
        workers = [known.get(name) or scene.world.add_worker(service, name, regular=False) for name in names]
        scene.world.journal.begin(self.name, " ".join(names))
        try:
            for worker in workers:
                scene.supervisor.keep(worker)
                await asyncio.sleep(dice.uniform(2, 4))
        finally:
            for worker in workers:
                await scene.supervisor.retire(worker)
            scene.world.journal.end(self.name, " ".join(names))


FAULTS = (
    BrokerGone("kafka_restart", orderly=True),
    BrokerGone("kafka_killed", orderly=False),
    BrokerSilent(),
    StrangeMember(),
    Reinforcements(),
)
