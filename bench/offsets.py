"""Where a service's consumer group goes on reading."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError

EMPTY_SECONDS = 20
"""Longer than a session: a member that did not leave is forgotten by then, and only then offsets can be set."""


async def skip_to_end(bootstrap: str, group: str, topics: Iterable[str]) -> None:
    """Makes this group skip what stands in these topics now: other parts of the benchmark have left it there."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        places = [
            TopicPartition(topic, number)
            for topic in topics
            for number in consumer._client.cluster.partitions_for_topic(topic) or ()
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        async with asyncio.timeout(EMPTY_SECONDS):
            while not await _committed(consumer, ends):
                await asyncio.sleep(0.5)
    finally:
        await consumer.stop()


async def _committed(consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> bool:
    try:
        await consumer.commit(offsets)
    except CommitFailedError:
        return False
    return True
