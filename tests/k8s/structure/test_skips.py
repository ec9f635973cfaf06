"""What is missing is skipped with its reason, and fails where skips are refused, but for a list with reasons."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import k8s
from tests.k8s import skips
from tests.k8s.parts import HERE

TESTS = """
import pytest
from tests.k8s import skips

@pytest.mark.skipif(True, reason="no compass: buy one")
def test_before(): ...

def test_within():
    pytest.skip("no kubectl: install it")

@pytest.mark.parametrize("reason", skips.LET_PASS)
def test_let_pass(reason):
    pytest.skip(f"{reason}: in detail")

@pytest.mark.xfail(reason="known")
def test_known(): assert False

def test_whole(): ...
"""


LET_PASS = len(skips.LET_PASS)


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        ({}, f"1 passed, {2 + LET_PASS} skipped, 1 xfailed"),
        ({"PH_SKIPS": "refused"}, f"1 failed, 1 passed, {LET_PASS} skipped, 1 xfailed, 1 error"),
        ({"CI": "true"}, f"1 failed, 1 passed, {LET_PASS} skipped, 1 xfailed, 1 error"),
    ],
    ids=["elsewhere", "refused", "in CI"],
)
def test_a_skip_fails_where_skips_are_refused_unless_it_is_let_pass(
    told: dict[str, str], ends: str, tmp_path: Path
) -> None:
    shutil.copy(Path(k8s.__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CI": "", "PH_SKIPS": "", **told},
    )
    assert ends in done.stdout, done.stdout
    assert "no compass: buy one" in done.stdout
    assert "no kubectl: install it" in done.stdout
    assert all(f"{each}: in detail" in done.stdout for each in skips.LET_PASS)


def test_what_is_let_pass_is_what_some_test_says_and_each_has_a_reason() -> None:
    text = "".join(path.read_text() for path in HERE.glob("*/*.py") if path != Path(__file__))
    names = {name: value for name, value in vars(skips).items() if name.isupper() and isinstance(value, str)}
    assert set(names.values()) == set(skips.LET_PASS)
    assert [name for name in names if f"skips.{name}" not in text] == []
    assert all(len(why) > 20 for why in skips.LET_PASS.values())
