"""Changes to the files of a copied contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from checks.findings import read_yaml


def edit(root: Path, file: str, change: Callable[[Any], object]) -> None:
    """Changes a JSON file."""
    document = json.loads((root / file).read_text(encoding="utf-8"))
    change(document)
    (root / file).write_text(json.dumps(document), encoding="utf-8")


def edit_yaml(root: Path, file: str, change: Callable[[Any], object]) -> None:
    """Changes a YAML file."""
    document = read_yaml(root, root / file)
    change(document)
    (root / file).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
