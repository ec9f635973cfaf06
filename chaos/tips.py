"""A third producer, of few records: its topic is made anew and gets more partitions, and so it says where each goes."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chaos.evidence import Tip
from chaos.load import traceparent
from chaos.till import TIPS
from chaos.world import World
from tests.support.brokers import PARTITIONS

PAUSE = 0.15
LENGTH = 10
"""Records of one key, all in one partition; then the partition gets another key."""
SEND_SECONDS = 5


class Tips:
    """One record after the other; each is sent until it is acknowledged."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self._open: dict[int, tuple[str, int]] = {}
        self._sending = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self.partitions = PARTITIONS

    async def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.is_set():
            async with self._sending:
                await self._send(self._dice.randrange(self.partitions))
            await asyncio.sleep(PAUSE)
        await self._drop_producer()

    def stop(self) -> None:
        """No new records."""
        self._stopping.set()

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """Nothing is sent meanwhile; afterwards the topic is seen as it is by then."""
        async with self._sending:
            await self._drop_producer()
            yield
            self._open = {place: key for place, key in self._open.items() if place < self.partitions}

    async def into(self, topic: str) -> list[Tip]:
        """Writes some records of a key into each partition of a topic that nobody reads yet: `Tip.at` is still open."""
        sent = []
        async with self._sending:
            for partition in range(PARTITIONS):
                key = self._new_key()
                for n in range(1, LENGTH + 1):
                    await self._write(topic, key, n, partition)
                    sent.append(Tip(key, n, partition, 0.0, topic))
        return sent

    async def _send(self, partition: int) -> None:
        key, n = self._open.get(partition, ("", LENGTH))
        if n == LENGTH:
            key, n = self._new_key(), 0
        n += 1
        await self._write(TIPS, key, n, partition)
        self._world.ledger.tips.append(Tip(key, n, partition, time.time()))
        self._open[partition] = key, n

    def _new_key(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))

    async def _write(self, topic: str, key: str, n: int, partition: int) -> None:
        """Until it is acknowledged."""
        value = json.dumps({"basket_id": key, "n": n}).encode()
        headers = self._headers(topic, key, n)
        while True:
            with suppress(KafkaError, TimeoutError, OSError, AssertionError):  # aiokafka knows no such partition yet
                async with asyncio.timeout(SEND_SECONDS):
                    if self._producer is None:
                        self._producer = AIOKafkaProducer(bootstrap_servers=self._world.bootstrap, acks="all")
                        await self._producer.start()
                    await self._producer.send_and_wait(topic, value, key.encode(), partition, headers=headers)
                return
            await self._drop_producer()
            await asyncio.sleep(0.5)

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                await asyncio.wait_for(producer.stop(), 2)

    def _headers(self, topic: str, key: str, n: int) -> list[tuple[str, bytes]]:
        owner = topic.split(".")[1]
        headers = {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": str(uuid4()),
            "ce_type": f"ph.{owner}.Tipped.v1",
            "ce_source": f"/ph/{owner}",
            "ce_subject": key,
            "ce_time": datetime.now(UTC).isoformat(),
            "ce_sequence": str(n),
            "ce_sequencetype": "Integer",
            "ce_partitionkey": key,
            "ce_traceparent": traceparent(self._dice, sampled=False),
        }
        return [(name, text.encode()) for name, text in headers.items()]
