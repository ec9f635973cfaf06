"""The rules as Prometheus reads them, and what fires when."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from tests.k8s.alerts.conftest import Run
from tests.k8s.alerts.declared import RULES, UNITS, groups


def name(file: Path) -> str:
    return file.stem


def extracted(file: Path, folder: Path, *, annotations: bool = True) -> Path:
    """The groups of a PrometheusRule as a file of Prometheus. A unit test compares annotations, too, word for word:
    without them it says what fires, not how that is put."""
    found = copy.deepcopy(groups(file))
    for rule in (each for group in found for each in group["rules"]):
        if not annotations:
            rule.pop("annotations", None)
    written = folder / file.name
    written.write_text(yaml.safe_dump({"groups": found}), encoding="utf-8")
    return written


@pytest.mark.parametrize("file", RULES, ids=name)
def test_prometheus_takes_the_rules(file: Path, promtool: Run, tmp_path: Path) -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", extracted(file, tmp_path))


@pytest.mark.parametrize("file", UNITS, ids=name)
def test_every_alert_fires_when_it_should_and_only_then(file: Path, promtool: Run, tmp_path: Path) -> None:
    written = [extracted(rules, tmp_path, annotations=False).name for rules in RULES if rules.name == file.name]
    assert written == [file.name]
    unit = yaml.safe_load(file.read_text(encoding="utf-8"))
    tests = tmp_path / f"test-{file.name}"
    tests.write_text(yaml.safe_dump({"rule_files": written, **unit}), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", tests)


def test_it_counts_as_prometheus_3_does(promtool: Run, tmp_path: Path) -> None:
    """A range is open on its left: what was sampled exactly five minutes ago is no part of it."""
    counted = {
        "interval": "1m",
        "input_series": [{"series": "x", "values": "1x30"}],
        "promql_expr_test": [
            {"expr": "count_over_time(x[5m])", "eval_time": "20m", "exp_samples": [{"labels": "{}", "value": 5}]}
        ],
    }
    tests = tmp_path / "range.yaml"
    tests.write_text(yaml.safe_dump({"tests": [counted]}), encoding="utf-8")
    promtool("test", "rules", tests)


def test_a_unit_test_that_expects_what_does_not_happen_fails(promtool: Run, tmp_path: Path) -> None:
    (delivery,) = [file for file in RULES if file.stem == "delivery"]
    extracted(delivery, tmp_path, annotations=False)
    wrong = {
        "interval": "1m",
        "input_series": [{"series": 'ph_relay_held_keys{namespace="n", job="j"}', "values": "0x30"}],
        "alert_rule_test": [
            {
                "alertname": "EventHeld",
                "eval_time": "20m",
                "exp_alerts": [{"exp_labels": {"severity": "critical", "namespace": "n", "job": "j"}}],
            }
        ],
    }
    tests = tmp_path / "wrong.yaml"
    tests.write_text(yaml.safe_dump({"rule_files": [delivery.name], "tests": [wrong]}), encoding="utf-8")
    with pytest.raises(AssertionError, match="EventHeld"):
        promtool("test", "rules", tests)
