"""Makes FastStream hand over raw batches, wait for records, and tell when a member is broken for good."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from chassis.telemetry.logs import get_logger

FETCH_PATIENCE_SECONDS = 30.0
"""A member that has failed to fetch for so long, without one success, will not recover by itself."""

Batch = tuple[ConsumerRecord[Any, Any], ...]

log = get_logger(__name__)


def end_loudly(broker: KafkaBroker, on_fatal: Callable[[BaseException], None]) -> None:
    """Makes the broker build its consumers as `WaitingConsumer`. Call it after `connect`, before `start`.

    Raises `TypeError` if this FastStream builds them another way.
    """
    transport = broker.config.broker_config
    if not isinstance(transport.builder, partial):
        raise TypeError("FastStream no longer makes its consumer from a partial")
    transport.builder = partial(
        WaitingConsumer, *transport.builder.args, **transport.builder.keywords, on_fatal=on_fatal
    )


class WaitingConsumer(AIOKafkaConsumer):
    """A consumer whose `getmany` returns only with records, and which reports when it is broken for good.

    FastStream sleeps after an empty answer and is deaf meanwhile. And it asks a broken member for ever (one that has
    lost its right to read, or whose coordination has ended): such a process would be live and read nothing. A new
    process joins the group anew.
    """

    def __init__(self, *topics: str, on_fatal: Callable[[BaseException], None], **settings: Any) -> None:
        super().__init__(*topics, **settings)  # type: ignore[no-untyped-call]
        self._on_fatal = on_fatal
        self._fails_since: float | None = None

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        """Waits until there are some, or until the consumer is closed."""
        while True:
            try:
                found = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
            except KafkaError as error:
                self._failed(error)
                raise
            self._fails_since = None
            if found or self._closed:
                return found

    def _failed(self, error: KafkaError) -> None:
        """Lets FastStream ask again while aiokafka calls the error retriable and patience lasts; else ends loudly."""
        self._fails_since = self._fails_since or monotonic()
        log.warning("records_not_fetched", reason=type(error).__name__)
        if not error.retriable or monotonic() - self._fails_since > FETCH_PATIENCE_SECONDS:
            self._on_fatal(error)


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
        """Nothing is ever sought back: a batch is tried until it is done."""


NO_CONSUMER = NoConsumer()
