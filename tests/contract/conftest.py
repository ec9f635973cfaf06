"""Makes `schemas/check.py` importable: it is a script with a folder of modules, not a part of the services."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.contract.catalogue import SCHEMAS
from tests.contract.copies import copied

if str(SCHEMAS) not in sys.path:
    sys.path.insert(0, str(SCHEMAS))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A copy of the contract with its releases: `check` finds nothing in it."""
    return copied(tmp_path / "schemas")
