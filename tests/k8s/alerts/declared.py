"""The alerts as they are declared, and the metrics that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.k8s.alerts.promql import named

ROOT = Path(__file__).resolve().parents[3]
MONITORING = ROOT / "deploy" / "k8s" / "base" / "common" / "monitoring"
RULES = sorted((MONITORING / "rules").glob("*.yaml"))
UNITS = sorted((Path(__file__).parent / "units").glob("*.yaml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
REGISTRY = ROOT / "docs" / "telemetry.md"

TARGET = frozenset({"namespace", "service", "component", "pod", "le"})
"""Labels that a series has beside those of its metric: of the pod that was asked, and of a histogram's buckets."""


class Alert(NamedTuple):
    """An alert's rule, and the file that it stands in."""

    name: str
    file: Path
    rule: dict[str, Any]


def groups(file: Path) -> list[dict[str, Any]]:
    """The groups of a PrometheusRule, as Prometheus itself reads them."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert document["kind"] == "PrometheusRule", file
    found: list[dict[str, Any]] = document["spec"]["groups"]
    return found


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every rule of every file."""
    for file in RULES:
        for group in groups(file):
            for rule in group["rules"]:
                yield file, rule


def alerts() -> list[Alert]:
    """All alerts."""
    return [Alert(rule["alert"], file, rule) for file, rule in rules() if "alert" in rule]


def units() -> list[dict[str, Any]]:
    """All unit tests."""
    return [test for file in UNITS for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]]


def metrics() -> dict[str, frozenset[str]]:
    """Every metric that may be asked for, by the name of its series, with its own labels: those of the services, those
    of others, as docs/telemetry.md lists both, and those that rules record."""
    found: dict[str, frozenset[str]] = {}
    for row in re.findall(r"^\| (`\w+`.*)$", REGISTRY.read_text(encoding="utf-8"), re.MULTILINE):
        cells = [cell.strip() for cell in row.split("|")]
        if cells[1] not in {"gauge", "counter", "histogram"}:
            continue
        labels = frozenset(re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)|: .*", "", cells[2])))
        for name in re.findall(r"`(\w+)`", cells[0]):
            series = [f"{name}_{part}" for part in ("bucket", "count", "sum")] if cells[1] == "histogram" else [name]
            found |= dict.fromkeys(series, labels)
    return found | {rule["record"]: named(rule["expr"]).grouped for _, rule in rules() if "record" in rule}
