"""What stands in topics between given offsets and their present end, read once and without a group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from chassis.kafka import topic_metadata
from chassis.kafka.clients import new_consumer
from chassis.kafka.unpacking import batch_at, is_about_records
from chassis.settings import KafkaSettings
from chassis.waiting import bounded

Reader: TypeAlias = Callable[[], AIOKafkaConsumer]
"""Makes a consumer without group and subscription that neither commits nor resets offsets."""
PATIENCE_SECONDS = 20.0
"""Without a record for so long, the broker does not answer."""
REQUEST_TIMEOUT_MS = 10_000
CLOSE_SECONDS = 3.0
AT_ONCE = 500


def reader_of(settings: KafkaSettings, client_id: str) -> Reader:
    """How such a consumer is made; secrets are read anew for each."""

    def reader() -> AIOKafkaConsumer:
        return new_consumer(
            settings,
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


class Unreadable(NamedTuple):
    """Records that cannot be unpacked: from `offset` to before `next_offset`. `own` unless the outbox can have made no
    such record; what a broker has compressed or damaged may have been one of its records."""

    topic: str
    partition: int
    offset: int
    next_offset: int
    reason: str
    own: bool


class Past:
    """Reads through one consumer."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.unreadable: list[Unreadable] = []
        """What `records` has passed over."""
        self.forbidden = frozenset[str]()
        """Topics that `bounds` or `ends_now` has just passed over because they may not be seen."""

    async def bounds(self, topics: Collection[str]) -> dict[TopicPartition, Bounds | None]:
        """The bounds of every partition of those topics that exist; None for one that nobody leads at the moment.

        One that may not be seen is among the `forbidden`: it must not pass for one that does not exist. Raises
        `KafkaError`, also if none of them may be seen.
        """
        partitions, led = await self._partitions(topics)
        if not led:
            return dict.fromkeys(partitions)
        beginnings = await self._consumer.beginning_offsets(led)
        ends = await self._consumer.end_offsets(led)
        return dict.fromkeys(partitions) | {each: Bounds(beginnings[each], ends[each]) for each in led}

    async def _partitions(self, topics: Collection[str]) -> tuple[list[TopicPartition], list[TopicPartition]]:
        """All of these topics, and those that have a leader."""
        client = self._consumer._client  # noqa: SLF001 - the public way asks a stale cache
        partitions, led, forbidden = [], [], set[str]()
        for name, topic in (await topic_metadata.topics(client, sorted(topics))).items():
            if topic.error == TopicAuthorizationFailedError.__name__:
                forbidden.add(name)
                continue
            if topic.error not in (None, UnknownTopicOrPartitionError.__name__):
                raise KafkaError(f"{name}: {topic.error}")
            count = len(topic.partitions) + topic.leaderless
            partitions += [TopicPartition(name, number) for number in range(count)]
            led += [TopicPartition(name, number) for number in topic.partitions]
        if forbidden and forbidden.issuperset(topics):
            raise TopicAuthorizationFailedError(", ".join(sorted(forbidden)))
        self.forbidden = frozenset(forbidden)
        return partitions, led

    async def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The offsets behind their last records. Raises `KafkaError`."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(list(partitions))
        return ends

    async def ends_now(self, wanted: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The same of those that have a leader and may be seen; 0 for what is not there. Raises `KafkaError` like
        `bounds`."""
        partitions, led = await self._partitions({place.topic for place in wanted})
        asked = set(led).intersection(wanted)
        absent = [each for each in set(wanted).difference(partitions) if each.topic not in self.forbidden]
        return dict.fromkeys(absent, 0) | (await self.ends(asked) if asked else {})

    async def records(
        self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> AsyncIterator[Sequence[ConsumerRecord[Any, Any]]]:
        """The records from `starts` to below `ends`, partition after partition. Raises `KafkaError`, or `TimeoutError`
        if none comes. What cannot be unpacked is passed over, batch by batch, and noted in `unreadable`."""
        for place in [each for each, start in starts.items() if start < ends[each]]:
            async for found in self._of(place, starts[place], ends[place]):
                yield found

    async def _of(
        self, place: TopicPartition, start: int, end: int
    ) -> AsyncIterator[Sequence[ConsumerRecord[Any, Any]]]:
        consumer = self._consumer
        consumer.assign([place])
        consumer.seek(place, start)
        give_up = monotonic() + PATIENCE_SECONDS
        at_once = AT_ONCE
        # By position: the last offset may be a marker, which nobody gets to see.
        while (at := await consumer.position(place)) < end:
            try:
                found = (await consumer.getmany(place, timeout_ms=1000, max_records=at_once)).get(place, [])
            except Exception as error:
                if not is_about_records(error):
                    raise
                # One record at a time: whatever comes before the one that raises is then seen, not lost with it.
                behind = at if at_once > 1 else await self._pass_over(place, at, error)
                at_once = 1 if at_once > 1 else AT_ONCE
                consumer.seek(place, behind)
                continue
            if found:
                give_up = monotonic() + PATIENCE_SECONDS
            elif monotonic() > give_up:
                raise TimeoutError("no record came, although the topic has more")
            if wanted := [each for each in found if each.offset < end]:
                yield wanted

    async def _pass_over(self, place: TopicPartition, at: int, error: Exception) -> int:
        batch = await batch_at(self._consumer, place, at)
        behind = at + 1 if batch is None else batch.next_offset
        own = isinstance(error, KafkaError)
        self.unreadable.append(Unreadable(*place, at, behind, type(error).__name__, own))
        return behind


@asynccontextmanager
async def opened(reader: Reader) -> AsyncIterator[Past]:
    """A `Past`; its consumer is stopped afterwards."""
    consumer = reader()
    try:
        await consumer.start()
        yield Past(consumer)
    finally:
        await bounded(consumer.stop(), CLOSE_SECONDS)
