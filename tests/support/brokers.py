"""The Kafka broker that a test run shares, read from the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 6


class Broker:
    """Creates topics, reads them from their start to their present end, and writes by hand."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    async def create_topic(self, name: str, **config: str) -> None:
        """A topic with the usual number of partitions; one that exists already stays."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=config)])
        finally:
            await admin.close()

    async def delete_topic(self, name: str) -> None:
        """Without it, as if it had never been."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.delete_topics([name])
        finally:
            await admin.close()

    async def read(self, topic: str, keys: Collection[str] | None = None) -> list[ConsumerRecord[Any, Any]]:
        """Every record of the topic whose key is among `keys`, by partition and offset."""
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=self.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            partitions = sorted(consumer.assignment())  # without a group: all of them
            ends = await consumer.end_offsets(partitions)
            found: list[ConsumerRecord[Any, Any]] = []
            async with asyncio.timeout(30):
                while any([await consumer.position(each) < ends[each] for each in partitions]):
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found.extend(records)
        finally:
            await consumer.stop()
        chosen = [each for each in found if keys is None or (each.key or b"").decode("utf-8", "replace") in keys]
        return sorted(chosen, key=lambda each: (each.partition, each.offset))

    async def sequences(self, topic: str, keys: Collection[str]) -> dict[str, list[int]]:
        """The sequences of each key in the order in which they stand in the topic."""
        sequences: dict[str, list[int]] = {}
        for record in await self.read(topic, keys):
            number = int(dict(record.headers)["ce_sequence"])
            sequences.setdefault(record.key.decode(), []).append(number)
        return sequences

    async def send(
        self, topic: str, value: bytes | None, key: bytes | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """One record, as any program with write access could send it."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, max_request_size=20_000_000)
        await producer.start()
        try:
            pairs = [(name, text.encode()) for name, text in (headers or {}).items()]
            await producer.send_and_wait(topic, value, key=key, headers=pairs)
        finally:
            await producer.stop()
