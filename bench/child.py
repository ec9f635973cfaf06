"""One variant, one run, in a process of its own: `python -m bench.child ours '{...}'` prints one JSON line."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import uvloop
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExportResult

from bench.machine import cpu_seconds
from chassis.runtime.lifecycle import spare_the_collector
from chassis.telemetry.span_export import SpanExport

SILENCE_SECONDS = 60
"""A variant that makes no progress for so long has failed."""


@dataclass(frozen=True)
class Task:
    """What a variant is asked to do."""

    dsn: str
    bootstrap: str
    source: str = ""
    """The topic to read."""
    events: int = 0
    relay: bool = True
    """False: consume and commit only, publish nothing."""
    consume: bool = True
    spans: str = "built"
    """`none`, `built` (made and dropped) or `otlp` (made, encoded, sent to `endpoint`)."""
    endpoint: str = ""
    ratio: float = 1.0
    servers: tuple[int, ...] = ()
    """Process ids of PostgreSQL and Kafka, whose processor time counts too."""
    options: Mapping[str, float] = field(default_factory=dict)


class Meter:
    """From the first batch in hand to the last event done: wall clock, and processor time of everybody."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._begun = 0.0
        self._own_cpu = 0.0
        self._servers_cpu = 0.0
        self.done = asyncio.Event()
        self.handled = 0
        self.published = 0
        self.result: dict[str, float] = {}

    def begin(self) -> None:
        """The first batch is there; later calls count for nothing."""
        if not self._begun:
            self._own_cpu = time.process_time()
            self._servers_cpu = cpu_seconds(*self._task.servers)
            self._begun = time.perf_counter()

    def count(self, *, handled: int = 0, published: int = 0) -> None:
        """So many more events are committed, or acknowledged by Kafka."""
        self.handled += handled
        self.published += published
        reached = self.published if self._task.relay else self.handled
        if reached >= self._task.events and not self.done.is_set():
            self._read(reached)
            self.done.set()

    def _read(self, reached: int) -> None:
        seconds = time.perf_counter() - self._begun
        own = time.process_time() - self._own_cpu
        servers = cpu_seconds(*self._task.servers) - self._servers_cpu
        self.result |= {"events": reached, "seconds": seconds, "cpu_seconds": own + servers, "own": own}

    async def flush(self, spans: SpanProcessor | None) -> None:
        """Stops the clock again when the last span is encoded and sent: a queue must not hide half of the work."""
        if not isinstance(spans, Exported):
            return
        self.result["unflushed_seconds"] = self.result["seconds"]
        await asyncio.wait_for(asyncio.to_thread(spans.force_flush), SILENCE_SECONDS)
        self._read(int(self.result["events"]))
        self.result["spans"] = spans.exporter.spans

    async def wait(self) -> None:
        """Until all is done. Raises `TimeoutError` if nothing moves any more."""
        while not self.done.is_set():
            before = (self.handled, self.published)
            try:
                await asyncio.wait_for(self.done.wait(), SILENCE_SECONDS)
            except TimeoutError:
                if before == (self.handled, self.published):
                    raise TimeoutError(f"no progress: {self.handled} handled, {self.published} published") from None


class Dropped(SpanProcessor):
    """Takes finished spans and drops them: what is measured is making them."""

    def on_end(self, span: ReadableSpan) -> None:
        """Counts for nothing."""


class Counting(OTLPSpanExporter):
    """Counts the spans that the other side took; spans that a full queue drops never come here."""

    spans = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Encodes and sends."""
        result = super().export(spans)
        if result is SpanExportResult.SUCCESS:
            self.spans += len(spans)
        return result


class Exported(SpanExport):
    """As `chassis.telemetry.tracing.tracer_from` sets it up."""

    def __init__(self, endpoint: str) -> None:
        self.exporter = Counting(endpoint=endpoint)
        super().__init__(self.exporter)


def resource() -> Resource:
    """The same for every variant."""
    return Resource.create({"service.name": "counselling", "service.instance.id": "bench"})


def processor(task: Task) -> SpanProcessor | None:
    """Where the spans of a run go."""
    if task.spans == "none":
        return None
    if task.spans == "built":
        return Dropped()
    return Exported(f"{task.endpoint}/v1/traces")


def main() -> None:
    """Runs the module `bench.<variant>`."""
    variant, text = sys.argv[1:]
    task = Task(**json.loads(text))
    run = importlib.import_module(f"bench.{variant}").run
    spare_the_collector()  # the service does it by itself; the others get the benefit of it too
    sys.stdout.write(json.dumps(uvloop.run(run(task))) + "\n")


if __name__ == "__main__":
    main()
