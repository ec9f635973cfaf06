"""`make mutants`: plants small mistakes, one at a time, and tells which of them no test notices."""

from __future__ import annotations

import argparse
import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.places import StackError
from mutants import packages, pytest_run, servers, tree
from mutants.explained import reasons
from mutants.judge import Judge, NotGreenError
from mutants.making import mutants
from mutants.record import recorded
from mutants.report import Report
from mutants.targets import FOLDER, TESTS, chosen, path_of


@contextmanager
def _alone() -> Iterator[None]:
    """Raises `StackError` if another run is at work: both would plant into one tree."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("Another `make mutants` is at work in this tree. Wait until it has ended.") from None
        yield


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description="Plants mistakes; says which no test notices.")
    parser.add_argument("--module", default="", metavar="MODULE,..", help="such as consumer/positions; else all")
    parser.add_argument("--tests", default="", metavar="PLACE,..", help="only these tests may notice; else all")
    options = parser.parse_args()
    try:
        modules, report = chosen(options.module), Report(reasons())
    except ValueError as error:
        parser.error(str(error))
    tests = [each for each in options.tests.split(",") if each] or TESTS
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun:7.1f}  {line}", flush=True)

    packages.ready()
    tree.copied()
    with servers.running() as running, pytest_run.runner(running.directory) as runner:
        touches = recorded(tests, running, runner, say)
        for module in modules:
            source = (tree.TREE / path_of(module)).read_text()
            made = mutants(module, source)
            say(f"{module}: {len(made)} mutants")
            report.verdicts[module] = list(Judge(module, source, touches, running, runner).verdicts(made, say))
    print(report.text())
    return 0 if report.is_good else 1


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where a shell has started it with SIGINT ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        with _alone():
            raise SystemExit(_main())
    except (StackError, NotGreenError) as error:
        raise SystemExit(str(error)) from error
