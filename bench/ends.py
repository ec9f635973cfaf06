"""The two ends of a hop, each the shipped service in a process of its own: `python -m bench.ends writer '{...}'`.

`writer` is the referral service; asked to, it puts commands through its `CommandBus`, evenly spaced, whether or not
earlier ones are done (open loop), and notes when each was committed. `reader` is the counselling service; it notes when
each event's batch was committed. Both are asked by lines of JSON and answer with one line each. Times are those of the
machine's monotonic clock, which is the same for all processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import uvloop

from bench.cases import SCOUT
from bench.child import Dropped, resource
from bench.ours import wired
from chassis.consumer.dispatch import Dispatcher
from chassis.consumer.inbound import Record
from chassis.consumer.progress import NO_TERMS, Terms
from chassis.runtime.process import Runtime
from chassis.service import Service
from chassis.telemetry.tracing import Tracer, current
from chassis.work.command_bus import CommandBus, Done, IdempotencyKey
from counselling.app import SERVICE as COUNSELLING
from referral.app import SERVICE as REFERRAL
from referral.commands import PlanDeparture

START_SECONDS = 60
WINDOW = (date(2090, 5, 11), date(2090, 5, 25))

Answer = Callable[[Mapping[str, Any]], Coroutine[Any, Any, Mapping[str, Any]]]


@dataclass(frozen=True)
class End:
    """Where its database and the broker are."""

    dsn: str
    bootstrap: str


def runtime_of(service: Service, end: End) -> Runtime:
    """The service, every trace sampled, its spans made and dropped."""
    return wired(service, end.dsn, end.bootstrap, Tracer(resource(), Dropped(), subject=service.subject))


async def writer(end: End) -> None:
    """The referral service, told to plan so many departures at such a rate."""
    runtime = runtime_of(REFERRAL, end)

    async def load(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return await _load(_bus(runtime), runtime.tracer, asked["rate"], [UUID(case) for case in asked["cases"]])

    await _serve(runtime, load)


def _bus(runtime: Runtime) -> CommandBus:
    assert runtime.workshop is not None
    return CommandBus(runtime.workshop, runtime.service.commands)


async def _load(bus: CommandBus, tracer: Tracer, rate: float, cases: Sequence[UUID]) -> Mapping[str, Any]:
    committed: dict[str, float] = {}
    late: list[float] = []
    failed: list[str] = []

    async def plan(case: UUID) -> None:
        current.set(tracer.root())
        command = PlanDeparture(case, *WINDOW, "scheduled_flight", None)
        try:
            done = await bus.execute(command, SCOUT, IdempotencyKey(case.bytes, b""))
        except Exception as error:
            failed.append(type(error).__name__)
            return
        if not isinstance(done, Done):
            raise RuntimeError(f"refused: {done}")
        committed[str(case)] = time.monotonic()

    begun = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number, case in enumerate(cases):
            due = begun + number / rate
            await asyncio.sleep(max(0, due - time.monotonic()))
            late.append(time.monotonic() - due)
            tasks.create_task(plan(case))
    return {"committed": committed, "late": late, "failed": failed, "seconds": time.monotonic() - begun}


async def reader(end: End) -> None:
    """The counselling service, asked when it has committed what it has read since the last time."""
    runtime = runtime_of(COUNSELLING, end)
    committed: dict[str, float] = {}
    handle = Dispatcher.handle

    async def noted(self: Dispatcher, records: Sequence[Record], terms: Terms = NO_TERMS) -> None:
        await handle(self, records, terms)
        now = time.monotonic()
        committed.update(((record.key or b"").decode(), now) for record in records)

    Dispatcher.handle = noted  # type: ignore[method-assign]

    async def take(_asked: Mapping[str, Any]) -> Mapping[str, Any]:
        taken = {"committed": dict(committed)}
        committed.clear()
        return taken

    await _serve(runtime, take)


async def _serve(runtime: Runtime, answer: Answer) -> None:
    """Answers each line of the standard input until there is no more; says first that the service has started."""
    running = asyncio.create_task(runtime.run())
    async with asyncio.timeout(START_SECONDS):
        while "assignment" not in (checks := await runtime.probes.readiness()) or not all(checks.values()):
            if running.done():
                raise RuntimeError("the service has ended")
            await asyncio.sleep(0.05)
    _say({})
    while line := await asyncio.to_thread(sys.stdin.readline):
        _say(await answer(json.loads(line)))
    runtime._stop.set()
    await running


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Runs one end."""
    which, text = sys.argv[1:]
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run({"writer": writer, "reader": reader}[which](End(**json.loads(text))))


if __name__ == "__main__":
    main()
