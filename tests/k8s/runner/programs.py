"""Programs in containers: started by the launcher, known by an open handle, ended by that handle only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.k8s.runner.images import Mount

_LAUNCHER = Path(__file__).with_name("launch.py")


class NotStarted(Exception):
    """The container could not be made, or its program not be run: a file that is missing, no right to run it."""


@dataclass(frozen=True)
class Plan:
    """All that the launcher needs to know of a container."""

    command: Sequence[str]
    environment: Mapping[str, str]
    directory: str
    uid: int
    gid: int
    groups: Sequence[int]
    hostname: str
    network: int
    root: Path
    mounts: Sequence[Mount]
    links: Mapping[str, str] = field(default_factory=dict)
    cgroup: Path | None = None


class Program:
    """A running program. `pid` is its number on the machine; in its container it is number 1."""

    def __init__(self, launcher: subprocess.Popen[bytes], pid: int) -> None:
        self.pid = pid
        self._launcher = launcher
        self._handle = os.pidfd_open(pid)
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watch = os.pidfd_open(launcher.pid)
        asyncio.get_running_loop().add_reader(self._watch, self._gone)

    def send(self, number: signal.Signals) -> None:
        """A signal to the program in the container; nothing if it is gone: then its handle may be another's by now."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def alive(self) -> bool:
        """True until it has ended."""
        return not self.ended.done()

    async def wait(self) -> int:
        """Its exit code; 128 and the signal's number if a signal ended it."""
        return await asyncio.shield(self.ended)

    def _gone(self) -> None:
        asyncio.get_running_loop().remove_reader(self._watch)
        code = self._launcher.wait()
        if not self.ended.done():
            self.ended.set_result(code)
        os.close(self._watch)
        os.close(self._handle)


async def start(plan: Plan, log: Path) -> Program:
    """Starts a container's program. Raises `NotStarted` with the launcher's reason."""
    words = {
        **{name: value for name, value in vars(plan).items() if name not in {"mounts", "root", "cgroup"}},
        "mounts": [mount.plan() for mount in plan.mounts],
        "root": str(plan.root),
        "cgroup": str(plan.cgroup) if plan.cgroup else None,
    }
    plan.root.mkdir(parents=True, exist_ok=True)
    return await _launch(words, log, (plan.network,))


async def enter(program: Program, plan: Plan, command: Sequence[str], log: Path) -> Program:
    """Starts a command beside a running program, in its container, as `exec` of a kubelet does."""
    words = {
        "enter": program.pid,
        "command": list(command),
        "environment": plan.environment,
        "directory": plan.directory,
        "uid": plan.uid,
        "gid": plan.gid,
        "groups": plan.groups,
    }
    return await _launch(words, log, ())


async def _launch(words: dict[str, Any], log: Path, files: tuple[int, ...]) -> Program:
    reading, writing = os.pipe()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        launcher = subprocess.Popen(  # noqa: ASYNC220 - from the loop, the thread whose end would end the program
            [sys.executable, "-I", "-S", str(_LAUNCHER), str(writing)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=(writing, *files),
            env={},
            start_new_session=True,
        )
    os.close(writing)
    assert launcher.stdin is not None
    with contextlib.suppress(BrokenPipeError), launcher.stdin as plan:
        plan.write(json.dumps({**words, "runner": os.getpid()}).encode())
    try:
        said = await _lines(reading)
    except asyncio.CancelledError:
        launcher.kill()  # what it has started dies with it
        launcher.wait()
        raise
    failed = next((line["error"] for line in said if "error" in line), "")
    pid = next((line["pid"] for line in said if "pid" in line), None)
    if failed or pid is None:
        await asyncio.to_thread(launcher.wait)
        raise NotStarted(failed or f"the launcher ended; see {log}")
    return Program(launcher, pid)


async def _lines(reading: int) -> list[dict[str, Any]]:
    """What the launcher says until the program runs: then the pipe closes on both sides."""
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb"))
    try:
        text = await stream.read()
    finally:
        transport.close()
    return [json.loads(line) for line in text.splitlines()]
