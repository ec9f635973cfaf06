"""Who reads changes: processes come and go, another version is rolled out, a stranger joins the group."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from chaos.faults.base import InVainError, Scene
from chaos.faults.deaths import IN_TIME
from chaos.till import MORE_TIPS
from chaos.world import READS, SERVICES, Worker

READY_SECONDS = 40


class StrangeMember:
    """Somebody joins the group under whose name offsets are committed, and goes: meanwhile it takes none of others.
    Who reads what does not depend on it."""

    name = "stranger_in_the_group"
    needs = frozenset({"member"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        service, visits = dice.choice(SERVICES), 0
        scene.world.journal.begin(self.name, service)
        try:
            for _ in range(4):
                with suppress(KafkaError, TimeoutError):
                    await asyncio.wait_for(self._visit(scene, service, dice.uniform(0.2, 1)), 6)
                    visits += 1
                await asyncio.sleep(dice.uniform(0, 0.5))
        finally:
            scene.world.journal.end(self.name, service)
        if not visits:
            raise InVainError("the group took nobody in")

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

    name = "workers_come_and_go"
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


class OneTopicMore:
    """The next version of the till reads one topic more, in which there is something already. Its processes are
    replaced one after the other; the first that is ready must begin to read it. A third version is none."""

    name = "one_topic_more"
    needs = frozenset({"kafka", "deployment"})

    async def inject(self, scene: Scene, dice: random.Random) -> None:
        world = scene.world
        topic = next((each for each in MORE_TIPS if each not in world.more), "")
        tips = await scene.tips.into(topic) if topic else []
        world.journal.begin(self.name, "till")
        try:
            world.more += [topic] if topic else []
            for worker in scene.supervisor.running("till"):
                life = len(worker.lives) - 1
                scene.supervisor.send(worker, signal.SIGTERM, self.name)
                await scene.supervisor.ended(worker, life, IN_TIME)
                await _ready(scene, worker)
                world.ledger.tips += [tip._replace(at=time.time()) for tip in tips]
                tips = []
        finally:
            world.journal.end(self.name, "till")


async def _ready(scene: Scene, worker: Worker) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while await scene.supervisor.probe(worker, "ready") != 200:
            await asyncio.sleep(0.1)


FAULTS = (StrangeMember(), Reinforcements(), OneTopicMore())
