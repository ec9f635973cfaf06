"""An alert whose series are away is silent, and so would everybody be, if nobody else fired then.

`well.py` has an environment in which all is well, and what can fall silent in it. Here promtool says who notices, and
each metric of each alert has somebody who notices when it is away. Whether Prometheus itself runs, nobody here can say:
that is its platform's (base/common/monitoring/README.md).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.telemetry.metrics import Metrics
from tests.k8s.alerts.conftest import Run
from tests.k8s.alerts.declared import ROOT, RULES, Alert, alerts, rules
from tests.k8s.alerts.promql import named
from tests.k8s.alerts.test_promtool import extracted
from tests.k8s.alerts.well import CASES, GONE_AT, MINUTES, WELL, Case, goes, series

ALERTS = alerts()
RECORDED = {rule["record"]: rule["expr"] for _, rule in rules() if "record" in rule}

LATER = {
    "ph_consumer_lag_seconds": "PartitionsUnread",  # of partitions that a process reads, and while a broker answers it
    "ph_lineage_lost": "LoopInterrupted",  # once the loop `lineage` has looked
    "ph_ready_check": "ReplicasMissing",  # once somebody has asked whether it is ready: nobody else calls it so
    "ph_retention_overdue": "RetentionStopped",  # once a run has been measured
    "ph_watched": "LoopInterrupted",  # once the loop `watched` has counted
}
"""Gauges that a process does not tell from its first moment: who fires if it never does."""


def asked(query: str) -> frozenset[str]:
    """The metrics that a query asks for, through what is recorded."""
    found: set[str] = set()
    for metric in named(query).metrics:
        found |= asked(RECORDED[metric]) if metric in RECORDED else {metric}
    return frozenset(found)


def who_fires(alert: Alert) -> dict[str, set[str]]:
    """For each metric of an alert: who fires when it is away, wherever it is."""
    return {
        metric: {
            name
            for case in CASES.values()
            if all(goes(case, each) for each in WELL if each.startswith(f"{metric}{{"))
            for name in case.fires
        }
        for metric in asked(alert.rule["expr"])
    }


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_whose_series_are_away_is_stood_in_for_by_another(alert: Alert) -> None:
    assert {metric for metric, names in who_fires(alert).items() if not names} == set()


def test_the_environment_has_every_series_that_an_alert_asks_for_and_no_other() -> None:
    wanted = set().union(*(asked(alert.rule["expr"]) for alert in ALERTS))
    assert {name.partition("{")[0] for name in WELL} == wanted


def test_whoever_notices_is_an_alert() -> None:
    names = {alert.name for alert in ALERTS}
    assert set().union(*(case.fires for case in CASES.values()), LATER.values()) <= names


@pytest.mark.parametrize("name", [None, *CASES], ids=["all is well", *CASES])
def test_exactly_those_fire_who_notice(name: str | None, promtool: Run, tmp_path: Path) -> None:
    case = None if name is None else CASES[name]
    written = [extracted(file, tmp_path, annotations=False).name for file in RULES]
    tests = tmp_path / "test.yaml"
    tests.write_text(yaml.safe_dump({"rule_files": written, "evaluation_interval": "5m", "tests": [told(case)]}))
    promtool("test", "rules", tests)


def told(case: Case | None) -> dict[str, Any]:
    """A test of promtool: nobody fires until the case begins, and at the end exactly those who notice."""
    firing = 'group by (alertname) (ALERTS{alertstate="firing"})'
    fires = [] if case is None else [{"labels": f'{{alertname="{each}"}}', "value": 1} for each in sorted(case.fires)]
    return {
        "interval": "1m",
        "input_series": series(case),
        "promql_expr_test": [
            {"expr": firing, "eval_time": f"{GONE_AT}m", "exp_samples": []},
            {"expr": firing, "eval_time": f"{MINUTES}m", "exp_samples": fires},
        ],
    }


def test_the_gauges_that_are_not_there_from_the_first_moment_are_named() -> None:
    """A counter that is not there has counted nothing. A gauge that is not there may hide what it would say."""
    first = {line.partition("{")[0].partition(" ")[0] for line in Metrics("any").exposition().decode().splitlines()}
    gauges = re.findall(r"^# TYPE (\w+) gauge$", Metrics("any").exposition().decode(), re.MULTILINE)
    wanted = set().union(*(asked(alert.rule["expr"]) for alert in ALERTS))
    assert {name for name in gauges if name in wanted - first} == LATER.keys()


def test_three_instances_are_declared_as_the_alert_counts_them() -> None:
    (missing,) = [alert.rule["expr"] for alert in ALERTS if alert.name == "InstanceMissing"]
    platform = ROOT / "deploy" / "k8s" / "platform"
    clusters = [yaml.safe_load(file.read_text()) for file in platform.glob("postgres/*/cluster.yaml")]
    pools = list(yaml.safe_load_all((platform / "kafka" / "nodepools.yaml").read_text()))
    numbers = {each["spec"]["instances"] for each in clusters} | {each["spec"]["replicas"] for each in pools}
    assert numbers == {int(missing.rpartition("<")[2])}
    sets = [each["metadata"]["name"] for each in clusters]
    sets += [f"{each['metadata']['labels']['strimzi.io/cluster']}-{each['metadata']['name']}" for each in pools]
    pattern = re.search(r'pod=~"([^"]+)"', missing)
    assert pattern
    assert [name for name in sets if not re.fullmatch(pattern[1], f"{name}-1")] == []
