"""A finding: where, what is wrong, what to do. Everything that the check says is one of these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, ten times as fast, where PyYAML was built with it."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`pointer` is a JSON pointer (RFC 6901) into the file; empty for the file as a whole."""

    file: str
    pointer: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}#{self.pointer}" if self.pointer else self.file
        return f"{place}: {self.problem}\n    {self.remedy}"


class Unreadable(Exception):
    """A file cannot be read; carries the finding that says so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def read_json(root: Path, path: Path) -> Mapping[str, Any]:
    """A JSON object from its file. Raises `Unreadable`.

    Whoever reads the same bytes gets the same object, so nobody may change it: most files are read again and again
    unchanged.
    """
    try:
        document = _parsed(path.read_bytes())
    except OSError as error:
        raise _unreadable(root, path, f"cannot be read: {error.strerror}", "Add the file.") from error
    except ValueError as error:
        raise _unreadable(root, path, f"is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _unreadable(root, path, "is not a JSON object")
    return document


@lru_cache(maxsize=2048)
def _parsed(content: bytes) -> Any:
    return json.loads(content.decode())


def read_yaml(root: Path, path: Path) -> Any:
    """What a YAML file holds. Raises `Unreadable`."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _unreadable(root, path, f"cannot be read: {error}") from error


def _unreadable(root: Path, path: Path, problem: str, remedy: str = "Mend the file.") -> Unreadable:
    return Unreadable(Finding(path.relative_to(root).as_posix(), "", problem, remedy))


def step(pointer: str, *names: str | int) -> str:
    """`pointer` with further steps."""
    return pointer + "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in names)
