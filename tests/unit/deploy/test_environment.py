"""Making the virtual environment: what is done again, what is not, and what is said. Neither pip nor uv is run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from deploy.local import environment, installer
from deploy.local.environment import make
from deploy.local.places import StackError


class FakeInstaller:
    """Notes what it is asked for; `script` runs in place of `uv pip sync`."""

    asked: list[tuple[str, ...]]
    script = "pass"

    def __init__(self, scratch: Path) -> None:
        self.cache = scratch / "cache"

    def run(self, command: str, *arguments: str | Path) -> None:
        type(self).asked.append((command, *(Path(each).name for each in arguments)))

    def start(self, command: str, *arguments: str | Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        self.run(command, *arguments)
        return subprocess.Popen([sys.executable, "-c", self.script], stdout=log, stderr=log)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    for module in (environment, installer):
        monkeypatch.setattr(module, "LOCAL", tmp_path)
        monkeypatch.setattr(module, "LOG", tmp_path / "venv.log")
    monkeypatch.setattr(environment, "VENV", tmp_path / "venv")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "venv" / "bin" / "python")
    monkeypatch.setattr(environment, "JARS_LOG", tmp_path / "jars.log")
    monkeypatch.setattr(environment, "FETCH_JARS", "there.is.no.such.module")
    monkeypatch.setattr(environment, "Installer", FakeInstaller)
    monkeypatch.setattr(FakeInstaller, "asked", [], raising=False)
    yield FakeInstaller.asked
    assert not list(tmp_path.glob("installing.*"))


def stamps(tmp_path: Path, version: str = "1") -> dict[str, Path]:
    return {layer: tmp_path / "venv" / f".{layer}-{version}" for layer in ("run", "all")}


def locks(call: tuple[str, ...]) -> list[str]:
    return [argument for argument in call if argument.endswith(".lock")]


def test_what_is_there_costs_nothing(tmp_path: Path, asked: list[tuple[str, ...]]) -> None:
    make("run", stamps(tmp_path), jars=False, starts=False)
    make("run", stamps(tmp_path), jars=False, starts=False)
    assert [locks(call) for call in asked] == [["services.lock", "operators.lock", "local.lock"]]
    assert (tmp_path / "venv" / "bin" / "ph").exists()
    assert not stamps(tmp_path)["all"].exists()


def test_the_tests_packages_come_on_top_of_what_is_there(tmp_path: Path, asked: list[tuple[str, ...]]) -> None:
    make("run", stamps(tmp_path), jars=False, starts=False)
    (tmp_path / "venv" / "kept").touch()
    make("all", stamps(tmp_path), jars=False, starts=False)
    assert locks(asked[-1]) == ["services.lock", "operators.lock", "local.lock", "tests.lock"]
    assert (tmp_path / "venv" / "kept").exists()
    make("run", stamps(tmp_path), jars=False, starts=False)
    assert len(asked) == 2


def test_whoever_begins_with_everything_can_run_at_once(tmp_path: Path, asked: list[tuple[str, ...]]) -> None:
    make("all", stamps(tmp_path), jars=False, starts=False)
    make("run", stamps(tmp_path), jars=False, starts=False)
    assert len(asked) == 1


def test_other_locks_make_a_new_environment_that_keeps_the_tests_packages(
    tmp_path: Path, asked: list[tuple[str, ...]]
) -> None:
    make("all", stamps(tmp_path), jars=False, starts=False)
    (tmp_path / "venv" / "old").touch()
    make("run", stamps(tmp_path, "2"), jars=False, starts=False)
    assert not (tmp_path / "venv" / "old").exists()
    assert locks(asked[-1]) == ["services.lock", "operators.lock", "local.lock", "tests.lock"]
    assert {path.name for path in (tmp_path / "venv").glob(".*-*")} == {".run-2", ".all-2"}


def test_what_fails_is_shown_leaves_no_stamp_and_is_made_anew(
    tmp_path: Path, asked: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    make("run", stamps(tmp_path), jars=False, starts=False)
    monkeypatch.setattr(FakeInstaller, "script", "raise SystemExit('hash mismatch')")
    with pytest.raises(StackError, match=r"hash mismatch(.|\n)*could not be installed(.|\n)*venv\.log"):
        make("all", stamps(tmp_path), jars=False, starts=False)
    (tmp_path / "venv" / "half").touch()
    monkeypatch.setattr(FakeInstaller, "script", "pass")
    make("run", stamps(tmp_path), jars=False, starts=False)
    assert not (tmp_path / "venv" / "half").exists()


def test_what_the_jars_need_is_installed_before_all_else(tmp_path: Path, asked: list[tuple[str, ...]]) -> None:
    with pytest.raises(StackError, match=r"No module named(.|\n)*Kafka could not be fetched(.|\n)*jars\.log"):
        make("run", stamps(tmp_path), jars=True, starts=False)
    assert [call[0] for call in asked] == ["install", "sync"]
    assert asked[0][-1].startswith("jgo==")
    assert locks(asked[0]) == ["local.lock"]
    assert stamps(tmp_path)["run"].exists()  # the packages need not be fetched again


@pytest.mark.usefixtures("asked")
def test_a_start_says_what_is_still_to_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make("run", stamps(tmp_path), jars=False, starts=True)
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.endswith(
        "installer; then packages; still to come: PostgreSQL, databases and tables, Kafka, topics, services"
    )
    assert "  packages installed; still to come: PostgreSQL, " in last


@pytest.mark.usefixtures("asked")
def test_a_disk_that_is_too_full_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "NEEDED_MB", 10**12)
    with pytest.raises(StackError, match=r"Only \d+ MB are free at .*; the first start needs about"):
        make("run", stamps(tmp_path), jars=False, starts=False)
    assert FakeInstaller.asked == []


def test_a_folder_of_somebody_else_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(environment, "LOCAL", tmp_path / "file" / "local")
    with pytest.raises(StackError, match="cannot be written to"):
        make("run", stamps(tmp_path), jars=False, starts=False)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 1", "is too old: Python 3.11 or newer is needed"),
        ('case "$*" in *venv*) exit 1;; esac', "has no module venv"),
    ],
)
def test_a_python_that_will_not_do_is_refused_with_a_remedy(tmp_path: Path, root: Path, script: str, said: str) -> None:
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\n[ "$1" = --version ] && {{ echo Python 3.8; exit 0; }}\n{script}\n')
    python.chmod(0o755)
    done = subprocess.run([root / "deploy/local/make-venv", python], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_python_that_is_not_there_is_named(root: Path) -> None:
    done = subprocess.run([root / "deploy/local/make-venv", "python9"], capture_output=True, text=True, check=False)
    assert "There is no python9. Install Python 3.11" in done.stderr
