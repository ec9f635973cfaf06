"""FastStream as transport: batches of raw records in, progress and offsets out. `dispatch` knows what they mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from time import monotonic

from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

from chassis.consumer import faststream_adapter as adapter
from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.faststream_adapter import Batch, WaitingConsumer
from chassis.consumer.held import Held, Troubles
from chassis.consumer.offsets import PATIENCE_SECONDS, Offsets
from chassis.consumer.outages import pause_after
from chassis.consumer.progress import TermOverError, Terms, last_of, record_id
from chassis.consumer.watchdog import Hearing
from chassis.kafka.addresses import known
from chassis.kafka.clients import seconds_to_connect
from chassis.postgres.database import is_outage, reason_of
from chassis.settings import KafkaSettings, Settings
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.waiting import is_set_within

CONNECT_SECONDS = 30.0
"""For a new client, once it has found a broker."""
_NO_LONGER_THERE = object()

log = get_logger(__name__)


class Consumer:
    """Reads the partitions that it is given, one batch at a time. `member` tells those of one process apart."""

    def __init__(
        self,
        service: str,
        kafka: KafkaSettings,
        settings: Settings,
        dispatcher: Dispatcher,
        metrics: Metrics,
        on_fatal: Callable[[BaseException], None],
        troubles: Troubles,
        member: int = 1,
    ) -> None:
        self._service = service
        self._kafka = kafka
        self._settings = settings
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._on_fatal = on_fatal
        self._troubles = troubles
        self._batch = asyncio.Lock()
        self._abandon = asyncio.Event()
        self._stopping = asyncio.Event()
        self._leaving = 0
        self._broken = False
        self._offsets = Offsets(self._batch, self._commit_offsets, self._place_of)
        self._last_progress = monotonic()
        self._hearing = Hearing()
        self._begun = monotonic()
        self._broker: KafkaBroker | None = None
        self._client: WaitingConsumer | None = None
        self._covered: frozenset[TopicPartition] = frozenset()
        self.held: dict[TopicPartition, Held] = {}
        self.name = f"{settings.instance or service}-{member}"

    # --- what it reads -----------------------------------------------------------------------------------------------

    async def cover(self, partitions: Collection[TopicPartition]) -> None:
        """Connects, or makes these all that may be taken; what is held goes on. Raises `KafkaError`, `TimeoutError`,
        `Trouble`."""
        if self._client is None:
            if not self._stopping.is_set():
                await self._connect(partitions)
        elif self._covered != frozenset(partitions):
            self._client.assign(partitions)
            self._covered = frozenset(partitions)
            for each in self.held.keys() - self._covered:
                self.stand_still(each)
            self.seek_back()

    def connects_within(self) -> float:
        """Seconds that it may take until it has a client; 0 if it has one. So long it is not deaf."""
        if self._client is not None:
            return 0.0
        return seconds_to_connect(known(self._kafka).in_order()) + CONNECT_SECONDS

    async def _connect(self, partitions: Collection[TopicPartition]) -> None:
        """Raises `TimeoutError` if that takes too long."""
        broker, subscriber = adapter.raw_batches(
            self.name, self._service, self._kafka, self._settings, partitions, self._on_batch
        )
        self._broker = broker
        try:
            async with asyncio.timeout(self.connects_within()):
                await broker.connect()
                adapter.build_waiting_consumers(broker, self, self._kafka)
                await broker.start()
        except BaseException:
            await self.disconnect()
            raise
        if self._broker is not broker:  # given up meanwhile
            await adapter.close(broker, PATIENCE_SECONDS)
            return
        if not isinstance(subscriber.consumer, WaitingConsumer):
            raise TypeError("FastStream has built another consumer")
        self._client = subscriber.consumer
        self._covered = frozenset(partitions)
        self.seek_back()  # what was taken while the client before was given up

    async def disconnect(self) -> None:
        """Gives up the client, and with it everything that is held. `cover` makes a new one, with secrets read anew."""
        self.held = {}
        self._hearing.rests()
        broker, self._broker, self._client = self._broker, None, None
        if broker is not None:
            await adapter.close(broker, PATIENCE_SECONDS)

    def take(self, partition: TopicPartition, held: Held) -> None:
        """Reads this partition from now on. Call it after `cover`."""
        if not self.held and self._client is not None:
            self._hearing.listens(self._client.fetched_at())
        self._go_on(partition, held)
        if held.check is None:
            self._tell(partition, held)

    async def let_go(self, partitions: Collection[TopicPartition]) -> None:
        """Hands nothing of these on any more, and returns once the batch in hand has ended or was given up."""
        for each in partitions:
            self.stand_still(each)
        self._leaving += 1
        self._abandon.set()
        try:
            async with self._batch:
                await self._offsets.tell_now()
        finally:
            self._leaving -= 1
            if not self._leaving and not self._stopping.is_set():
                self._abandon.clear()

    def stand_still(self, partition: TopicPartition) -> Held | None:
        """Fetches no more of it. Returns what was held."""
        if self._client is not None and partition in self._covered:
            self._client.pause(partition)  # type: ignore[no-untyped-call]
        held = self.held.pop(partition, None)
        if held is not None and not self.held:
            self._hearing.rests()
        return held

    async def leave(self) -> None:
        """Finishes the batch in hand and commits its offsets, for good."""
        self._stopping.set()
        self._offsets.leave()
        await self.let_go(list(self.held))

    async def stop(self) -> None:
        """Disconnects. Call `leave` before."""
        self._offsets.stop()
        await self.disconnect()

    # --- what its client finds (`Holder`) ----------------------------------------------------------------------------

    def seek_back(self) -> None:
        """Begins again behind what was handled, in all partitions that are held."""
        for each, held in list(self.held.items()):
            self._go_on(each, replace(held))
        self._hearing.heard()

    def out_of_range(self, partition: TopicPartition) -> None:
        """Retention took the record, the topic was made anew, or the broker has an older disk."""
        if self.stand_still(partition):
            self._displaced(partition)

    def compare_again(self) -> None:
        """Where records would now come by another connection, the record before is compared, though none comes."""
        for each in list(self.held):
            self._comes_by_another_way(each)

    def forbidden(self, topic: str) -> None:
        """Stands still until somebody says that it may be read again."""
        for each in [each for each in self.held if each.topic == topic]:
            self.stand_still(each)
        self._troubles.forbidden(topic)

    def unreadable(self, partition: TopicPartition, error: BaseException) -> None:
        """Stands still before it."""
        if held := self.stand_still(partition):
            self._troubles.unreadable(partition, held, error)

    def read_to(self, partition: TopicPartition) -> int:
        """Everything before this offset is handled, or is no record: what a transaction leaves in a topic, say."""
        handled = self.held[partition].next_offset
        return handled if self.busy or self._client is None else max(handled, self._client.place(partition))

    @property
    def busy(self) -> bool:
        """True while a batch is in hand."""
        return self._batch.locked()

    def busy_seconds(self) -> float:
        """For how long one batch has been in hand."""
        return monotonic() - self._begun if self.busy else 0.0

    @property
    def ended(self) -> bool:
        """True if its client will never fetch again."""
        return self._client is not None and self._client.ended

    def quiet_since(self) -> float:
        """Since when it has heard nothing although it was to read, and had no batch in hand (monotonic seconds)."""
        if self._client is None or self.busy or not self.held:
            return monotonic()
        return self._hearing.quiet_since(self._client.fetched_at())

    def _go_on(self, partition: TopicPartition, held: Held) -> None:
        self.held[partition] = held
        if self._client is not None:
            self._client.seek(partition, held.next_offset - (held.check is not None))  # type: ignore[no-untyped-call]
            self._client.resume(partition)  # type: ignore[no-untyped-call]

    def _displaced(self, partition: TopicPartition, suspect: int | None = None) -> None:
        self._offsets.forget(partition)
        self._troubles.displaced(partition, suspect)

    def _comes_by_another_way(self, partition: TopicPartition) -> None:
        """Begins again, one record earlier, if another connection is behind it by now."""
        held, connection = self.held[partition], self._connection(partition)
        if held.last_id is None or held.connection is None or connection in (None, held.connection):
            return
        self._go_on(partition, replace(held, connection=None))
        self._hearing.heard()

    def _connection(self, partition: TopicPartition) -> object | None:
        return None if self._client is None else self._client.connection(partition)

    # --- batches -----------------------------------------------------------------------------------------------------

    @property
    def last_progress(self) -> float:
        """When the running batch last moved (monotonic seconds); now, while there is none."""
        return self._last_progress if self._batch.locked() else monotonic()

    async def _on_batch(self, records: Batch) -> None:
        async with self._batch:
            if self._broken:
                return
            self._last_progress = self._begun = monotonic()
            try:
                current = self._current(records)
                terms = {partition: held.term for partition, held in self.held.items()}
                done = not current or await self._handle(current, terms)
            except Exception as error:
                self._broken = True
                self._on_fatal(error)
                await self._stopping.wait()
                raise
            self._hearing.heard()
            if done:
                await self._commit(current, terms)
            else:
                self.seek_back()  # what the client has fetched meanwhile would leave a hole: positions take it for done

    def _current(self, records: Batch) -> Batch:
        """Those that are still ours, without the one before the first, which is only compared."""
        given = self._client.given if self._client is not None else {}
        for partition in last_of(records).keys() & self.held.keys():
            self._comes_by_another_way(partition)
        current = []
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            held = self.held.get(partition)
            if held is None or given.get(partition) is not held:
                continue  # let go of, or sought elsewhere, since this was fetched
            if record.offset < held.next_offset and held.check not in (None, record_id(record)):
                self.stand_still(partition)
                self._displaced(partition, held.term)
                continue
            if held.connection is None:
                held.connection = self._connection(partition) or _NO_LONGER_THERE
                self._tell(partition, held)
            if record.offset >= held.next_offset:
                current.append(record)
        return tuple(current)

    def _tell(self, partition: TopicPartition, held: Held) -> None:
        """A crash, or another past, may have left the group's offset elsewhere."""
        self._offsets.note(partition, held.next_offset)
        self._offsets.tell_soon()

    async def _handle(self, records: Batch, terms: Terms) -> bool:
        """True once the effects are durable; False if partitions had to leave during an outage, or a term is over."""
        attempt = 0
        while True:
            try:
                await self._dispatcher.handle(records, terms)
            except TermOverError:
                self._displace(records, terms)
                return False
            except Exception as error:
                if not is_outage(error):
                    raise
                attempt += 1
                reason = reason_of(error)
                self._metrics.retries.labels("consumer", reason).inc()
                log.warning("batch_retried", reason=reason, attempt=attempt)
                self._last_progress = monotonic()
                if await is_set_within(self._abandon, pause_after(attempt, unit=0.02)):
                    return False
            else:
                return True

    def _displace(self, records: Batch, terms: Terms) -> None:
        log.warning("batch_displaced")
        for partition in last_of(records):
            held = self.held.get(partition)
            if held and held.term == terms[partition]:
                self.stand_still(partition)
                self._troubles.displaced(partition)

    async def _commit(self, records: Batch, terms: Terms) -> None:
        """Notes how far a handled batch has come; Kafka is told now, or soon together with the next."""
        for partition, last in last_of(records).items():
            held, end = self.held.get(partition), last.offset + 1
            if held and held.term != terms[partition]:
                continue  # placed anew meanwhile
            self._offsets.note(partition, end)
            if held:
                held.move(end, record_id(last))
        await self._offsets.tell()

    async def _commit_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._last_progress = monotonic()  # the last batch may be long ago: a wait for the broker is no stall
        covered = {each: offset for each, offset in offsets.items() if each in self._covered and self._is_known(each)}
        if self._client is not None and covered:
            await self._client.commit(covered)  # type: ignore[no-untyped-call]

    def _is_known(self, partition: TopicPartition) -> bool:
        """False where the broker behind a new connection may not hold what was handled: that is compared first, and the
        offset then told."""
        held = self.held.get(partition)
        if held is None or held.last_id is None:
            return True
        return held.connection is not None and held.connection is self._connection(partition)

    def _place_of(self, partition: TopicPartition) -> int | None:
        held = self.held.get(partition)
        return None if held is None else held.next_offset
