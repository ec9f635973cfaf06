"""`make mutants`: plants small mistakes, one at a time, and tells which of them no test notices."""

from __future__ import annotations

import argparse
import time

from deploy.local.places import ROOT, StackError
from mutants import packages, pytest_run, servers, tree
from mutants.explained import reasons
from mutants.judge import Judge, TestsFailError
from mutants.making import mutants
from mutants.record import recorded
from mutants.report import Report
from mutants.targets import TESTS, chosen, path_of


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
            source = (ROOT / path_of(module)).read_text()
            made = mutants(module, source)
            say(f"{module}: {len(made)} mutants")
            report.verdicts[module] = list(Judge(module, source, touches, running, runner).verdicts(made, say))
    print(report.text())
    return 0 if report.is_good else 1


if __name__ == "__main__":
    try:
        raise SystemExit(_main())
    except (StackError, TestsFailError) as error:
        raise SystemExit(str(error)) from error
