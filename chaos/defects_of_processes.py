"""Planted defects of processes: how they retry, end, grow, trace, answer probes, and let one key hold up another."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from time import monotonic
from typing import Any

from chassis.consumer import outages
from chassis.consumer.dispatch import Dispatcher
from chassis.http.health import Probes
from chassis.outbox.publisher import Publisher
from chassis.runtime import lifecycle
from chassis.runtime.process import Runtime
from chassis.telemetry.logs import get_logger
from chassis.telemetry.tracing import SpanContext, Tracer
from chassis.work.unit_of_work import UnitOfWork
from chassis.work.workshop import Workshop

REMEMBERED_SECONDS = 30
BUFFER_BYTES = 262_144
WORTH_IT = 200
WAIT_SECONDS = 17
REST_SECONDS = 20
_PARKED = "select distinct topic, partition from parked where state <> 'discarded'"

log = get_logger(__name__)


def poison_stops_its_partition() -> None:
    """A partition with a parked record stands still until somebody has dealt with it: order seemed to ask for it."""
    handle = Dispatcher.handle

    async def stand_still_then_handle(self: Dispatcher, records: Any, *more: Any) -> None:
        places = {(record.topic, record.partition) for record in records}
        while places & {tuple(row) for row in await self._shop.pool.fetch(_PARKED)}:
            await asyncio.sleep(0.3)
        await handle(self, records, *more)

    Dispatcher.handle = stand_still_then_handle  # type: ignore[method-assign]


def small_batches_wait() -> None:
    """A batch that is not worth a transaction waits for company that it cannot get."""
    handle = Dispatcher.handle

    async def wait_then_handle(self: Dispatcher, records: Any, *more: Any) -> None:
        if len(records) < WORTH_IT:
            await asyncio.sleep(WAIT_SECONDS)
        await handle(self, records, *more)

    Dispatcher.handle = wait_then_handle  # type: ignore[method-assign]


def producer_rests() -> None:
    """A producer that has failed rests before it is made anew: whatever was wrong is over by then."""
    ready = Publisher._ready

    async def rest(self: Publisher) -> Any:
        if self._producer is None:
            await asyncio.sleep(REST_SECONDS)
        return await ready(self)

    Publisher._ready = rest  # type: ignore[method-assign]


def retries_hurry() -> None:
    """Somebody took the longest pauses for milliseconds, and they never grow."""
    for module in (outages, lifecycle):
        if not hasattr(module, "LONGEST_PAUSE_SECONDS"):
            raise AttributeError(f"{module.__name__} has no longest pause any more: plant this elsewhere")
        module.LONGEST_PAUSE_SECONDS = 0.005


def second_signal_unheard() -> None:
    """Every signal asks for an orderly end, the second too."""

    def catch(self: Runtime) -> None:
        def stop() -> None:
            log.info("shutdown_begins")
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)

    Runtime._catch_signals = catch  # type: ignore[method-assign]


def work_kept() -> None:
    """Every transaction keeps its work, and a buffer for a report that nobody has written yet."""
    unit_of_work = Workshop.unit_of_work
    kept: list[tuple[UnitOfWork, bytearray]] = []

    def keep(self: Workshop) -> UnitOfWork:
        work = unit_of_work(self)
        kept.append((work, bytearray(b"-" * BUFFER_BYTES)))
        return work

    Workshop.unit_of_work = keep  # type: ignore[method-assign]


def traces_continued() -> None:
    """Who handles an event goes on with its sender's trace: one trace for a case, over months."""
    root = Tracer.root_linked_to

    def child(self: Tracer, cause: SpanContext | None) -> SpanContext:
        return root(self, None) if cause is None else self.child(cause)

    Tracer.root_linked_to = child  # type: ignore[method-assign]


def readiness_remembered() -> None:
    """The database is spared: who was ready a moment ago is ready."""
    look = Probes.readiness
    ready_at: dict[int, float] = {}

    async def remember(self: Probes) -> dict[str, bool]:
        if monotonic() - ready_at.get(id(self), -REMEMBERED_SECONDS) < REMEMBERED_SECONDS:
            return dict.fromkeys(self.ready, True)
        passed = await look(self)
        if all(passed.values()):
            ready_at[id(self)] = monotonic()
        return passed

    Probes.readiness = remember  # type: ignore[method-assign]


def live_if_ready() -> None:
    """A process that has been ready and is not any more is not live: a restart helps against everything."""
    live, look = Probes.live, Probes.readiness
    ready: dict[int, bool] = {}

    async def look_and_remember(self: Probes) -> dict[str, bool]:
        passed = await look(self)
        if all(passed.values()) or id(self) in ready:
            ready[id(self)] = all(passed.values())
        return passed

    def live_and_ready(self: Probes) -> dict[str, bool]:
        return {**live(self), "ready": ready.get(id(self), True)}

    Probes.live, Probes.readiness = live_and_ready, look_and_remember  # type: ignore[method-assign]


ALL: dict[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (
        poison_stops_its_partition,
        small_batches_wait,
        producer_rests,
        retries_hurry,
        second_signal_unheard,
        work_kept,
        traces_continued,
        readiness_remembered,
        live_if_ready,
    )
}
