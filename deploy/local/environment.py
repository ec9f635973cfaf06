"""Makes the virtual environment, with Kafka's jars side by side: `make-venv` calls it before there is any package.

Standard library only; nothing is written outside of `.local/`. Two stamps say what is done, one for the packages of
`make run` and one for all. They carry the hash of their locks, so a changed lock makes a new environment, and an
unchanged one costs nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import shutil
import signal
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from deploy.local.installer import LOCKS, LOG, Installer, failure, scratch_folder
from deploy.local.jars import Jars
from deploy.local.places import LOCAL, ROOT, STAGES, StackError
from deploy.local.setup_progress import Line

VENV = LOCAL / "venv"
PYTHON = VENV / "bin" / "python"
JARS_LOG = LOCAL / "jars.log"
FETCH_JARS = "deploy.local.jars"
PACKAGES = {"run": ("services", "operators", "local"), "all": ("services", "operators", "local", "tests")}
NEEDED_MB = 800
"""400 for the environment, 80 for the installer and the jars, 90 for the data of a first start, and room to work."""

_PH = '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -m chassis.operators.cli "$@"\n'


def make(layer: str, stamps: dict[str, Path], *, jars: bool, starts: bool) -> None:
    """Brings the environment to where the packages of `layer` are installed.

    With `jars` Kafka is fetched meanwhile; if a stack `starts` afterwards, its stages are said to be still to come.
    Raises `StackError` if something is missing, or cannot be fetched.
    """
    with _one_at_a_time():
        if stamps[layer].exists():
            return  # another make was faster
        require_space()
        if any(VENV.glob(".all-*")):
            layer = "all"  # an environment with the tests' packages keeps them
        line = Line(STAGES[1:] if starts else ())
        line.say("installer; then packages" + (" and jars side by side" if jars else ""))
        with scratch_folder() as scratch:
            LOG.write_bytes(b"")
            installer = Installer(scratch)
            _begin(anew=not stamps["run"].exists())
            with ExitStack() as running:
                setup = _Setup(installer, [LOCKS / f"{name}.lock" for name in PACKAGES[layer]], line)
                fetcher = running.enter_context(ended(setup.fetch_jars())) if jars else None
                setup.wait(running.enter_context(ended(setup.install())), "The packages could not be installed", LOG)
                for name in PACKAGES if layer == "all" else [layer]:
                    stamps[name].touch()
                if fetcher is not None:
                    setup.wait(fetcher, "Kafka could not be fetched", JARS_LOG)
            line.say("packages" + (" and jars" if jars else "") + " installed")
        line.done()


def require_space() -> None:
    """Raises `StackError` if the disk is too full for the packages."""
    free = shutil.disk_usage(LOCAL).free // 1_000_000
    if free < NEEDED_MB:
        raise StackError(
            f"Only {free} MB are free at {LOCAL}; the first start needs about {NEEDED_MB} MB. Make room and try again."
        )


def _begin(*, anew: bool) -> None:
    # Stamps go first: whatever is broken off from here on is made anew.
    for name in PACKAGES:
        for stamp in VENV.glob(f".{name}-*"):
            stamp.unlink()
    if anew:
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, symlinks=True)
        site = next(VENV.glob("lib/python*/site-packages"))
        (site / "perspektive-heimat.pth").write_text(f"{ROOT / 'services'}\n{ROOT}\n")
        command = VENV / "bin" / "ph"
        command.write_text(_PH)
        command.chmod(0o755)


class _Setup:
    """What runs meanwhile, and how far it is."""

    def __init__(self, installer: Installer, locks: list[Path], line: Line) -> None:
        self._installer = installer
        self._locks = locks
        self._line = line
        self._jars = Jars(LOCAL / "cache")
        self._with_jars = False
        here = sum(1 for _ in VENV.glob("lib/python*/site-packages/*.dist-info"))
        self._wanted = len({name for lock in locks for name in pinned(lock)}) - here

    def fetch_jars(self) -> subprocess.Popen[bytes]:
        """Begins to fetch Kafka's jars. What that takes is installed before all else."""
        lock = LOCKS / "local.lock"
        jgo = pinned(lock)["jgo"]
        self._installer.run("install", "--require-hashes", "--python", PYTHON, "--constraint", lock, jgo)
        self._with_jars = True
        with JARS_LOG.open("wb") as log:
            command = [str(PYTHON), "-m", FETCH_JARS]
            return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def install(self) -> subprocess.Popen[bytes]:
        """Begins to install the packages of the locks, no more and no fewer."""
        with LOG.open("ab") as log:
            return self._installer.start("sync", "--require-hashes", "--python", PYTHON, *self._locks, log=log)

    def wait(self, process: subprocess.Popen[bytes], failed: str, log: Path) -> None:
        """Says how far both are until `process` has ended. Raises `StackError` if it failed."""
        while process.poll() is None:
            self._line.say(self._so_far(), new=False)
            time.sleep(0.1)
        if process.returncode:
            raise StackError(failure(failed, log))

    def _so_far(self) -> str:
        fetched = sum(1 for _ in self._installer.cache.glob("archive-*/*/*.dist-info"))
        jars = f", jars: {self._jars.progress()}" if self._with_jars else ""
        return f"packages: {fetched} of at most {self._wanted} fetched{jars}"


def pinned(lock: Path) -> dict[str, str]:
    """Each package of a lock by its name, as `name==version`."""
    return {line.partition("==")[0]: line.split()[0] for line in lock.read_text().splitlines() if line[:1].isalnum()}


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The process does not outlive the block."""
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    # Two makes at once in a fresh clone: the second waits, and finds the work done.
    try:
        LOCAL.mkdir(parents=True, exist_ok=True)
        lock = (LOCAL / "venv.lock").open("w")
    except OSError as error:
        raise StackError(f"{LOCAL} cannot be written to ({error.strerror}): is this folder yours?") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back by the kernel, however this process ends
        except BlockingIOError:
            print("Another make is setting up; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """What `make-venv` passes on."""
    parser = argparse.ArgumentParser(prog="make-venv", description="The virtual environment in .local/.")
    parser.add_argument("--layer", choices=sorted(PACKAGES), required=True, help="for make run, or for everything")
    parser.add_argument("--run-stamp", type=Path, required=True)
    parser.add_argument("--all-stamp", type=Path, required=True)
    parser.add_argument("--for", dest="purpose", choices=["run", "test", ""], default="", help="what comes afterwards")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    stamps = {"run": options.run_stamp.absolute(), "all": options.all_stamp.absolute()}
    try:
        make(options.layer, stamps, jars=bool(options.purpose), starts=options.purpose == "run")
    except KeyboardInterrupt:
        raise SystemExit("\nStopped on request; the next make goes on.") from None
    except StackError as error:
        raise SystemExit(f"\n{error}") from error


if __name__ == "__main__":
    main()
