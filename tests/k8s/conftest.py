"""A test that cannot look is skipped with its reason; where skips are refused (skips.py) it fails with the same reason.
At the end it is told what was measured."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.k8s import figures, skips
from tests.k8s.structure.declared import kafka_version


@pytest.fixture(scope="session", autouse=True)
def declared_kafka() -> Iterator[str]:
    """Every broker of these tests is of the version that the manifests declare, which is not the local stack's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PH_KAFKA_VERSION", kafka_version())
        yield kafka_version()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if skips.refused(reason):
            report.outcome = "failed"
            report.longrepr = f"{reason} (skips are refused here: tests/k8s/skips.py)"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures.TOLD:
        terminalreporter.section("figures")
        for text in figures.TOLD:
            terminalreporter.write_line(text)
