"""A cluster per test, skipped in the open where this machine cannot run one; with CI=true that is a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.k8s.runner import toy
from tests.k8s.runner.cluster import Cluster, why_not


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Empty, with the toy's image."""
    if reason := why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(f"cannot be skipped with CI=true: {reason}")
        pytest.skip(reason)
    with Cluster(tmp_path / "cluster", {"toy": toy.image()}) as running:
        yield running
