"""How large the content of an image is, and what in it does not belong there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.image.content import ROOT

LIMIT_MB = 250
"""Unpacked, without the base: an aim of this project."""
LARGEST = 8
_COMPILERS = re.compile(r"(?:[a-z0-9_]+-)*(?:gcc|g\+\+|cc|c\+\+|clang|ld|as|rustc|cargo|go|javac)(?:-[0-9.]+)?")
_LAYERS_OF_NO_IMAGE = ("local", "tests", "mutants", "installer")
_NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE)


def report(directory: Path) -> str:
    """A line per part, in MB."""
    site = _site(directory)
    parts = {each.name: size(each) for each in directory.iterdir()}
    packages = sorted(((size(each), each.name) for each in site.iterdir()), reverse=True)[:LARGEST]
    lines = [f"{_mb(size(directory)):>8} in all, without the base (aim: at most {LIMIT_MB} MB)"]
    lines += [f"{_mb(weight):>8} {name}" for name, weight in sorted(parts.items())]
    lines += [f"{_mb(weight):>8} of it {name}" for weight, name in packages]
    return "\n".join(lines)


def size(path: Path) -> int:
    """Bytes of a file, or of all files below a directory; links weigh nothing."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def out_of_place(directory: Path) -> list[str]:
    """What must not be in an image, each with the reason; empty if all is well."""
    return [*_unwanted_packages(directory), *_unwanted_files(directory), *_too_large(directory)]


def _unwanted_packages(directory: Path) -> Iterator[str]:
    """Those of the other locks that no lock of an image has: test runners, servers, compilers of Python."""
    allowed = _names("services") | _names("operators")
    unwanted = set().union(*(_names(layer) for layer in _LAYERS_OF_NO_IMAGE)) - allowed
    for info in sorted(_site(directory).glob("*.dist-info")):
        name = info.name.partition("-")[0].lower().replace("_", "-")
        if name in unwanted or name in {"pip", "setuptools", "wheel"}:
            yield f"{info.name}: no package of an image"


def _unwanted_files(directory: Path) -> Iterator[str]:
    for file in sorted(directory.rglob("*")):
        where = file.relative_to(directory)
        if not file.is_file() or file.is_symlink():
            continue
        if file.stat().st_mode & 0o111 and _COMPILERS.fullmatch(file.name):
            yield f"{where}: a compiler"
        elif file.stat().st_mode & 0o6000:
            yield f"{where}: runs as its owner (setuid, setgid)"
        elif where.parts[0] == "services" and file.suffix not in {".py", ".sql", ".html", ".css", ".pyc"}:
            yield f"{where}: no source of a service"


def _too_large(directory: Path) -> Iterator[str]:
    if size(directory) > LIMIT_MB * 1_000_000:
        yield f"{_mb(size(directory))} in all: more than {LIMIT_MB} MB"


def _site(directory: Path) -> Path:
    return next((directory / "venv").glob("lib/python*/site-packages"))


def _names(layer: str) -> set[str]:
    return set(_NAME.findall((ROOT / "requirements" / f"{layer}.lock").read_text(encoding="utf-8")))


def _mb(weight: int) -> str:
    return f"{weight / 1_000_000:.1f} MB"
