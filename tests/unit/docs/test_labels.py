"""The labels of metrics stand in the registry of telemetry, metric by metric, and on the page that promises them."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from chassis.telemetry.metrics import Metrics

DOCS = Path(__file__).resolve().parents[3] / "docs"


def labels() -> dict[str, set[str]]:
    """Every metric as it is scraped, with its labels."""
    metrics = Metrics("toy").registry._collector_to_names
    assert all(isinstance(each, MetricWrapperBase) for each in metrics)
    return {f"{each._name}{'_total' if each._type == 'counter' else ''}": set(each._labelnames) for each in metrics}


def test_metrics_are_made_in_one_place_which_the_registry_is_compared_with() -> None:
    modules = (DOCS.parent / "services").rglob("*.py")
    made = [str(each.relative_to(DOCS.parent)) for each in modules if "prometheus_client" in each.read_text("utf-8")]
    assert made == ["services/chassis/telemetry/metrics.py"]


def test_the_registry_has_every_metric_with_its_labels() -> None:
    told = {}
    for row in re.findall(r"^\| (`ph_.*)$", (DOCS / "telemetry.md").read_text(encoding="utf-8"), re.MULTILINE):
        named, _kind, words, *_ = row.split("|")
        listed = re.sub(r"\([^)]*\)|: .*", "", words)
        for name in re.findall(r"`(\w+)`", named):
            told[name] = {word.strip() for word in listed.split(",") if word.strip()}
    assert told == labels()


def test_the_page_of_telemetry_names_every_label_and_no_other() -> None:
    page = (DOCS / "architecture" / "telemetry.md").read_text(encoding="utf-8")
    sentence = page.partition("Its labels are ")[2].partition(":")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == set().union(*labels().values())
