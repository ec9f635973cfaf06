"""A run of pytest in a fork: its exit code comes back, and none outlives its limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mutants import pytest_run
from mutants.forks import MEMORY_BYTES
from mutants.pytest_run import Run, Runner

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = f"""
import time, os, pytest

def test_good():
    print("seen", os.environ["PH_TEST_SERVERS"])

def test_bad():
    assert False

def test_hangs():
    time.sleep(600)

def test_grows():
    bytearray({MEMORY_BYTES})
"""


@pytest.fixture(scope="module")
def forks() -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    forks = subprocess.Popen(
        [sys.executable, "-m", "mutants.forks"],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    yield forks
    assert forks.stdin is not None
    forks.stdin.close()
    assert forks.wait(30) == 0


@pytest.fixture
def runner(forks: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    (tmp_path / "test_some.py").write_text(PLUGIN)
    monkeypatch.setattr(pytest_run, "FOLDER", tmp_path)
    monkeypatch.setattr(pytest_run, "TREE", tmp_path)
    return Runner(Path("/servers"), forks)


def run(runner: Runner, *names: str, limit: float = 60) -> Run:
    seconds = {f"test_some.py::{name}": 1.0 for name in names}
    return runner.run({"seconds": seconds}, ["test_some.py"], limit=limit, options=("-x", "-s"))


def test_a_run_says_what_failed_first_in_the_order_that_was_asked_for(runner: Runner) -> None:
    good = run(runner, "test_good")
    assert (good.code, good.answer) == (0, {"failed": "", "servers": False})
    assert "seen /servers" in good.output
    bad = run(runner, "test_bad", "test_good")
    assert (bad.code, bad.answer["failed"]) == (1, "test_some.py::test_bad")
    assert "seen" not in bad.output, "the first failure ends it"


def test_a_test_that_takes_several_times_its_time_fails_and_a_run_beyond_its_limit_is_ended(runner: Runner) -> None:
    late = runner.run({"seconds": {"test_some.py::test_hangs": -0.9}}, ["test_some.py"], limit=60)
    assert (late.code, late.answer["failed"]) == (1, "test_some.py::test_hangs")
    assert "Failed: Timeout" in late.output
    assert run(runner, "test_hangs", limit=3).code is None
    assert run(runner, "test_good").code == 0, "the next one is none the worse"


def test_a_run_that_takes_too_much_memory_fails(runner: Runner) -> None:
    grown = run(runner, "test_grows")
    assert (grown.code, grown.answer["failed"]) == (1, "test_some.py::test_grows")
    assert "MemoryError" in grown.output


def test_the_job_can_be_read(runner: Runner, tmp_path: Path) -> None:
    run(runner, "test_good")
    assert json.loads((tmp_path / "job").read_text()) == {"seconds": {"test_some.py::test_good": 1.0}}
