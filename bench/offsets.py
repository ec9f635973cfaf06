"""Where a service goes on reading."""

from __future__ import annotations

from collections.abc import Collection

import asyncpg
from aiokafka import TopicPartition

from chassis.consumer import progress
from chassis.kafka.lookout import Lookout
from chassis.settings import KafkaSettings

_SKIP = "update progress set next_offset = $3, topic_id = $4 where topic = $1 and partition = $2"


async def skip_to_end(bootstrap: str, dsn: str, topics: Collection[str]) -> None:
    """Makes the service with this database skip what stands in these topics now: other parts of the benchmark have left
    it there."""
    lookout = Lookout(KafkaSettings(bootstrap_servers=bootstrap), "bench")
    connection = await asyncpg.connect(dsn)
    try:
        found = await lookout.topics(topics)
        places = [TopicPartition(name, number) for name, topic in found.items() for number in topic.partitions]
        await progress.register(connection, places)
        for place, end in (await lookout.ends(places)).items():
            await connection.execute(_SKIP, *place, end, found[place.topic].id)
    finally:
        await connection.close()
        await lookout.close()
