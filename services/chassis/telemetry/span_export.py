"""Finished spans on their way to a collector: a bounded queue, and a thread that nobody ever waits for in vain.

OpenTelemetry's own batch processor ignores the timeout of its `force_flush` (1.45): a collector that takes connections
and never answers holds up the end of a process for ten seconds per 512 spans, with a full queue for ten minutes. And it
does not tell what it drops.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from chassis.telemetry.logs import get_logger

QUEUE = 32_768
"""Spans that may wait; what comes beyond is dropped."""
BATCH = 512
"""Spans per request."""

log = get_logger(__name__)


def _nobody_counts(_reason: str, _count: int) -> None:
    """Where no metrics are kept."""


class SpanExport(SpanProcessor):
    """Exports every `pause_seconds`, and at once when a batch is full.

    `dropped` is told why spans are lost, and how many: `queue_full`, `not_delivered` (the collector refuses them or
    does not answer in time), `end` (the process ends before the collector has taken them).
    """

    def __init__(
        self,
        exporter: SpanExporter,
        dropped: Callable[[str, int], None] = _nobody_counts,
        *,
        pause_seconds: float = 5.0,
        queue: int = QUEUE,
    ) -> None:
        self._exporter = exporter
        self._dropped = dropped
        self._pause = pause_seconds
        self._limit = queue
        self._queue: deque[ReadableSpan] = deque()
        self._in_hand = 0
        self._hurry = self._closed = False
        self._changed = Condition()
        # A daemon: the interpreter does not wait for it, however long a request to the collector takes.
        Thread(target=self._run, name="spans", daemon=True).start()

    def on_end(self, span: ReadableSpan) -> None:
        """Takes one span, or drops it; never waits for the collector."""
        if self._closed:
            self._dropped("end", 1)
            return
        if len(self._queue) >= self._limit:
            self._dropped("queue_full", 1)
            return
        self._queue.append(span)
        if len(self._queue) == BATCH:
            with self._changed:
                self._changed.notify_all()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """True once the collector was given everything; False if that takes longer."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._queue and not self._in_hand, timeout_millis / 1000)

    def shutdown(self) -> None:
        """Takes no more; what is queued is still exported while the process lives. Returns at once."""
        with self._changed:
            self._closed = self._hurry = True
            self._changed.notify_all()

    async def close(self, seconds: float) -> None:
        """The same, and waits for the collector so long; then gives up what it has not taken, and says how much."""
        self.shutdown()
        give_up = monotonic() + seconds
        while (left := self._left()) and monotonic() < give_up:
            await asyncio.sleep(0.01)
        if left:
            self._queue.clear()
            self._dropped("end", left)
            self._dropped = _nobody_counts  # the batch in hand is counted already
            log.warning("spans_dropped", reason="end", count=left)

    def _left(self) -> int:
        with self._changed:
            return len(self._queue) + self._in_hand

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._hurry or len(self._queue) >= BATCH, self._pause)
                self._hurry = self._closed
                due = len(self._queue)
            if self._closed and not due:
                break
            while due > 0:
                due -= self._export(min(due, BATCH))
        self._exporter.shutdown()

    def _export(self, count: int) -> int:
        with self._changed:
            batch = [self._queue.popleft() for _ in range(min(count, len(self._queue)))]
            self._in_hand = len(batch)
        if batch and not self._is_delivered(batch):
            self._dropped("not_delivered", len(batch))
        with self._changed:
            self._in_hand = 0
            self._changed.notify_all()
        return count

    def _is_delivered(self, batch: list[ReadableSpan]) -> bool:
        try:
            return self._exporter.export(batch) is SpanExportResult.SUCCESS
        except Exception as error:  # noqa: BLE001 - a span is never worth the work that it tells of
            log.warning("spans_not_delivered", reason=type(error).__name__)
            return False
