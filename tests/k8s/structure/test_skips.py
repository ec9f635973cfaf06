"""What is missing is skipped with its reason, and fails where CI=true: a green run has looked at everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import k8s

TESTS = """
import pytest

@pytest.mark.skipif(True, reason="the definitions are not here")
def test_before(): ...

def test_within():
    pytest.skip("no promtool")

@pytest.mark.xfail(reason="known")
def test_known(): assert False

def test_whole(): ...
"""


@pytest.mark.parametrize(
    ("ci", "ends"), [("", "1 passed, 2 skipped, 1 xfailed"), ("true", "1 failed, 1 passed, 1 xfailed, 1 error")]
)
def test_a_skip_fails_in_ci_only(ci: str, ends: str, tmp_path: Path) -> None:
    shutil.copy(Path(k8s.__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CI": ci},
    )
    assert ends in done.stdout, done.stdout
    assert "the definitions are not here" in done.stdout
    assert "no promtool" in done.stdout
