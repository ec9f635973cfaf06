"""Every alert has words for the person who is woken, a page, and a unit test; every metric that it asks for exists."""

from __future__ import annotations

import re

import pytest

from tests.k8s.alerts.declared import ROOT, RUNBOOKS, TARGET, Alert, alerts, metrics, rules, units
from tests.k8s.alerts.promql import named

ALERTS = alerts()


def shown(alert: Alert) -> str:
    return alert.name


def test_no_alert_is_there_twice() -> None:
    names = [alert.name for alert in ALERTS]
    assert len(names) == len(set(names)) > 25


@pytest.mark.parametrize("alert", ALERTS, ids=shown)
def test_an_alert_says_how_urgent_it_is_what_it_means_and_where_the_page_is(alert: Alert) -> None:
    annotations = alert.rule["annotations"]
    assert alert.rule["labels"]["severity"] in {"critical", "warning"}
    assert 10 <= len(annotations["summary"]) <= 120
    assert len(annotations["description"].split()) >= 12, "a person at three in the morning needs a sentence"
    page = RUNBOOKS / f"{alert.name}.md"
    assert annotations["runbook_url"].endswith(str(page.relative_to(ROOT)))
    assert page.is_file()


@pytest.mark.parametrize("alert", ALERTS, ids=shown)
def test_an_alert_names_only_labels_that_its_result_has(alert: Alert) -> None:
    """A label that is not there would be an empty word in the message."""
    told = re.findall(r"\$labels\.(\w+)", " ".join(alert.rule["annotations"].values()))
    query = alert.rule["expr"]
    has = set(named(query).grouped) | set(re.findall(r'"(\w+)", "\$1"', query))
    if " by (" not in query:
        has |= {label for _, label in named(query).selected}
    if ":ratio" in query:
        has |= {"namespace", "service"}  # as the rule records it
    assert set(told) <= has


@pytest.mark.parametrize("alert", ALERTS, ids=shown)
def test_an_alert_has_a_unit_test_in_which_it_fires_one_in_which_it_does_not_and_an_edge(alert: Alert) -> None:
    checked = [each for test in units() for each in test.get("alert_rule_test", ()) if each["alertname"] == alert.name]
    fires = [bool(each.get("exp_alerts")) for each in checked]
    assert True in fires
    assert fires.count(False) >= (2 if "for" in alert.rule else 1)


def test_every_unit_test_is_about_an_alert_that_there_is() -> None:
    tested = {each["alertname"] for test in units() for each in test.get("alert_rule_test", ())}
    assert tested == {alert.name for alert in ALERTS}


QUERIES = [(rule.get("alert") or rule["record"], rule["expr"]) for _, rule in rules()]


@pytest.mark.parametrize(("name", "query"), QUERIES, ids=[name for name, _ in QUERIES])
def test_every_metric_and_label_that_a_rule_asks_for_is_in_the_registry(name: str, query: str) -> None:
    known, asked = metrics(), named(query)
    assert asked.metrics
    assert asked.metrics - known.keys() == set()
    wrong = {(metric, label) for metric, label in asked.selected if label not in known[metric] | TARGET}
    assert wrong == set()
    own = set().union(*(known[metric] for metric in asked.metrics))
    made = set(re.findall(r'"(\w+)", "\$1"', query))
    assert asked.grouped - own - TARGET - made == set()


def test_the_judge_of_queries_sees_what_is_named() -> None:
    asked = named(
        'sum by (namespace, job) (rate(ph_a_total{reason!~"x|y", where="z"}[5m])) / 2 * 1e3 > 5 # {of}\n'
        'unless on (pod) ph_b offset 15m and label_replace(up, "job", "$1", "deployment", "(.+)")'
    )
    assert asked.metrics == {"ph_a_total", "ph_b", "up"}
    assert asked.selected == {("ph_a_total", "reason"), ("ph_a_total", "where")}
    assert asked.grouped == {"namespace", "job", "pod"}
