"""Lays out what an image holds: a virtual environment from the locks, and the source as the services find it.

    venv/       Python packages, each with the version and hash of requirements/*.lock; the interpreter is the base's
    services/   the source; `venv` knows where it lies
    schemas/    code lists, and the topics as they are declared

Standard library only: it runs in a builder that has nothing but Python and pip. Paths inside are relative, so the
directory may be built at one place and used at another.
"""

from __future__ import annotations

import compileall
import json
import py_compile
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAME = "perspektive-heimat"
INVENTORY = "sbom.cdx.json"
SOURCE = ("*.py", "*.sql", "*.html", "*.css")
"""What a running service needs of `services/`; its pages stay with the source."""

_PH = '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -m chassis.operators.cli "$@"\n'
_PIP = ("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--no-input", "--quiet")
"""Nothing is built: a package without a wheel for this platform is an error, and the builder needs no compiler."""


class AssemblyError(Exception):
    """What is missing, with the remedy."""


@dataclass(frozen=True, slots=True)
class Package:
    """What was installed: `sha256` is that of the very file, one of those in the lock."""

    name: str
    version: str
    sha256: str
    license: str = ""


def locks(layers: Iterable[str]) -> list[Path]:
    """The files that name the packages of these layers."""
    return [ROOT / "requirements" / f"{layer}.lock" for layer in layers]


def version() -> str:
    """The version of the source tree."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def assemble(into: Path, layers: Sequence[str]) -> list[Package]:
    """Makes the directory anew and tells what was installed. Raises `AssemblyError`."""
    if find_spec("pip") is None:
        raise AssemblyError(f"{sys.executable} has no pip: run it with a Python that has")
    into.mkdir(parents=True, exist_ok=True)
    for name in ("venv", "services", "schemas", INVENTORY):
        _remove(into / name)
    installed = _install(into / "venv", locks(layers))
    _copy_source(into)
    _compile(into)
    return installed


def _install(environment: Path, files: list[Path]) -> list[Package]:
    venv.create(environment, symlinks=True, with_pip=False)
    programs = environment / "bin"
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        listed = [part for file in files for part in ("--requirement", str(file))]
        command = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", *_PIP]
        done = subprocess.run(  # noqa: S603 - our own words
            [*command, "--no-cache-dir", "--disable-pip-version-check", "--report", str(report), *listed],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AssemblyError(f"pip could not install the locks: {done.stderr.strip()[-2000:]}")
        entries = json.loads(report.read_text(encoding="utf-8"))["install"]
    for program in programs.iterdir():
        if not program.name.startswith("python"):
            program.unlink()  # of packages and for shells: nobody calls them
    (programs / "ph").write_text(_PH, encoding="utf-8")
    (programs / "ph").chmod(0o755)
    site = next(environment.glob("lib/python*/site-packages"))
    (site / f"{NAME}.pth").write_text("../../../../services\n", encoding="utf-8")
    licenses = {_plain(each.name): _license(each) for each in distributions(path=[str(site)])}
    return sorted((_package(entry, licenses) for entry in entries), key=lambda package: package.name)


def _package(entry: dict[str, Any], licenses: Mapping[str, str]) -> Package:
    name = _plain(entry["metadata"]["name"])
    sha256 = entry["download_info"]["archive_info"]["hashes"]["sha256"]
    return Package(name, entry["metadata"]["version"], sha256, licenses[name])


def _license(package: Distribution) -> str:
    """The SPDX expression, where the package states one."""
    expressions = package.metadata.get_all("License-Expression") or [""]
    return str(expressions[0])


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _copy_source(into: Path) -> None:
    for pattern in SOURCE:
        for file in sorted((ROOT / "services").rglob(pattern)):
            _copy(file, into)
    for file in [*sorted((ROOT / "schemas" / "reference").glob("*.csv")), ROOT / "schemas" / "topics.yaml"]:
        _copy(file, into)


def _copy(file: Path, into: Path) -> None:
    target = into / file.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)


def _compile(into: Path) -> None:
    """Beforehand: where it runs, the root is read-only. By hash, not by time: the same source gives the same bytes."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for folder in (into / "venv" / "lib", into / "services"):
        # Some packages ship templates that are no Python; who imports one of those is told.
        compileall.compile_dir(
            folder, quiet=2, force=True, invalidation_mode=mode, stripdir=str(into), prependdir="/app", workers=1
        )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
