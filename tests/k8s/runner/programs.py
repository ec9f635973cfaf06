"""Programs in containers: started by the launcher, known by an open handle, ended by that handle only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.k8s.runner.images import Mount

_LAUNCHER = Path(__file__).with_name("launch.py")
_LONGEST = 65_536


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
    """A running program. `pid` is its number on the machine; in its container it is number 1.

    `handle` comes from the launcher, its parent: it may have ended already, and its number be another's.
    """

    def __init__(self, launcher: subprocess.Popen[bytes], pid: int, handle: int) -> None:
        self.pid = pid
        self.handle = handle
        self._launcher = launcher
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watch = os.pidfd_open(launcher.pid)
        asyncio.get_running_loop().add_reader(self._watch, self._gone)

    def send(self, number: signal.Signals) -> None:
        """A signal to the program in the container; nothing if it is gone: then its handle may be another's by now."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, number)

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
        os.close(self.handle)


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
    """Starts a command beside a running program, in its container, as `exec` of a kubelet does.

    Raises `NotStarted` if there is no such command, or if the program has ended, and its container with it.
    """
    if not program.alive():
        raise NotStarted("the program has ended")
    words = {
        "enter": program.handle,
        "command": list(command),
        "environment": plan.environment,
        "directory": plan.directory,
        "uid": plan.uid,
        "gid": plan.gid,
        "groups": plan.groups,
    }
    return await _launch(words, log, (program.handle,))


async def _launch(words: dict[str, Any], log: Path, files: tuple[int, ...]) -> Program:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        launcher = subprocess.Popen(  # noqa: ASYNC220 - from the loop, the thread whose end would end the program
            [sys.executable, "-I", "-S", str(_LAUNCHER), str(there.fileno())],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=(there.fileno(), *files),
            env={},
            start_new_session=True,
        )
    there.close()
    assert launcher.stdin is not None
    with contextlib.suppress(BrokenPipeError), launcher.stdin as plan:
        plan.write(json.dumps({**words, "runner": os.getpid()}).encode())
    try:
        said, handle = await _heard(here)
    except asyncio.CancelledError:
        launcher.kill()  # what it has started dies with it
        launcher.wait()
        raise
    failed = next((message["error"] for message in said if "error" in message), "")
    pid = next((message["pid"] for message in said if "pid" in message), None)
    if failed or pid is None or handle is None:
        if handle is not None:
            os.close(handle)
        await asyncio.to_thread(launcher.wait)
        raise NotStarted(failed or f"the launcher ended; see {log}")
    return Program(launcher, pid, handle)


async def _heard(here: socket.socket) -> tuple[list[dict[str, Any]], int | None]:
    """What the launcher says until the program runs, and the program's handle. Then both of them have let go."""
    said: list[dict[str, Any]] = []
    handles: list[int] = []
    over = asyncio.get_running_loop().create_future()

    def read() -> None:
        message, files, _, _ = socket.recv_fds(here, _LONGEST, 1)
        handles.extend(files)
        if message:
            said.append(json.loads(message))
        elif not over.done():
            over.set_result(None)

    asyncio.get_running_loop().add_reader(here, read)
    try:
        await over
    except asyncio.CancelledError:
        for handle in handles:
            os.close(handle)
        raise
    finally:
        asyncio.get_running_loop().remove_reader(here)
        here.close()
    return said, handles[0] if handles else None
