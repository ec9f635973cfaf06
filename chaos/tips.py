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

    async def _send(self, partition: int) -> None:
        key, n = self._open.get(partition, ("", LENGTH))
        if n == LENGTH:
            key, n = str(UUID(int=self._dice.getrandbits(128), version=4)), 0
        n += 1
        value = json.dumps({"basket_id": key, "n": n}).encode()
        headers = self._headers(key, n)
        while True:
            with suppress(KafkaError, TimeoutError, OSError, AssertionError):  # aiokafka knows no such partition yet
                async with asyncio.timeout(SEND_SECONDS):
                    if self._producer is None:
                        self._producer = AIOKafkaProducer(bootstrap_servers=self._world.bootstrap, acks="all")
                        await self._producer.start()
                    await self._producer.send_and_wait(TIPS, value, key.encode(), partition, headers=headers)
                break
            await self._drop_producer()
            await asyncio.sleep(0.5)
        self._world.ledger.tips.append(Tip(key, n, partition, time.time()))
        self._open[partition] = key, n

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                await asyncio.wait_for(producer.stop(), 2)

    def _headers(self, key: str, n: int) -> list[tuple[str, bytes]]:
        headers = {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": str(uuid4()),
            "ce_type": "ph.tip.Tipped.v1",
            "ce_source": "/ph/tip",
            "ce_subject": key,
            "ce_time": datetime.now(UTC).isoformat(),
            "ce_sequence": str(n),
            "ce_sequencetype": "Integer",
            "ce_partitionkey": key,
            "ce_traceparent": traceparent(self._dice, sampled=False),
        }
        return [(name, text.encode()) for name, text in headers.items()]
