"""The counselling service as it is shipped, without anything to read, and a meter at its timers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace

from chassis.runtime import Runtime
from chassis.settings import Settings
from chassis.tracing import Tracer
from chassis.worker import Timers
from counselling.app import SERVICE
from tests.bench.child import Meter, Task, processor, resource
from tests.bench.ours import _keep_the_relay_out


async def run(task: Task) -> Mapping[str, float]:
    """One run: until `task.events` timers have fired. What they publish stays in the outbox."""
    os.environ |= {
        "COUNSELLING_DATABASE_URL": task.dsn,
        "KAFKA_BOOTSTRAP_SERVERS": task.bootstrap,
        "AUTH_ISSUER": "bench",
        "AUTH_JWKS": "bench.json",
        "ROLE": "worker",
        "PORT": "0",
        "LOG_LEVEL": "ERROR",
    }
    meter = Meter(task)
    runtime = Runtime(replace(SERVICE, consumers={}), Settings())
    runtime.tracer = Tracer(resource(), processor(task), task.ratio)
    fire_due = Timers.fire_due

    async def measured(self: Timers) -> int:
        meter.begin()
        fired = await fire_due(self)
        meter.count(handled=fired)
        return fired

    Timers.fire_due = measured  # type: ignore[method-assign]
    await _keep_the_relay_out(task.dsn)
    running = asyncio.create_task(runtime.run())
    waiting = asyncio.create_task(meter.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        raise RuntimeError("the service has ended")
    await waiting
    runtime._stop.set()
    await running
    return meter.result
