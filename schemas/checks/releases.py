"""Frozen copies of what was published, and the promise that they stay as they are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from checks.compatibility import compare
from checks.findings import Finding, Unreadable, read_json

SUMS = "SHA256SUMS"
"""In the form of the tool: `cd schemas/released/1.0.0 && sha256sum -c SHA256SUMS`."""
VERSION = re.compile(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")


class NotFrozen(Exception):
    """A release cannot be made; says why and what to do."""


def contract_files(root: Path) -> list[Path]:
    """The files that a release copies: the envelope and every event."""
    return sorted([*root.glob("envelope.v*.json"), *root.glob("events/*/*.json")])


def releases(root: Path) -> list[str]:
    """The frozen versions, oldest first."""
    folder = root / "released"
    found = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted((name for name in found if VERSION.fullmatch(name)), key=_parts)


def unchanged(root: Path) -> Iterator[Finding]:
    """Copies that are not what was frozen."""
    for version in releases(root):
        folder = root / "released" / version
        sums = folder / SUMS
        listed = dict(_listed(sums)) if sums.is_file() else {}
        present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.json")}
        for name in sorted(set(listed) | set(present)):
            file = f"released/{version}/{name}"
            if name not in present:
                yield Finding(file, "", "the frozen file is gone", "Restore it from the history.")
            elif name not in listed:
                yield Finding(file, "", f"is not listed in {SUMS}", "Remove it; a release is never added to.")
            elif _digest(present[name]) != listed[name]:
                yield Finding(file, "", "the frozen file has changed", "Restore it from the history.")
        if not listed:
            file = f"released/{version}/{SUMS}"
            yield Finding(file, "", "is missing or empty", "Restore it from the history.")


def compatible(root: Path) -> Iterator[Finding]:
    """The working schemas against all frozen versions."""
    for version in releases(root):
        folder = root / "released" / version
        for path in contract_files(folder):
            name = path.relative_to(folder).as_posix()
            working = root / name
            if not working.is_file():
                remedy = "Put it back: a schema stays while a release has it, even if nobody sends the event."
                yield Finding(name, "", f"is in {version} and gone", remedy)
                continue
            try:
                yield from compare(name, version, read_json(root, path), read_json(root, working))
            except Unreadable as error:
                yield error.finding


def freeze(root: Path, version: str) -> Path:
    """Copies the working schemas to `released/<version>`. Raises `NotFrozen`. The caller has checked them."""
    if not VERSION.fullmatch(version):
        raise NotFrozen(f"{version!r} is no version: give three numbers such as 1.1.0.")
    earlier = releases(root)
    if earlier and _parts(version) <= _parts(earlier[-1]):
        raise NotFrozen(f"{version} is not after {earlier[-1]}: give a higher version.")
    files = contract_files(root)
    if earlier and _same(root, files, earlier[-1]):
        raise NotFrozen(f"nothing has changed since {earlier[-1]}: there is nothing to release.")
    folder = root / "released" / version
    lines = []
    for path in files:
        name = path.relative_to(root).as_posix()
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        lines.append(f"{_digest(copy)}  {name}\n")
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return folder


def _same(root: Path, files: list[Path], version: str) -> bool:
    folder = root / "released" / version
    names = {path.relative_to(root) for path in files}
    frozen = {path.relative_to(folder) for path in contract_files(folder)}
    return names == frozen and all(_digest(root / name) == _digest(folder / name) for name in names)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _listed(sums: Path) -> Iterator[tuple[str, str]]:
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
