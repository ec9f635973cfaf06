"""promtool, as `make promtool` builds it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.k8s import skips
from tests.k8s.alerts.declared import ROOT

Run = Callable[..., str]
FRUGAL = {**os.environ, "GOGC": "400"}
"""Memory in place of processor time: promtool spends a seventh less of it than with Go's own setting, 100."""


@pytest.fixture(scope="session")
def promtool() -> Run:
    """Runs promtool, returns what it printed, and fails if it is not content."""
    program = ROOT / ".local" / "k8s" / "promtool"
    if not program.exists():
        pytest.skip(skips.PROMTOOL)

    def run(*arguments: str | Path) -> str:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=False, timeout=110, env=FRUGAL
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
