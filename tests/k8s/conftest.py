"""A test that cannot look is skipped with its reason; where CI=true it fails instead, with the same reason. At the end
it is told what was measured."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.k8s import figures


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI", "") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"CI must not skip: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures.TOLD:
        terminalreporter.section("figures")
        for text in figures.TOLD:
            terminalreporter.write_line(text)
