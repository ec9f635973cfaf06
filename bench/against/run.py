"""A whole comparison: builds, servers, parts, report."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Sequence

from rich.console import Console

from bench.against import builds, parts
from bench.against.api import Incomparable
from bench.against.field import opened
from bench.against.report import Compared, Report
from bench.machine import Quiet, description
from bench.report import Steps
from deploy.local.places import LOCAL, ROOT


def compare(names: Sequence[str], against: str, repeats: int, console: Console) -> int:
    """Compares this build with the commit `against` in these parts; the exit code: 1 if one could not be measured.

    Raises `StackError` if there is no such commit, this tree is not its commit, or an environment cannot be made.
    """
    begun = time.monotonic()
    both = (builds.present(), builds.other(against, console.print))
    report = Report(
        {
            **description(),
            "present": both[0].commit,
            "other": f"{both[1].commit} ({against})",
            "pairs": str(repeats),
            "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        },
        both[1].short,
    )
    quiet = Quiet()
    _measure(report, names, both, repeats, console)
    report.others = quiet.share_of_others()
    report.show(console)
    console.print(f"{time.monotonic() - begun:.0f} s; all of it: {report.save(LOCAL / 'bench').relative_to(ROOT)}")
    console.print(report.summary)
    return 1 if report.failed else 0


def _measure(
    report: Report, names: Sequence[str], both: tuple[builds.Build, builds.Build], repeats: int, console: Console
) -> None:
    """Runs the parts one after the other; one that breaks off does not keep the others."""
    modules = {name: parts.load(name) for name in names}
    steps_in_all = sum(module.steps(repeats) for module in modules.values())
    with Steps(console, steps_in_all) as steps, opened(both, repeats) as field:
        field.tick = steps.tick
        for name, module in modules.items():
            steps.part(name)
            result, begun = Compared(name, module.TITLE), time.monotonic()
            try:
                result.figures = list(module.run(field))
            except Incomparable as error:
                result.failure = f"it cannot be compared with {both[1].short}: {error}"
            except Exception as error:
                result.failure = "".join(traceback.format_exception(error)[-3:])
            result.seconds = time.monotonic() - begun
            report.results.append(result)
