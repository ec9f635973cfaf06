"""Makes FastStream hand over raw batches, wait for records, and survive whatever its client raises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from time import monotonic
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.errors import OffsetOutOfRangeError, TopicAuthorizationFailedError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka import TopicPartition as Place
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from chassis.kafka.clients import broker_security, find_brokers_soon, read_secrets_anew
from chassis.kafka.unpacking import is_about_records
from chassis.settings import KafkaSettings, Settings
from chassis.telemetry.logs import get_logger, secrets_not_read
from chassis.waiting import bounded

PAUSE_SECONDS = 0.5
"""After an error, before it asks again."""
METADATA_SECONDS = 0.25
"""The shortest time between two requests for metadata: aiokafka makes no pause while a partition has no leader."""
GRACE_SECONDS = 1.0
"""Then the batch in hand is cancelled, and the client stopped."""
POLL_MS = 1000
"""The length of one wait for records; the first record ends it at once."""
FETCH_MS = 500
"""How long the broker waits for records, and a partition that is taken over to be asked for. A shorter time would make
an idle service busy."""
SUSPECT_SECONDS = 60.0
"""For so long each partition is asked alone, until one raises again."""

Batch = tuple[ConsumerRecord[Any, Any], ...]
Found = dict[TopicPartition, list[ConsumerRecord[Any, Any]]]

log = get_logger(__name__)


class Holder(Protocol):
    """Who reads, and decides what an error means for a partition."""

    @property
    def held(self) -> Mapping[TopicPartition, object]:
        """What is read now, and what stands for its present place: another object after another seek."""

    def seek_back(self) -> None:
        """Records may have been lost between the client and us: begin again behind what was handled."""

    def out_of_range(self, partition: TopicPartition) -> None:
        """There is no record at this place."""

    def forbidden(self, topic: str) -> None:
        """The topic may not be read."""

    def unreadable(self, partition: TopicPartition, error: BaseException) -> None:
        """What comes next in this partition cannot be unpacked."""


def raw_batches(
    client_id: str,
    group: str,
    kafka: KafkaSettings,
    settings: Settings,
    partitions: Collection[TopicPartition],
    on_batch: Callable[[Batch], Awaitable[None]],
) -> tuple[KafkaBroker, BatchSubscriber]:
    """A broker that hands raw batches of these partitions over, one at a time. It does not connect.

    It is no member of the group: that is the name under which offsets are committed.
    """
    broker = KafkaBroker(
        kafka.addresses,
        client_id=client_id,
        security=broker_security(kafka),
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        graceful_timeout=GRACE_SECONDS,
        logger=None,
    )
    subscriber = broker.subscriber(
        partitions=[Place(topic=each.topic, partition=each.partition) for each in sorted(partitions)],
        batch=True,
        group_id=group,
        max_records=settings.batch_max_records,
        batch_timeout_ms=POLL_MS,
        fetch_max_wait_ms=FETCH_MS,  # the broker answers at once when there is something
        auto_offset_reset="none",
        ack_policy=AckPolicy.MANUAL,
        parser=parse,
        decoder=raw,
    )
    subscriber(on_batch)
    return broker, subscriber


def build_waiting_consumers(broker: KafkaBroker, holder: Holder, kafka: KafkaSettings) -> None:
    """Makes the broker build its consumers as `WaitingConsumer`. Call it after `connect`, before `start`.

    Raises `TypeError` if this FastStream builds them another way.
    """
    transport = broker.config.broker_config
    if not isinstance(transport.builder, partial):
        raise TypeError("FastStream no longer makes its consumer from a partial")
    arguments = {**transport.builder.keywords, "holder": holder, "kafka": kafka}
    transport.builder = partial(WaitingConsumer, *transport.builder.args, **arguments)


async def close(broker: KafkaBroker, seconds: float) -> None:
    """Disconnects it, within this time."""
    if (error := await bounded(broker.stop(), seconds)) is not None:
        log.info("client_not_closed", reason=type(error).__name__)


class WaitingConsumer(AIOKafkaConsumer):
    """A consumer whose `getmany` returns only with records, and raises nothing.

    FastStream sleeps after an empty answer and is deaf meanwhile, and it asks again for ever, without a word, after
    anything that is raised here. All partitions are assigned from the start and stand still; those that are held are
    resumed. So what is held may change without a break for the others: a new assignment throws away what was fetched.
    """

    def __init__(self, *topics: str, holder: Holder, kafka: KafkaSettings, **settings: Any) -> None:
        super().__init__(*topics, **settings)  # type: ignore[no-untyped-call]
        find_brokers_soon(self._client, kafka)
        read_secrets_anew(self._client, kafka, secrets_not_read)
        self._holder = holder
        self._suspects_until = float("-inf")
        self._asked_alone: dict[TopicPartition, float] = {}
        self._stamps: dict[TopicPartition, int | None] = {}
        self._stamped_at = float("-inf")
        self._metadata: asyncio.Task[bool] | None = None
        self._metadata_at = float("-inf")
        self.given: dict[TopicPartition, object] = {}
        """What stood for the place of each partition when its last records were handed over."""

    async def start(self) -> None:
        """Connects. Raises `KafkaError`."""
        self._ask_for_metadata = self._client.force_metadata_update
        self._client.force_metadata_update = self._ask_calmly  # type: ignore[method-assign]
        await super().start()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Disconnects, and commits nothing.

        aiokafka waits for its coordinator before it ends what fetches. A coordinator asks a silent broker for longer
        than anybody waits for it, so a client that is given up meanwhile would fetch for ever.
        """
        if self._metadata is not None:
            self._metadata.cancel()
        if (asking := getattr(self._coordinator, "_coordination_task", None)) is not None:
            asking.cancel()
            await asyncio.wait({asking})
        await super().stop()  # type: ignore[no-untyped-call]

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Assigns partitions that all stand still."""
        super().assign(list(partitions))  # type: ignore[no-untyped-call]
        for each in partitions:
            self._subscription.seek(each, 0)  # a partition without a place is given one, at once, by aiokafka
            self._subscription.pause(each)

    def place(self, partition: TopicPartition) -> int:
        """The offset that is handed over next."""
        subscription = self._subscription.subscription
        state = subscription.assignment.state_value(partition) if subscription else None
        return state.position if state is not None else 0

    def connection(self, partition: TopicPartition) -> object | None:
        """By which connection its records come now; None if there is none."""
        leader = self._client.cluster.leader_for_partition(partition)
        connection: object | None = self._client._conns.get((leader, ConnectionGroup.DEFAULT))  # noqa: SLF001
        return connection

    def fetched_at(self) -> float:
        """When this was first asked after the last answer to a fetch (monotonic seconds): aiokafka stamps answers by
        the wall clock, which may be set. Minus infinity if there was none."""
        assignment: set[TopicPartition] = self.assignment()  # type: ignore[no-untyped-call]
        stamps = {each: self.last_poll_timestamp(each) for each in assignment}  # type: ignore[no-untyped-call]
        if stamps != self._stamps:
            self._stamps = stamps
            self._stamped_at = monotonic() if any(stamps.values()) else self._stamped_at
        return self._stamped_at

    @property
    def ended(self) -> bool:
        """True if it will never fetch again."""
        fetching = getattr(self._fetcher, "error_future", None)
        return fetching is not None and bool(fetching.done())

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Found:
        """Waits until there are some, or until the consumer is closed."""
        while not self._closed:
            try:
                found = await self._ask(*partitions, timeout_ms=timeout_ms, max_records=max_records)
            except Exception as error:  # noqa: BLE001 - FastStream would ask again for ever, without a word
                await self._survive(error)
                continue
            if found:
                self.given = {each: self._holder.held.get(each) for each in found}
                return found
            if self.ended:
                await asyncio.sleep(PAUSE_SECONDS)
        return {}

    async def _ask(self, *partitions: TopicPartition, timeout_ms: int, max_records: int | None) -> Found:
        if monotonic() >= self._suspects_until:
            return await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        # One record at a time: whatever comes before the one that raises is then handed over, not lost with it. Who has
        # waited longest is first: partitions with a backlog keep no other one from its turn.
        for each in sorted(self._holder.held, key=lambda each: self._asked_alone.get(each, 0.0)):
            try:
                found = await super().getmany(each, timeout_ms=0, max_records=1)
            except Exception as error:
                if not is_about_records(error):
                    raise
                self._suspects_until = float("-inf")
                self._holder.unreadable(each, error)
                return {}
            if found:
                self._asked_alone[each] = monotonic()
                return found
        await asyncio.sleep(0.02)
        return {}

    async def _survive(self, error: Exception) -> None:
        log.warning("records_not_fetched", reason=type(error).__name__)
        self._holder.seek_back()
        if isinstance(error, OffsetOutOfRangeError):
            for each in error.args[0]:
                self._holder.out_of_range(each)
        elif isinstance(error, TopicAuthorizationFailedError):
            self._holder.forbidden(str(error.args[0]))
        elif is_about_records(error):
            self._suspects_until = monotonic() + SUSPECT_SECONDS
        else:
            await asyncio.sleep(PAUSE_SECONDS)

    def _ask_calmly(self) -> asyncio.Future[bool]:
        """Metadata, but not without a pause."""
        if self._metadata is None or self._metadata.done():
            self._metadata = asyncio.create_task(self._ask_later())
        return asyncio.shield(self._metadata)

    async def _ask_later(self) -> bool:
        await asyncio.sleep(max(0.0, self._metadata_at + METADATA_SECONDS - monotonic()))
        self._metadata_at = monotonic()
        return bool(await self._ask_for_metadata())  # type: ignore[no-untyped-call]


async def parse(batch: Batch) -> KafkaMessage:
    """Takes the records as they are. FastStream's own parser decodes headers as UTF-8 and fails on a bad one."""
    return KafkaMessage(body=b"", raw_message=batch, consumer=NO_CONSUMER)


async def raw(message: KafkaMessage) -> Any:
    """Hands the records on: the dispatcher decodes them."""
    return message.raw_message


class NoConsumer:
    """What FastStream acknowledges messages with; here that does nothing."""

    async def commit(self) -> None:
        """Offsets are committed by `Consumer`, explicitly."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """`Consumer` alone decides where to go on."""


NO_CONSUMER = NoConsumer()
