"""What the local stack takes while nothing happens: as `make run` starts it, light broker and all.

Twenty people have gone through all services before, so that what is loaded at first use has been loaded.
Each repeat is a window of 15 seconds over all programs at once. A service's memory is its resident set, pages that it
shares with the others included; that of the whole stack is the proportional set size, where they count once.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.bench import Bench
from bench.machine import cpu_seconds, memory_bytes, resident_bytes
from bench.measure import Figure, Spread
from deploy.local.places import LOCAL, SERVICES, free_ports
from deploy.local.stack import LocalStack
from tests.support.chain import Caller
from tests.support.people import CENTRE, STAFF, Person, new_employer, vacancy

TITLE = "idle: CPU and memory"
WINDOW_SECONDS = 15
SETTLE_SECONDS = 5
PEOPLE = 20
MEGABYTE = 1e6


@dataclass(frozen=True)
class Window:
    """Of one program: per cent of a core, megabytes resident, megabytes in proportion."""

    cpu: float
    resident: float
    proportional: float


def steps(repeats: int) -> int:
    """Start, use, and every window."""
    return 2 + repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures on a stack of its own."""
    directory = LOCAL / "bench" / f"{os.getpid()}-idle"
    stack = LocalStack(directory, free_ports())
    try:
        bench.tick("the stack of make run starts")
        stack.start_servers()
        stack.prepare()
        stack.start_services()
        bench.tick("people go through all services")
        bench.wait(_use(stack))
        time.sleep(SETTLE_SECONDS)
        windows = []
        for number in range(bench.repeats):
            bench.tick(f"{WINDOW_SECONDS} s of nothing, {number + 1}")
            windows.append(_window(stack))
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)
    yield from _figures(windows)


async def _use(stack: LocalStack) -> None:
    """Twenty people are registered, referred, accepted, arrive, are shortlisted and begin to work."""
    callers = {
        name: Caller(stack.urls()[service], stack.issuer.token(role, org, country))
        for name, (service, role, org, country) in STAFF.items()
    }
    try:
        employer = await new_employer(callers.__getitem__)
        work = await vacancy(callers.__getitem__, employer, PEOPLE)
        for _ in range(PEOPLE):
            person = await Person(callers.__getitem__).opened()
            await person.referred()
            await person.accepted()
            await person.consents("matching", CENTRE)
            await person.planned()
            await person.departed()
            await person.arrived()
            await person.assessed()
            await person.shortlisted(work)
            await person.presented(employer)
            await person.offered()
            await person.employed()
    finally:
        for caller in callers.values():
            await caller.http.aclose()


def _window(stack: LocalStack) -> Mapping[str, Window]:
    pids = {name: program.pid for name, program in stack.services.items()}
    pids |= {"PostgreSQL": stack.postgres.program.pid, "Kafka": stack.kafka.program.pid}
    before, begun = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(WINDOW_SECONDS)
    seconds = time.monotonic() - begun
    return {
        name: Window(
            (cpu_seconds(pid) - before[name]) / seconds * 100,
            resident_bytes(pid) / MEGABYTE,
            memory_bytes(pid) / MEGABYTE,
        )
        for name, pid in pids.items()
    }


def _figures(windows: Sequence[Mapping[str, Window]]) -> Iterable[Figure]:
    def most(what: str) -> Spread:
        return Spread.of([max(getattr(window[name], what) for name in SERVICES) for window in windows])

    def total(what: str) -> Spread:
        return Spread.of([sum(getattr(each, what) for each in window.values()) for window in windows])

    yield Figure("CPU of one service, the busiest", most("cpu"), "% of a core", must=1.0, at_most=True)
    yield Figure("memory of one service, the largest", most("resident"), "MB", must=130, at_most=True)
    yield Figure("memory of the whole stack", total("proportional"), "MB", must=1500, at_most=True)
    yield Figure("CPU of the whole stack", total("cpu"), "% of a core")
    for name in windows[0]:
        for what, unit in (("cpu", "% of a core"), ("resident", "MB"), ("proportional", "MB")):
            yield Figure(f"{name}, {what}", Spread.of([getattr(window[name], what) for window in windows]), unit)
