"""A shop on a topic of its own: publishes what a toy service reads, and sees how far its group has come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete

from chassis.pure.messages import topic_of
from tests.support.brokers import PARTITIONS
from tests.support.records import FakeRecord, record, recorded

TEN_MEGABYTES = 10_000_000
WITHIN = 30
"""Seconds after which a test gives up waiting."""


class Shop:
    """Writes events as any program with access could, good and bad."""

    def __init__(
        self, source: str, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer
    ) -> None:
        self.source = source
        self.topic = topic_of(source)
        self.type = f"ph.{source}.Sold.v1"
        self._producer = producer
        self._admin = admin
        self._reader = reader
        self._sequences: Counter[UUID] = Counter()

    async def create_topic(self, **config: str) -> None:
        """With room for records that are too large for everybody."""
        config = {"max.message.bytes": str(TEN_MEGABYTES + 2_000_000), **config}
        await self._admin.create_topics([NewTopic(self.topic, PARTITIONS, 1, topic_configs=config)])

    async def delete_topic(self) -> None:
        """With everything in it."""
        await self._admin.delete_topics([self.topic])

    async def add_partitions(self, total: int) -> None:
        """Keys may move to other partitions."""
        await self._admin.create_partitions({self.topic: NewPartitions(total)})

    async def forget(self) -> None:
        """What retention does to everything that is there."""
        places = {TopicPartition(self.topic, number): end for number, end in (await self.ends()).items()}
        await self._admin.delete_records({place: RecordsToDelete(end) for place, end in places.items()})

    def sold(self, key: UUID, amount: int = 1) -> FakeRecord:
        """The next event of this key; not sent yet."""
        self._sequences[key] += 1
        body = {"till_id": str(key), "amount": amount}
        told = record(body, type_=self.type, key=key, sequence=self._sequences[key], offset=0)
        return recorded(told, datetime.now(UTC), ce_id=str(uuid4()).encode())

    def restore(self, key: UUID, sequence: int) -> None:
        """Its numbers are again what they were once, as after its database was put back."""
        self._sequences[key] = sequence

    async def sell(self, key: UUID, *amounts: int) -> None:
        """Publishes events of this key."""
        await self.send([self.sold(key, amount) for amount in amounts])

    async def send(self, records: Sequence[FakeRecord], at: float | None = None) -> list[Any]:
        """Publishes records as they are, in order; returns where each one stands. `at`: the time that they bear."""
        ms = None if at is None else int(at * 1000)
        futures = [
            await self._producer.send(self.topic, each.value, key=each.key, headers=list(each.headers), timestamp_ms=ms)
            for each in records
        ]
        return [await future for future in futures]

    async def committed(self, group: str) -> dict[int, int]:
        """The group's offset in every partition that it has read something of."""
        offsets = await self._admin.list_consumer_group_offsets(group)
        return {
            place.partition: at.offset for place, at in offsets.items() if place.topic == self.topic and at.offset > 0
        }

    async def ends(self) -> dict[int, int]:
        """The end of every partition that holds something."""
        places = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        ends = await self._reader.end_offsets(places)
        return {place.partition: end for place, end in ends.items() if end > 0}

    async def until_read(self, group: str) -> None:
        """Waits until the group has committed everything that stands in the topic."""
        ends = await self.ends()
        async with asyncio.timeout(WITHIN):
            while not ends.items() <= (await self.committed(group)).items():
                await asyncio.sleep(0.05)


@asynccontextmanager
async def opened_shop(bootstrap: str, *, topic: bool = True) -> AsyncIterator[Shop]:
    """A shop with its topic; without one if it is to come later."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=TEN_MEGABYTES + 1_000_000)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    clients = (producer, admin, reader)
    try:
        for client in clients:
            await client.start()
        shop = Shop(f"shop{uuid4().hex[:8]}", producer, admin, reader)
        if topic:
            await shop.create_topic()
        yield shop
    finally:
        await asyncio.gather(producer.stop(), admin.close(), reader.stop())
