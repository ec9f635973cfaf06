"""These tests look at evidence that was written by hand: they need no services."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def all_alive() -> None:
    """Nothing was started."""
