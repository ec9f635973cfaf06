"""A plugin inside the pytest of each run: records what tests touch, or runs chosen tests in a chosen order.

The file that `PH_MUTANTS_JOB` names says what to do; another beside it tells afterwards what was seen.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

VARIABLE = "PH_MUTANTS_JOB"


def pytest_configure(config: pytest.Config) -> None:
    job = Path(os.environ[VARIABLE])
    told = json.loads(job.read_text())
    answer = job.with_suffix(".answer")
    config.pluginmanager.register(Recorder(told, answer) if "packages" in told else Chooser(told["seconds"], answer))


class Recorder:
    """Which lines of the `targets` each test touches, and how long it takes."""

    def __init__(self, told: dict[str, Any], answer: Path) -> None:
        sys.path.append(told["packages"])
        import coverage  # of the instrument's own packages

        self._answer = answer
        self._targets: list[str] = told["targets"]
        self._tests: dict[str, dict[str, Any]] = {}
        self._coverage = coverage.Coverage(data_file=None, config_file=False, include=self._targets, messages=False)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        begun = monotonic()
        self._coverage.switch_context(item.nodeid)
        self._tests[item.nodeid] = {"passed": True, "lines": {}}
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")
            self._tests[item.nodeid]["seconds"] = round(monotonic() - begun, 3)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.skipped:
            self._tests[report.nodeid]["passed"] = False

    def pytest_unconfigure(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        for path in self._targets:
            for line, contexts in data.contexts_by_lineno(path).items():
                for context in contexts:
                    if context:
                        self._tests[context]["lines"].setdefault(path, []).append(line)
        self._answer.write_text(json.dumps(self._tests))


class Chooser:
    """Runs the tests of `seconds` only, in that order; each may take several times its seconds. Tells what failed."""

    def __init__(self, seconds: dict[str, float], answer: Path) -> None:
        self._seconds = seconds
        self._answer = answer
        self._failed = ""
        self._servers = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[name] for name in self._seconds if name in found]
        for item in items:
            limit = 5 + 5 * self._seconds[item.nodeid]
            item.add_marker(pytest.mark.timeout(limit), append=False)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._servers |= "stack" in getattr(item, "fixturenames", ())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self._failed:
            self._failed = report.nodeid

    def pytest_unconfigure(self) -> None:
        self._answer.write_text(json.dumps({"failed": self._failed, "servers": self._servers}))
