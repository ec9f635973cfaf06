"""What stands in topics between given offsets and their present end, read once and without a group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.kafka.clients import kafka_options
from chassis.settings import KafkaSettings

Reader: TypeAlias = Callable[[], AIOKafkaConsumer]
"""Makes a consumer without group and subscription that neither commits nor resets offsets."""
PATIENCE_SECONDS = 20.0
"""Without a record for so long, the broker does not answer."""
REQUEST_TIMEOUT_MS = 10_000
AT_ONCE = 500


def reader_of(settings: KafkaSettings, client_id: str) -> Reader:
    """How such a consumer is made; secrets are read anew for each."""

    def reader() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **kafka_options(settings),
            client_id=client_id,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )

    return reader


class Bounds(NamedTuple):
    """Of one partition: the offset of its first record, and the one behind its last."""

    beginning: int
    end: int


class Past:
    """Reads through one consumer."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def bounds(self, topics: Collection[str]) -> dict[TopicPartition, Bounds | None]:
        """The bounds of every partition of those topics that exist; None for one that nobody leads at the moment."""
        cluster = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001 - the public way asks a stale cache
        partitions = [
            TopicPartition(topic, number) for topic in topics for number in cluster.partitions_for_topic(topic) or ()
        ]
        led = [each for each in partitions if cluster.leader_for_partition(each) not in (None, -1)]
        if not led:
            return dict.fromkeys(partitions)
        beginnings = await self._consumer.beginning_offsets(led)
        ends = await self._consumer.end_offsets(led)
        return dict.fromkeys(partitions) | {each: Bounds(beginnings[each], ends[each]) for each in led}

    async def records(
        self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> AsyncIterator[Sequence[ConsumerRecord[Any, Any]]]:
        """The records from `starts` to below `ends`, each partition in its order. Raises `KafkaError`, or
        `TimeoutError` if none comes."""
        waiting = {each for each, start in starts.items() if start < ends[each]}
        if not waiting:
            return
        self._consumer.assign(list(waiting))
        for each in waiting:
            self._consumer.seek(each, starts[each])
        give_up = monotonic() + PATIENCE_SECONDS
        while waiting:
            found = await self._consumer.getmany(*waiting, timeout_ms=1000, max_records=AT_ONCE)
            for partition, records in found.items():
                give_up = monotonic() + PATIENCE_SECONDS
                if wanted := [each for each in records if each.offset < ends[partition]]:
                    yield wanted
            for partition in list(waiting):  # by position: the last offset may be a marker, which nobody gets to see
                if await self._consumer.position(partition) >= ends[partition]:
                    waiting.discard(partition)
                    self._consumer.pause(partition)
            if monotonic() > give_up:
                raise TimeoutError("no record came, although the topic has more")


@asynccontextmanager
async def opened(reader: Reader) -> AsyncIterator[Past]:
    """A `Past`; its consumer is stopped afterwards."""
    consumer = reader()
    try:
        await consumer.start()
        yield Past(consumer)
    finally:
        await consumer.stop()
