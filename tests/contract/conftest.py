"""Makes `schemas/check.py` importable: it is a script with a folder of modules, not a part of the services."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
if str(SCHEMAS) not in sys.path:
    sys.path.insert(0, str(SCHEMAS))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A copy of the contract with its releases: `check` finds nothing in it."""
    root = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root
