"""FastStream as transport: batches of raw records in, explicit offsets out. `dispatch` knows what they mean."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from time import monotonic

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.faststream_adapter import Batch, end_loudly, parse, raw
from chassis.kafka.clients import broker_security
from chassis.postgres.database import is_outage, reason_of
from chassis.settings import KafkaSettings, Settings
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.waiting import is_set_within

BACK_OFF_SECONDS = 5.0
OFFSET_SECONDS = 0.25
"""The shortest time between two commits of offsets: one costs the broker as much as an event. Records whose offsets a
crash leaves uncommitted come again, and positions drop them."""
OFFSET_PATIENCE_SECONDS = 2.0
"""A broker that takes longer to commit offsets is gone. Nobody waits for it, least of all a shutdown."""
POLL_MS = 1000
"""The length of one wait for records; the first record ends it at once."""

log = get_logger(__name__)


class Consumer(ConsumerRebalanceListener):
    """One group member that reads its share of a service's topics, one batch at a time.

    `member` tells the members of one process apart.
    """

    def __init__(
        self,
        service: str,
        topics: Sequence[str],
        kafka: KafkaSettings,
        settings: Settings,
        dispatcher: Dispatcher,
        metrics: Metrics,
        on_fatal: Callable[[BaseException], None],
        member: int = 1,
    ) -> None:
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._on_fatal = on_fatal
        self._batch = asyncio.Lock()
        self._abandon = asyncio.Event()
        self._stopping = asyncio.Event()
        self._given_up = False
        self._offsets: dict[TopicPartition, int] = {}
        self._committed_at = 0.0
        self._later: asyncio.Task[None] | None = None
        self._last_progress = monotonic()
        self.assigned = False
        name = f"{settings.instance or service}-{member}"
        self._broker = KafkaBroker(
            kafka.addresses,
            client_id=name,
            security=broker_security(kafka),
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=settings.shutdown_seconds,
            logger=None,
        )
        self._subscriber = self._broker.subscriber(
            *topics,
            batch=True,
            group_id=service,
            group_instance_id=name if settings.instance else None,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.session_timeout_ms // 4,
            max_records=settings.batch_max_records,
            batch_timeout_ms=POLL_MS,
            fetch_max_wait_ms=1000,  # the broker answers at once when there is something
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=parse,
            decoder=raw,
            listener=self,
        )
        self._subscriber(self._on_batch)

    async def start(self) -> None:
        """Joins the group. Raises `KafkaError` while no broker answers."""
        await self._broker.connect()
        end_loudly(self._broker, self._on_fatal)
        await self._broker.start()

    @property
    def last_progress(self) -> float:
        """When the running batch last moved (monotonic seconds); now, while there is none."""
        return self._last_progress if self._batch.locked() else monotonic()

    async def stop(self) -> None:
        """Finishes the batch in hand, commits its offsets and leaves the group."""
        self._stopping.set()
        self._abandon.set()
        async with self._batch:
            self._given_up = True
            await self._commit_now()
        if self._later is not None:
            self._later.cancel()
        await self._broker.stop()
        self.assigned = False

    async def _on_batch(self, records: Batch) -> None:
        async with self._batch:
            if self._given_up:
                return
            self._last_progress = monotonic()
            try:
                done = await self._handle(records)
            except Exception as error:
                self._given_up = True
                self._on_fatal(error)
                await self._stopping.wait()
                raise
            if done:
                await self._commit(records)
            else:
                # The batch comes again with the next assignment, here or elsewhere. FastStream has fetched more and
                # hands it over meanwhile. Whoever handled that would leave a hole, and positions would take the hole
                # for done.
                self._given_up = True

    async def _handle(self, records: Batch) -> bool:
        """True once the effects are durable; False if an outage lasted until the partitions had to leave."""
        attempt = 0
        while True:
            try:
                await self._dispatcher.handle(records)
            except Exception as error:
                if not is_outage(error):
                    raise
                attempt += 1
                self._metrics.retries.labels("consumer", reason_of(error)).inc()
                log.warning("batch_retried", reason=reason_of(error), attempt=attempt)
                self._last_progress = monotonic()
                pause = min(BACK_OFF_SECONDS, 0.02 * 2 ** min(attempt, 10)) * random.uniform(0.5, 1)
                if await is_set_within(self._abandon, pause):
                    return False
            else:
                return True

    async def _commit(self, records: Batch) -> None:
        """Commits the offsets of a handled batch: now, or soon together with those of the next."""
        for record in records:
            self._offsets[TopicPartition(record.topic, record.partition)] = record.offset + 1
        if monotonic() - self._committed_at >= OFFSET_SECONDS:
            await self._commit_now()
        elif self._later is None:
            self._later = asyncio.create_task(self._commit_later())

    async def _commit_later(self) -> None:
        await asyncio.sleep(OFFSET_SECONDS)
        self._later = None
        async with self._batch:
            await self._commit_now()

    async def _commit_now(self) -> None:
        """May fail in a rebalance or an outage: positions drop the records that then come again."""
        self._last_progress = monotonic()  # the last batch may be long ago: a wait for the broker is no stall
        consumer: AIOKafkaConsumer | None = self._subscriber.consumer
        offsets, self._offsets = self._offsets, {}
        if consumer is None:
            return
        assigned = consumer.assignment()
        offsets = {partition: offset for partition, offset in offsets.items() if partition in assigned}
        try:
            if offsets:
                async with asyncio.timeout(OFFSET_PATIENCE_SECONDS):
                    await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            log.info("offsets_not_committed", reason=type(error).__name__)
        self._committed_at = monotonic()

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Lets the running batch end, or give up on an outage, before its partitions move on."""
        if not revoked:
            return
        self.assigned = False
        self._abandon.set()
        async with self._batch:
            await self._commit_now()
            if not self._stopping.is_set():
                self._abandon.clear()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Makes the member ready. An empty assignment counts: other members do the work."""
        self.assigned = True
        self._given_up = self._stopping.is_set()
        log.info("partitions_assigned", count=len(assigned))

    async def lags(self) -> dict[TopicPartition, int]:
        """How far each assigned partition is behind its end."""
        consumer: AIOKafkaConsumer | None = self._subscriber.consumer
        if consumer is None:
            return {}
        lags = {}
        for partition in consumer.assignment():
            end = consumer.highwater(partition)
            if end is not None:  # something was fetched, so there is a position
                lags[partition] = max(0, end - await consumer.position(partition))
        return lags
