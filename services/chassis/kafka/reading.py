"""One record, read again at its place."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from chassis.kafka.clients import new_consumer, seconds_to_connect
from chassis.kafka.unpacking import is_about_records
from chassis.settings import KafkaSettings
from chassis.waiting import bounded

READ_SECONDS = 10.0
"""For a client that asks and leaves again, once it has found a broker."""


async def fetch_record(
    settings: KafkaSettings, topic: str, partition: int, offset: int
) -> ConsumerRecord[bytes | None, bytes | None] | None:
    """The record at this place; None if it is gone: kept no longer, compacted away, or the topic is another. What now
    stands there and cannot be unpacked is another record, too.

    By a client of its own: it is rarely asked for. Raises `KafkaError` or `TimeoutError` while no broker answers,
    `Trouble` if the login is incomplete or a secret cannot be read.
    """
    place = TopicPartition(topic, partition)
    consumer: Any = new_consumer(settings, enable_auto_commit=False)
    async with asyncio.timeout(seconds_to_connect(consumer._client.hosts) + READ_SECONDS):  # noqa: SLF001
        await consumer.start()
        try:
            # Else a partition that is not there would be waited for. What is public knows topics subscribed to only.
            cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001
            if partition not in (cluster.partitions_for_topic(topic) or ()):
                return None
            consumer.assign([place])
            beginning, end = await consumer.beginning_offsets([place]), await consumer.end_offsets([place])
            if not beginning[place] <= offset < end[place]:
                return None
            consumer.seek(place, offset)
            found = await _next(consumer, place)
        finally:
            await bounded(consumer.stop(), READ_SECONDS)
    return found if found is not None and found.offset == offset else None


async def _next(consumer: Any, place: TopicPartition) -> ConsumerRecord[bytes | None, bytes | None] | None:
    """None if it cannot be unpacked."""
    try:
        found: ConsumerRecord[bytes | None, bytes | None] = await consumer.getone(place)
    except Exception as error:
        if not is_about_records(error):
            raise
        return None
    return found
