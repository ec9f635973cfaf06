"""The counselling service as it is shipped, without anything to read, and a meter at its deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.child import (
    Meter,
    Task,
    processor,
    resource,
)
from bench.ours import keep_the_relay_out, serve, wired
from chassis.telemetry.tracing import Tracer
from chassis.work.deadline_runner import DeadlineRunner
from counselling.app import SERVICE


async def run(task: Task) -> Mapping[str, float]:
    """One run: until `task.events` deadlines have fired. Their events stay in the outbox."""
    meter = Meter(task)
    spans = processor(task)
    service = replace(SERVICE, consumers={})
    runtime = wired(service, task.dsn, task.bootstrap, Tracer(resource(), spans, task.ratio, service.subject))
    fire_due = DeadlineRunner.fire_due

    async def measured(self: DeadlineRunner) -> int:
        meter.begin()
        fired = await fire_due(self)
        meter.count(handled=fired)
        return fired

    DeadlineRunner.fire_due = measured  # type: ignore[method-assign]
    await keep_the_relay_out(task.dsn)
    await serve(runtime, meter, spans)
    return meter.result
