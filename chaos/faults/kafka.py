"""The broker goes away in order, without a word, or just stops talking."""

from __future__ import annotations

import asyncio
import random
import signal

from chaos.faults.base import Scene


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


FAULTS = (
    BrokerGone("kafka_restart", orderly=True),
    BrokerGone("kafka_killed", orderly=False),
    BrokerSilent(),
)
