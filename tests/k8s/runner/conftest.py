"""A cluster per test, skipped in the open where this machine cannot run one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.k8s.runner import toy
from tests.k8s.runner.cluster import Cluster, why_not


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Empty, with the toy's image."""
    if reason := why_not():
        pytest.skip(reason)
    with Cluster(tmp_path / "cluster", {"toy": toy.image()}) as running:
        yield running
