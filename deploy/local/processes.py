"""Programs that the stack starts: by their own handle, ended by their own id, never left behind."""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.places import StackError

_PR_SET_PDEATHSIG = 1
_UNPRIVILEGED = Path(__file__).with_name("unprivileged.py")
_LIBC = ctypes.CDLL(None, use_errno=True)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_KEPT_LOG_BYTES = 20_000_000


@dataclass
class Program:
    """A running program and its log. `stop_signal` is what it takes for a request to end in order."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    _asked: bool = False

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
            raise StackError(f"{self.name} has ended with code {self.process.returncode}. {self.last_words()}")

    def last_words(self) -> str:
        """The end of its log, with its place."""
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return f"The end of {self.log}:\n" + "\n".join(lines)

    def require_success(self, seconds: float) -> None:
        """Waits until its work is done. Raises `StackError` with the end of its log if it failed or takes longer."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise StackError(f"{self.name} was not done after {seconds:.0f} s; see {self.log}") from error
        if code:
            self.require_alive()

    def ask_to_stop(self) -> None:
        """Asks once: to a service, a second request means to end at once."""
        if self.alive() and not self._asked:
            self._asked = True
            self.process.send_signal(self.stop_signal)

    def stop(self, seconds: float) -> None:
        """Asks it to end, and kills it after `seconds`."""
        self.ask_to_stop()
        try:
            self.process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends it without a chance to clean up."""
        self.process.kill()
        self.process.wait(10)


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    unprivileged: bool = False,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Program:
    """Starts a program in a session of its own, so that a terminal's Ctrl-C reaches it only through this process.

    Should this process die, the kernel asks the program to end. It does so when the *thread* that called ends:
    call from the main thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _KEPT_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            _as_somebody(command, stop_signal) if unprivileged else [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            cwd=directory,
            start_new_session=True,
            preexec_fn=_prepare(os.getpid(), stop_signal),  # noqa: PLW1509 - it calls the kernel, and nothing else
        )
    return Program(name, process, log, stop_signal)


def run_unprivileged(command: Sequence[str | Path]) -> None:
    """Runs a short program to its end as somebody who is not root. Raises `StackError` with its output."""
    done = subprocess.run(
        _as_somebody(command, signal.SIGTERM),
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        preexec_fn=_prepare(os.getpid(), signal.SIGTERM),
    )
    if done.returncode:
        text = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise StackError(f"{Path(command[0]).name} failed:\n{text}")


def _prepare(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)
        if death_signal != signal.SIGKILL:  # what a shell starts in the background ignores SIGINT, and hands that on
            signal.signal(death_signal, signal.SIG_DFL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _as_somebody(command: Sequence[str | Path], death_signal: signal.Signals) -> list[str]:
    """The command as it is, unless it would run as root or as a user without a name."""
    words = [str(part) for part in command]
    users = [entry.pw_uid for entry in pwd.getpwall()]
    if os.geteuid() != 0 and os.geteuid() in users:
        return words
    somebody = next((uid for uid in users if uid != 0), 0)
    program = [sys.executable, "-I", "-S", str(_UNPRIVILEGED)]
    return [*program, *map(str, (os.getpid(), int(death_signal), somebody)), *words]


# --- what an interrupted run left behind -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Note:
    """Which program it was: its id, its start in clock ticks and the boot they count from. Ids are used again."""

    pid: int
    started: int | None
    boot: str
    stop_signal: int = signal.SIGTERM

    def running(self) -> bool:
        """True if that very program still runs."""
        return self.started is not None and self.boot == _boot() and started_at(self.pid) == self.started

    def end(self, seconds: float) -> None:
        """Asks it to end, waits, kills."""
        if not self.running():
            return
        os.kill(self.pid, self.stop_signal)
        until = time.monotonic() + seconds
        while self.running() and time.monotonic() < until:
            time.sleep(0.05)
        if self.running():
            os.kill(self.pid, signal.SIGKILL)
            while self.running():
                time.sleep(0.05)


def note(directory: Path, name: str, pid: int, stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """Writes down a running program, so that a later `make stop` finds it and nobody else."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(Note(pid, started_at(pid), _boot(), int(stop_signal))))
    draft = directory / f"{name}.draft"
    draft.write_text(text)
    draft.replace(directory / f"{name}.json")


def noted(directory: Path) -> dict[str, Note]:
    """The programs that were written down and still run."""
    notes = {path.stem: Note(**json.loads(path.read_text())) for path in sorted(directory.glob("*.json"))}
    return {name: note for name, note in notes.items() if note.running()}


def forget(directory: Path, name: str | None = None) -> None:
    """Removes the notes."""
    for path in directory.glob(f"{name or '*'}.json"):
        path.unlink(missing_ok=True)


def started_at(pid: int) -> int | None:
    """The program's start in clock ticks since boot; None if there is no such program, or only its remains."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def _boot() -> str:
    return _BOOT_ID.read_text().strip()
