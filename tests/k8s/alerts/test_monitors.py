"""What the PodMonitors add to each series: `service` and `component`, and nothing that a metric has itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.k8s.alerts.declared import MONITORING, metrics

MONITORS = sorted(MONITORING.parents[1].glob("*/monitor.yaml"))


def service(file: Path) -> str:
    return file.parent.name


@pytest.mark.parametrize("file", MONITORS, ids=service)
def test_a_series_says_whose_it_is_and_keeps_its_own_labels(file: Path) -> None:
    """A label of the target that a metric has, too, renames the metric's to `exported_...`: nobody asks for that."""
    monitor = yaml.safe_load(file.read_text(encoding="utf-8"))
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    added = {rule["targetLabel"] for rule in endpoint["relabelings"]}
    assert {"service", "component"} <= added
    own = set().union(*(labels for name, labels in metrics().items() if name.startswith("ph_")))
    assert added & own == set()
