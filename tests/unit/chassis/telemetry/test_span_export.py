"""Spans are exported in batches, counted when they are lost, and hold up nobody: not the work, not the end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from chassis.telemetry.span_export import BATCH, SpanExport


class Exporter(SpanExporter):
    """Stands in for the OTLP exporter; `answers` set: the collector answers."""

    def __init__(self, result: SpanExportResult = SpanExportResult.SUCCESS) -> None:
        self.result = result
        self.answers = threading.Event()
        self.asked = threading.Event()
        self.sizes: list[int] = []
        self.ended = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.asked.set()
        self.answers.wait(30)
        self.sizes.append(len(spans))
        return self.result

    def shutdown(self) -> None:
        self.ended.set()


def finished(export: SpanExport, count: int) -> None:
    for _ in range(count):
        export.on_end(ReadableSpan("create"))


def counted() -> tuple[Counter[str], Any]:
    dropped: Counter[str] = Counter()
    return dropped, lambda reason, count: dropped.update({reason: count})


async def test_a_full_queue_before_a_silent_collector_is_given_up_and_counted() -> None:
    exporter, (dropped, count) = Exporter(), counted()
    export = SpanExport(exporter, count, queue=2000)
    finished(export, BATCH)
    assert exporter.asked.wait(10)
    finished(export, 2500)
    assert dropped == {"queue_full": 500}
    await export.close(0.1)
    assert not exporter.answers.is_set(), "the collector is still silent, and nobody waits for it"
    assert dropped == {"queue_full": 500, "end": 2000 + BATCH}
    exporter.answers.set()
    assert exporter.ended.wait(10), "the thread ends as soon as it can"
    assert dropped["not_delivered"] == 0
    assert exporter.sizes == [BATCH]


async def test_what_is_queued_reaches_a_collector_that_answers_before_the_end() -> None:
    exporter, (dropped, count) = Exporter(), counted()
    exporter.answers.set()
    export = SpanExport(exporter, count, pause_seconds=60)
    finished(export, BATCH + 3)
    await export.close(10)
    assert sum(exporter.sizes) == BATCH + 3
    assert max(exporter.sizes) <= BATCH
    assert exporter.ended.wait(10)
    assert dropped == {}


def test_a_flush_gives_up_after_its_timeout() -> None:
    exporter, (_, count) = Exporter(), counted()
    export = SpanExport(exporter, count, pause_seconds=60)
    finished(export, 1)
    assert not export.force_flush(50)
    exporter.answers.set()
    assert export.force_flush(10_000)
    assert exporter.sizes == [1]
    export.shutdown()


def test_a_batch_that_the_collector_refuses_is_counted() -> None:
    exporter, (dropped, count) = Exporter(SpanExportResult.FAILURE), counted()
    exporter.answers.set()
    export = SpanExport(exporter, count, pause_seconds=60)
    finished(export, 7)
    assert export.force_flush(10_000)
    assert dropped == {"not_delivered": 7}
    export.shutdown()


def test_an_exporter_that_raises_loses_its_batch_and_nothing_else() -> None:
    class Broken(Exporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            if not self.sizes:
                self.sizes.append(0)
                raise OSError("no such host")
            return super().export(spans)

    exporter, (dropped, count) = Broken(), counted()
    exporter.answers.set()
    export = SpanExport(exporter, count, pause_seconds=60)
    finished(export, 2)
    assert export.force_flush(10_000)
    finished(export, 3)
    assert export.force_flush(10_000)
    assert (dropped, exporter.sizes) == ({"not_delivered": 2}, [0, 3])
    export.shutdown()


def test_spans_after_the_end_are_counted() -> None:
    exporter, (dropped, count) = Exporter(), counted()
    export = SpanExport(exporter, count)
    export.shutdown()
    finished(export, 2)
    assert dropped == {"end": 2}
