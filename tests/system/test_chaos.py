"""A short run of `make chaos`: faults that lose, repeat or reorder most easily, and all invariants afterwards.

`SEED=... pytest tests/system/test_chaos.py` repeats a schedule; `make chaos` runs all faults, and longer.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from deploy.local.places import ROOT

MINUTES = 0.5
"""Of load and faults; starting, draining and reading it all again take as long once more."""
SEED = int(os.environ.get("SEED", "175166"))
"""One for all: a gate that fails must fail for what has changed. `make chaos` draws others."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def all_alive() -> None:
    """The four services have no part in this."""


def test_every_promise_is_kept_while_everything_breaks() -> None:
    # A program of its own: it kills and stops others, and its event loop carries their connections.
    command = [sys.executable, "-m", "chaos", "--seed", str(SEED), "--minutes", str(MINUTES)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'services'}:{ROOT}"}
    chaos = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        told, _ = chaos.communicate(timeout=280)
    finally:
        if chaos.poll() is None:
            chaos.send_signal(signal.SIGINT)
            chaos.wait(30)
    print(told)
    assert chaos.returncode == 0, told
