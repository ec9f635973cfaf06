"""How far behind the readers of this process are: in records, and in seconds.

Seconds are counted from when the batch that holds the oldest unhandled record was written to its topic, by its own
timestamp. What an event waited before, in the outbox of its sender, is no fault of its readers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from aiokafka import TopicPartition

from chassis.kafka.lookout import Lookout
from chassis.kafka.unpacking import Written, is_about_records
from chassis.telemetry.metrics import Metrics


class _Asked(NamedTuple):
    """Which batch was found, and at which offset it was asked for."""

    offset: int
    found: Written


class Lag:
    """What is not handled, of the partitions that this process reads."""

    def __init__(self, lookout: Lookout, metrics: Metrics) -> None:
        self._lookout = lookout
        self._metrics = metrics
        self._asked: dict[TopicPartition, _Asked] = {}

    def forget(self) -> None:
        """What nobody can tell is no number."""
        self._metrics.lag.clear()
        self._metrics.lag_seconds.clear()

    def tell(self, lags: Mapping[TopicPartition, int]) -> None:
        """Tells it in records."""
        self._metrics.lag.clear()
        for each, lag in lags.items():
            self._metrics.lag.labels(each.topic, str(each.partition)).set(lag)

    async def tell_seconds(self, lags: Mapping[TopicPartition, int], places: Mapping[TopicPartition, int]) -> None:
        """Tells it in seconds; `places` are the first offsets that are not handled. Raises `KafkaError` or
        `TimeoutError`."""
        written = {each: await self._written(each, places[each]) for each, lag in lags.items() if lag}
        now = time.time()
        self._metrics.lag_seconds.clear()
        for each, lag in lags.items():
            at = written.get(each)
            if at is not None or not lag:
                seconds = 0.0 if at is None else max(0.0, now - at)
                self._metrics.lag_seconds.labels(each.topic, str(each.partition)).set(seconds)

    async def _written(self, partition: TopicPartition, offset: int) -> float | None:
        """When the batch at this offset was written; None if it is gone, or no batch. While a partition stands still,
        nobody is asked."""
        asked = self._asked.get(partition)
        if asked is None or not asked.offset <= offset < asked.found.next_offset:
            try:
                found = await self._lookout.written_at(partition, offset)
            except Exception as error:
                if not is_about_records(error):
                    raise
                return None
            if found is None:
                return None
            asked = self._asked[partition] = _Asked(offset, found)
        return asked.found.seconds
