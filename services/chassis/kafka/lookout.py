"""Asks the brokers, beside the readers: which partitions are there, where they begin and end.

It has a connection of its own, made anew with secrets read anew after every failure. So whatever this answers, a new
reader would be answered too: that is how a deaf reader is told from a broker that is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from time import monotonic
from typing import NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient

from chassis.kafka import topic_metadata
from chassis.kafka.clients import new_consumer, seconds_to_connect
from chassis.kafka.topic_metadata import Topic
from chassis.kafka.unpacking import StoredBatch, Written, batch_at, written_at
from chassis.settings import KafkaSettings
from chassis.waiting import bounded

TIMEOUT_MS = 5000
T = TypeVar("T")


class Span(NamedTuple):
    """The offsets that a partition holds: from `beginning` to before `end`."""

    beginning: int
    end: int


class Lookout:
    """One at a time asks; whoever fails leaves the next one a new connection."""

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._client: AIOKafkaConsumer | None = None
        self._turn = asyncio.Lock()
        self.answered_at = float("-inf")
        """When a broker last answered (monotonic seconds)."""

    async def topics(self, names: Collection[str]) -> dict[str, Topic]:
        """The topics as the brokers know them now. Raises `KafkaError` or `TimeoutError`."""
        return await self._ask(lambda client: topic_metadata.topics(_network(client), sorted(names)))

    async def spans(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Span]:
        """Where these partitions begin and end. Raises `KafkaError` or `TimeoutError`."""
        places = list(partitions)

        async def ask(client: AIOKafkaConsumer) -> dict[TopicPartition, Span]:
            # The end last: a partition may be emptied in between, and must not seem to end before it begins.
            beginnings = await client.beginning_offsets(places)
            ends = await client.end_offsets(places)
            return {place: Span(beginnings[place], ends[place]) for place in places}

        return await self._ask(ask) if places else {}

    async def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Where these partitions end. Raises `KafkaError` or `TimeoutError`."""
        places = list(partitions)
        return await self._ask(lambda client: client.end_offsets(places)) if places else {}

    async def batch_at(self, partition: TopicPartition, offset: int) -> StoredBatch | None:
        """The batch that holds this offset; None if there is none. Raises `KafkaError` or `TimeoutError`."""
        return await self._ask(lambda client: batch_at(client, partition, offset))

    async def written_at(self, partition: TopicPartition, offset: int) -> Written | None:
        """When the batch that holds this offset was written; None if there is none. Raises `KafkaError` or
        `TimeoutError`."""
        return await self._ask(lambda client: written_at(client, partition, offset))

    async def ask_anew(self, names: Collection[str]) -> None:
        """Asks as a new client does, with secrets read anew. Raises `KafkaError` or `TimeoutError` if it is refused."""
        async with self._turn:
            await self.close()
        await self.topics(names)

    async def close(self) -> None:
        """Gives up the connection."""
        client, self._client = self._client, None
        if client is not None:
            await bounded(client.stop(), TIMEOUT_MS / 1000)

    async def _ask(self, ask: Callable[[AIOKafkaConsumer], Awaitable[T]]) -> T:
        async with self._turn:
            try:
                client = await self._connected()
                async with asyncio.timeout(2 * TIMEOUT_MS / 1000):
                    answer = await ask(client)
            except BaseException:
                await self.close()
                raise
            self.answered_at = monotonic()
            return answer

    async def _connected(self) -> AIOKafkaConsumer:
        if self._client is None:
            client = self._client = new_consumer(
                self._settings, client_id=self._client_id, request_timeout_ms=TIMEOUT_MS
            )
            async with asyncio.timeout(seconds_to_connect(_network(client).hosts) + TIMEOUT_MS / 1000):
                await client.start()
        return self._client


def _network(client: AIOKafkaConsumer) -> AIOKafkaClient:
    return client._client  # noqa: SLF001 - there is no other way to send a request of one's own
