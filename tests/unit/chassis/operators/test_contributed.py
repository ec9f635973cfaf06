"""Commands that services contribute to `ph`: one that is broken is named, and takes no other one with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chassis.operators.cli import app
from chassis.operators.cli import contributed as module

COMMAND = """
import typer
app = typer.Typer()
@app.callback()
def main(): ...
@app.command("sell")
def sell(): print("sold")
"""


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A source tree of two services with a command each."""
    for name in ("corner", "market"):
        folder = tmp_path / "services" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "cli.py").write_text(COMMAND.replace("sell", f"sell-{name}", 1))
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "discovered", lambda: ["corner", "market"])
    monkeypatch.syspath_prepend(tmp_path / "services")
    module.contributed.cache_clear()
    yield tmp_path / "services"
    module.contributed.cache_clear()
    for name in ("corner", "market"):
        sys.modules.pop(f"{name}.cli", None)
        sys.modules.pop(name, None)


def test_a_service_that_cannot_be_imported_is_named_in_one_line_and_the_others_work(services: Path) -> None:
    (services / "corner" / "cli.py").write_text("raise RuntimeError('no till\\nhere')")
    sold = CliRunner().invoke(app, ["sell-market"])
    assert (sold.exit_code, sold.stdout) == (0, "sold\n")
    assert sold.stderr == "ph: the commands of corner are left out: RuntimeError no till\n"
    assert "sell-market" in CliRunner().invoke(app, ["--help"]).output


@pytest.mark.parametrize("line", [["sell-market"], ["--help"]])
@pytest.mark.parametrize("name", ["sell-corner", "topics"])
def test_two_commands_of_one_name_are_an_error_that_says_whose(services: Path, name: str, line: list[str]) -> None:
    (services / "market" / "cli.py").write_text(COMMAND.replace("sell", name, 1))
    answer = CliRunner().invoke(app, line)
    assert answer.exit_code == 1
    assert f"error: {name} is a command of two\nwhere: services/market/cli.py\nremedy: " in answer.stderr
