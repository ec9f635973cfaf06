"""Keeps worker processes running, as Kubernetes does: starts what has ended, kills what is not live."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx

from chaos.world import Lived, Worker, World
from deploy.local import processes
from deploy.local.places import ROOT
from deploy.local.processes import Program

PROBE_SECONDS = 1.0
"""Between two liveness probes, and the longest that one may take."""
FAILURES = 8
"""Probes in a row that must fail. More than a SIGSTOP of this harness lasts; Kubernetes allows 30 s by default."""
STARTUP_SECONDS = 60
"""A process that has never been live is left alone for so long."""
PAUSE = 0.2
LONGEST_PAUSE = 2.0
"""Between death and birth; doubles for processes that die young."""
YOUNG = 5.0


@dataclass(eq=False)
class Slot:
    """One worker and what keeps it running."""

    worker: Worker
    program: Program | None = None
    wanted: bool = True
    live: bool = False
    """It has been live in its present life."""
    cause: str = ""
    """Why it is about to end, as far as the harness knows."""
    keeper: asyncio.Task[None] | None = None


class Supervisor:
    """All slots. Faults reach processes through it, so that every end of a process has its reason in the books."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._slots: dict[str, Slot] = {}
        self._http = httpx.AsyncClient(timeout=PROBE_SECONDS)

    # --- start and stop ----------------------------------------------------------------------------------------------

    def keep(self, worker: Worker) -> None:
        """Starts it, and starts it again whenever it ends."""
        slot = self._slots[worker.name] = Slot(worker)
        slot.keeper = asyncio.create_task(self._keep(slot), name=f"keep {worker.name}")

    def keep_all(self) -> None:
        """All regular workers of the world."""
        for worker in self._world.workers:
            if worker.regular:
                self.keep(worker)

    async def retire(self, *workers: Worker, seconds: float = 60) -> None:
        """Asks them to end, for good; kills what has not after `seconds`."""
        slots = [self._slots[worker.name] for worker in workers if worker.name in self._slots]
        for slot in slots:
            slot.wanted = False
            self.send(slot.worker, signal.SIGTERM, "retired")
        keepers = {slot.keeper for slot in slots if slot.keeper is not None}
        if keepers:
            _, late = await asyncio.wait(keepers, timeout=seconds)
            for slot in slots:
                if slot.keeper in late:
                    self.send(slot.worker, signal.SIGKILL, "did not end")
            await asyncio.wait(keepers)
        for slot in slots:
            del self._slots[slot.worker.name]

    async def retire_all(self, seconds: float = 60) -> None:
        """All that run."""
        await self.retire(*[slot.worker for slot in self._slots.values()], seconds=seconds)

    async def close(self) -> None:
        """Ends everything, whatever state it is in."""
        keepers = [slot.keeper for slot in self._slots.values() if slot.keeper is not None]
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        for slot in self._slots.values():
            if slot.program is not None and slot.program.alive():
                await asyncio.to_thread(slot.program.kill)
        await self._http.aclose()

    # --- what faults do ----------------------------------------------------------------------------------------------

    def send(self, worker: Worker, number: signal.Signals, cause: str) -> bool:
        """A signal; False if there is nobody to hear it."""
        slot = self._slots.get(worker.name)
        if slot is None or slot.program is None or not slot.program.alive():
            return False
        if number in {signal.SIGKILL, signal.SIGTERM}:
            slot.cause = cause
        slot.program.process.send_signal(number)
        return True

    def running(self, service: str = "") -> list[Worker]:
        """Workers that have been live and have not ended."""
        return [
            slot.worker
            for slot in self._slots.values()
            if service in {"", slot.worker.service} and slot.live and slot.wanted and slot.program is not None
        ]

    async def ended(self, worker: Worker, life: int, seconds: float) -> bool:
        """Waits until that life of the worker has ended; False if it has not in time."""
        until = time.monotonic() + seconds
        while worker.lives[life].ended is None:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.05)
        return True

    async def probe(self, worker: Worker, name: str) -> int:
        """The status of `live` or `ready`; 0 without an answer."""
        with suppress(httpx.HTTPError):
            return (await self._http.get(f"{worker.url}/health/{name}")).status_code
        return 0

    async def leads(self, worker: Worker) -> bool:
        """Whether its relay says that it publishes."""
        with suppress(httpx.HTTPError):
            return "ph_relay_leader 1.0" in (await self._http.get(f"{worker.url}/metrics")).text
        return False

    async def until_ready(self, seconds: float) -> list[str]:
        """Waits for everybody; the names of those who are not ready in time."""
        until = time.monotonic() + seconds
        while True:
            workers = [slot.worker for slot in self._slots.values()]
            missing = [worker.name for worker in workers if await self.probe(worker, "ready") != 200]
            if not missing or time.monotonic() > until:
                return missing
            await asyncio.sleep(0.1)

    # --- keeping -----------------------------------------------------------------------------------------------------

    async def _keep(self, slot: Slot) -> None:
        pause = PAUSE
        while slot.wanted:
            started = time.time()
            self._start(slot, started)
            await self._until_end(slot)
            pause = PAUSE if time.time() - started > YOUNG else min(LONGEST_PAUSE, 2 * pause)
            if slot.wanted:
                await asyncio.sleep(pause)

    def _start(self, slot: Slot, started: float) -> None:
        worker = slot.worker
        slot.live, slot.cause = False, ""
        slot.program = processes.start(
            worker.name,
            self._world.command(worker),
            log=worker.log,
            environment=self._world.environment(worker),
            directory=ROOT,
            stop_signal=signal.SIGKILL,  # what the kernel sends should the harness die; reaches the stopped ones too
        )
        worker.pid = slot.program.pid
        worker.lives.append(Lived(started))

    async def _until_end(self, slot: Slot) -> None:
        program, worker = slot.program, slot.worker
        assert program is not None
        probing = asyncio.create_task(self._probe_liveness(slot))
        try:
            while program.alive():
                await asyncio.sleep(0.03)
        finally:
            probing.cancel()
        slot.live, worker.pid = False, None
        why = _why(program.process.returncode, slot.cause)
        worker.lives[-1] = worker.lives[-1]._replace(ended=time.time(), why=why)

    async def _probe_liveness(self, slot: Slot) -> None:
        failures, born, since = 0, time.monotonic(), _Moment.of(slot)
        while True:
            await asyncio.sleep(PROBE_SECONDS if slot.live else 0.2)
            before = _Moment.of(slot)
            if await self.probe(slot.worker, "live") == 200:
                slot.live, failures = True, 0
            elif slot.live or time.monotonic() - born > STARTUP_SECONDS:
                since = since if failures else before
                failures += 1
            if failures >= FAILURES:
                slot.worker.lives[-1] = slot.worker.lives[-1]._replace(not_live_since=since.at)
                self._world.journal.note("supervisor", f"{slot.worker.name} is not live: killed; {since.told(slot)}")
                self.send(slot.worker, signal.SIGKILL, "not live")
                return


class _Moment(NamedTuple):
    """What the kernel has counted for the main thread of a process, in which its loop runs."""

    at: float
    ran: float
    """Seconds on a core."""
    waited: float
    """Seconds in which it would have run had there been a core: much of it means that the machine was too busy."""

    @classmethod
    def of(cls, slot: Slot) -> _Moment:
        with suppress(OSError):
            ran, waited, _ = Path(f"/proc/{slot.worker.pid}/schedstat").read_text(encoding="ascii").split()
            return cls(time.time(), int(ran) / 1e9, int(waited) / 1e9)
        return cls(time.time(), 0, 0)

    def told(self, slot: Slot) -> str:
        """What has been since."""
        now = _Moment.of(slot)
        ran, waited = now.ran - self.ran, now.waited - self.waited
        return f"for {now.at - self.at:.1f} s, of which it ran {ran:.1f} s and waited {waited:.1f} s for a core"


def _why(code: int, cause: str) -> str:
    end = f"exited {code}" if code >= 0 else "killed" if code == -signal.SIGKILL else f"ended by signal {-code}"
    return f"{end}: {cause}" if cause else end
