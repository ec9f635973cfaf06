"""Programs that the stack starts: by their own handle, ended by their own id, never left behind."""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import StackError

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class Program:
    """A running program and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Of the program itself."""
        return self.process.pid

    def alive(self) -> bool:
        """True until it has ended."""
        return self.process.poll() is None

    def require_alive(self) -> None:
        """Raises `StackError` with the end of its log if it has ended."""
        if not self.alive():
            lines = self.log.read_text(errors="replace").splitlines()[-15:]
            raise StackError(
                f"{self.name} has ended with code {self.process.returncode}. The end of {self.log}:\n" + "\n".join(lines)
            )

    def stop(self, seconds: float, number: signal.Signals = signal.SIGTERM) -> None:
        """Asks it to end, and kills it after `seconds`."""
        if self.alive():
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


def start(  # noqa: PLR0913 - what a program needs
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    unprivileged: bool = False,
) -> Program:
    """Starts a program in a session of its own; it gets SIGTERM should this process die."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            cwd=directory,
            start_new_session=True,
            preexec_fn=_prepare(os.getpid(), unprivileged=unprivileged),  # noqa: PLW1509 - no threads are running
        )
    return Program(name, process, log)


def run_unprivileged(command: Sequence[str | Path]) -> None:
    """Runs a short program to its end as somebody who is not root. Raises `StackError` with its output."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        preexec_fn=_prepare(os.getpid(), unprivileged=True),  # noqa: PLW1509
    )
    if done.returncode:
        text = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise StackError(f"{Path(command[0]).name} failed:\n{text}")


def _prepare(parent: int, *, unprivileged: bool) -> Callable[[], None]:
    somebody = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), 0)

    def prepare() -> None:
        if unprivileged and os.geteuid() == 0:
            _leave_root(somebody)
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _leave_root(uid: int) -> None:
    """PostgreSQL refuses to run as root. In a user namespace root is somebody else, and still owns its files."""
    if _LIBC.unshare(_CLONE_NEWUSER) != 0:
        os.write(2, b"user namespaces are not allowed here: run the stack as an ordinary user instead of root\n")
        os._exit(1)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{uid} 0 1")
    Path("/proc/self/uid_map").write_text(f"{uid} 0 1")


# --- what an interrupted run left behind -----------------------------------------------------------------------------


def note(directory: Path, name: str, pid: int) -> None:
    """Writes down a program's id and when it started, so that a later `make stop` finds it and nobody else."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.json").write_text(json.dumps({"pid": pid, "started": started_at(pid)}))


def started_at(pid: int) -> int | None:
    """The program's start in clock ticks since boot; None if there is no such program, or only its remains."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def noted(directory: Path) -> dict[str, int]:
    """The programs that were written down and still run: same id and same start."""
    found = {}
    for path in sorted(directory.glob("*.json")):
        entry = json.loads(path.read_text())
        if entry["started"] is not None and started_at(entry["pid"]) == entry["started"]:
            found[path.stem] = entry["pid"]
    return found


def end(pid: int, seconds: float) -> None:
    """Ends a program that was `noted`: asks, waits, kills."""
    begun = started_at(pid)
    if begun is None:
        return
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + seconds
    while started_at(pid) == begun and time.monotonic() < until:
        time.sleep(0.1)
    if started_at(pid) == begun:
        os.kill(pid, signal.SIGKILL)


def forget(directory: Path, name: str | None = None) -> None:
    """Removes the notes."""
    for path in directory.glob(f"{name or '*'}.json"):
        path.unlink(missing_ok=True)
