"""Batches in, acknowledgements out: one idempotent producer at a time, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from chassis.kafka import topic_metadata
from chassis.kafka.clients import seconds_to_connect
from chassis.outbox.broker_responses import BrokerResponses, Rejection
from chassis.outbox.records import Batch
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.waiting import bounded, is_set_within

Place: TypeAlias = tuple[str, int]
"""A topic and one of its partitions."""
STEP_SECONDS = 1.0
"""How long a wait lasts at most without a look at whether there is still a reason for it."""
REFUSALS = (UnknownTopicOrPartitionError, TopicAuthorizationFailedError)
"""There is no such topic, or this user has nothing to do with it."""
_REFUSALS = {each.__name__: each for each in REFUSALS}
CLOSE_SECONDS = 2.0
"""How long the sender of a producer that is let go, and then its client, may take to close."""

log = get_logger(__name__)


class Publisher:
    """Sends within its own timeout: the producer itself never gives up.

    Each may look for a broker that answers before that, for as long as its list has addresses. `turned` is called while
    a wait has a reason: the liveness probe tells a broker that asks for silence from a task that hangs.
    """

    def __init__(
        self,
        producer: Callable[[], AIOKafkaProducer],
        metrics: Metrics,
        timeout_seconds: float,
        turned: Callable[[], None],
    ) -> None:
        self._new_producer = producer
        self._metrics = metrics
        self._timeout = timeout_seconds
        self._turned = turned
        self._responses = BrokerResponses(self._throttled)
        self._producer: AIOKafkaProducer | None = None

    async def may_speak(self, stop: asyncio.Event) -> bool:
        """Waits as long as brokers ask for silence. False if `stop` is set meanwhile."""
        while (silence := self._responses.silence()) > 0:
            self._turned()
            if await is_set_within(stop, min(silence, STEP_SECONDS)):
                return False
        return True

    async def partitions(self, topic: str) -> int:
        """How many the topic has. Raises one of `REFUSALS` if it does not exist or may not be seen, `KafkaError`,
        `TimeoutError`."""
        producer = await self._ready()
        async with asyncio.timeout(self._timeout):
            if known := producer.client.cluster.partitions_for_topic(topic):
                return len(known)
            # The producer itself would ask for as long as a request may take, and all other topics would wait.
            asked = (await topic_metadata.topics(producer.client, [topic]))[topic]
            if refusal := _REFUSALS.get(asked.error or ""):
                raise refusal(topic)
            return len(await producer.partitions_for(topic))

    async def send(self, batches: Mapping[Place, Batch]) -> tuple[dict[Place, int], dict[Place, Rejection]]:
        """Sends one batch per partition; returns the offset of each acknowledged one's first record, and why the others
        were not. After a rejection nothing more can be sent to a partition by the same producer: it is let go.

        What is sent in one go is one request per broker: a broker that asks for silence has acknowledged all of it.
        """
        if not batches:
            return {}, {}
        producer = await self._ready()
        sent: dict[Place, asyncio.Future[Any]] = {}
        otherwise = Rejection("NoAnswer")
        try:
            async with asyncio.timeout(self._timeout):
                for (topic, partition), batch in batches.items():
                    sent[topic, partition] = await producer.send_batch(batch, topic, partition=partition)
            await self._answered(set(sent.values()))
        except KafkaError as error:
            otherwise = Rejection(type(error).__name__.removesuffix("Error"))
        except TimeoutError:
            pass
        acknowledged = {place: future.result().offset for place, future in sent.items() if _acknowledged(future)}
        rejected = {
            place: self._responses.rejection(place) or _raised(sent.get(place)) or otherwise
            for place in batches
            if place not in acknowledged
        }
        for (topic, reason), count in Counter((topic, each.reason) for (topic, _), each in rejected.items()).items():
            log.warning("relay_not_acknowledged", topic=topic, reason=reason, partitions=count)
            self._metrics.publish_failures.labels(topic).inc(count)
            self._metrics.publish_errors.labels(topic, reason).inc(count)
        if rejected:
            await self.drop()
        return acknowledged, rejected

    async def _answered(self, pending: set[asyncio.Future[Any]]) -> None:
        """Waits for all. Raises `TimeoutError` if a broker takes too long; silence that it asks for does not count."""
        give_up = monotonic() + self._timeout
        while pending:
            if (silence := self._responses.silence()) > 0:
                self._turned()
                give_up = max(give_up, monotonic() + silence + self._timeout)
            if (left := give_up - monotonic()) <= 0:
                raise TimeoutError
            _, pending = await asyncio.wait(pending, timeout=min(left, STEP_SECONDS))

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._new_producer()
            self._responses.listen(producer)
            self._producer = producer
            async with asyncio.timeout(seconds_to_connect(producer.client.hosts) + self._timeout):
                await producer.start()
            self._turned()
        return self._producer

    async def drop(self) -> None:
        """Lets go of the producer with all its tasks and connections.

        `stop()` would wait for missing acknowledgements, and a producer left alone would send again later, behind the
        back of the next one. Nothing is lost: the outbox still has every row that was not acknowledged.
        """
        producer, self._producer = self._producer, None
        if producer is None:
            return
        self._responses.drop()
        producer._closed = True  # noqa: SLF001 - so that it does not complain that nobody stopped it
        if producer._sender is not None:  # noqa: SLF001
            await bounded(producer._sender.close(), CLOSE_SECONDS)  # noqa: SLF001
        await bounded(producer.client.close(), CLOSE_SECONDS)

    def _throttled(self, seconds: float) -> None:
        self._metrics.relay_throttled_seconds.inc(seconds)
        log.warning("relay_throttled", seconds=seconds)


def _acknowledged(sent: asyncio.Future[Any]) -> bool:
    return sent.done() and not sent.cancelled() and sent.exception() is None


def _raised(sent: asyncio.Future[Any] | None) -> Rejection | None:
    """What the client itself has against a batch."""
    if sent is None or not sent.done() or sent.cancelled() or (error := sent.exception()) is None:
        return None
    return Rejection(type(error).__name__.removesuffix("Error"))
