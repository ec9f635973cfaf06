"""`make bench`: measures, and says where each figure stands. It never fails because something was slow.

make bench                          all parts, 5 repeats each
make bench ONLY=relay,hop REPEATS=7
make bench AGAINST=HEAD~3           this build and another one in turn, 15 pairs each (`bench.against`)

Exit code 0 whatever the figures are; 1 if a part could not be measured; 2 if it was asked for wrongly.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from types import FrameType
from typing import Any

import asyncpg
from rich.console import Console

from bench import parts
from bench.against import parts as comparable
from bench.against.run import compare
from bench.against.verdict import PAIRS
from bench.bench import Bench, opened
from bench.machine import description
from bench.report import Report, Result, Steps
from deploy.local.places import LOCAL, ROOT, StackError

REPEATS = 5
WIDTH = 160
"""Of the table where the output is no terminal."""
NAMES = tuple(dict.fromkeys((*parts.NAMES, *comparable.NAMES)))
"""Of all parts, those included in which only two builds are compared."""


def measure(names: list[str], repeats: int, console: Console) -> Report:
    """Runs these parts one after the other; one that breaks off does not keep the others."""
    modules = {name: parts.load(name) for name in names}
    report = Report({**description(), **_tree(), "repeats": str(repeats), "load before": _load()})
    with Steps(console, sum(module.steps(repeats) for module in modules.values())) as steps, opened(repeats) as bench:
        bench.tick = steps.tick
        report.head = {**report.head, "postgresql": bench.wait(_server_version(bench))}
        for name, module in modules.items():
            steps.part(name)
            begun = time.monotonic()
            result = Result(name, module.TITLE)
            try:
                result.figures = list(module.run(bench))
            except Exception as error:
                result.failure = "".join(traceback.format_exception(error)[-3:])
            result.seconds = time.monotonic() - begun
            report.results.append(result)
    return report


async def _server_version(bench: Bench) -> str:
    connection = await asyncpg.connect(bench.stack.postgres.admin_dsn)
    try:
        return str(await connection.fetchval("show server_version"))
    finally:
        await connection.close()


def _tree() -> dict[str, str]:
    """Which code was measured, as far as git knows."""
    with suppress(OSError, subprocess.CalledProcessError):
        said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, check=True)
        return {"tree": said.stdout.decode().strip()}
    return {}


def _load() -> str:
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


def _names(text: str) -> list[str]:
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"there is no part {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return wanted


def _chosen(wanted: list[str], names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in wanted or not wanted]


def _repeats(text: str) -> int | None:
    if not text:
        return None
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of repeats: give 1 or more, 5 for figures to quote")
    return int(text)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    # From here on a further signal must not break off the orderly stop.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Measures what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="PARTS", type=_names, default=[], help=", ".join(NAMES))
    parser.add_argument("--repeats", type=_repeats, help=f"of each variant; {REPEATS} unless told, {PAIRS} pairs")
    parser.add_argument("--against", metavar="COMMIT", default="", help="compare this build with that commit's")
    options: Any = parser.parse_args()
    known = comparable.NAMES if options.against else parts.NAMES
    if others := [name for name in options.only if name not in known]:
        what = "no two builds are compared" if options.against else "only two builds are compared (AGAINST=...)"
        parser.error(f"{', '.join(others)}: {what} in it; there are {', '.join(known)}")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment: no news
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDTH
    begun = time.monotonic()
    try:
        if options.against:
            names = _chosen(options.only, comparable.NAMES)
            return compare(names, options.against, options.repeats or PAIRS, console)
        report = measure(_chosen(options.only, parts.NAMES), options.repeats or REPEATS, console)
    except KeyboardInterrupt:
        console.print("Stopped on request; nothing is reported.")
        return 1
    except StackError as error:
        console.print(str(error))
        return 1
    report.show(console)
    console.print(f"{time.monotonic() - begun:.0f} s; all of it: {report.save(LOCAL / 'bench').relative_to(ROOT)}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
