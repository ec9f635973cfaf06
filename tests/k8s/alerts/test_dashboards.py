"""The dashboards are as they are described, ask only for what there is, and show the hops that topics.yaml declares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.pure.messages import topic_of
from chassis.telemetry.metrics import STEPS
from deploy.dashboards.__main__ import FOLDER, differing, documents
from deploy.dashboards.boards import HOPS
from tests.k8s.alerts.conftest import Run
from tests.k8s.alerts.declared import MONITORING, ROOT, TARGET, metrics
from tests.k8s.alerts.promql import named

BOARDS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that show something."""
    return [each for each in board["panels"] if each["type"] != "row"]


def queries(board: dict[str, Any]) -> Iterator[str]:
    """Every query, with Grafana's variables filled in."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m").replace("$namespace", "n").replace("$service", "s")


def test_the_files_are_as_described() -> None:
    assert differing() == []
    assert BOARDS.keys() == {name.removesuffix(".json") for name in documents()}


def test_every_file_becomes_a_configmap_that_grafana_finds() -> None:
    kustomization = yaml.safe_load((MONITORING / "kustomization.yaml").read_text(encoding="utf-8"))
    files = [file for each in kustomization["configMapGenerator"] for file in each["files"]]
    assert sorted(files) == [f"dashboards/{name}.json" for name in BOARDS]
    assert kustomization["generatorOptions"]["labels"] == {"grafana_dashboard": "1"}
    assert set(kustomization["resources"]) == {f"rules/{file.name}" for file in (MONITORING / "rules").glob("*.yaml")}


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_numbers_of_their_own_and_lie_side_by_side(name: str) -> None:
    board = BOARDS[name]
    numbers = [each["id"] for each in board["panels"]]
    assert len(numbers) == len(set(numbers))
    taken: set[tuple[int, int]] = set()
    for each in board["panels"]:
        place = each["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, each["title"]
        taken |= cells
    assert all(each["targets"] and each["title"] for each in panels(board))
    assert len({each["uid"] for each in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_every_metric_and_label_that_a_dashboard_asks_for_is_in_the_registry(name: str) -> None:
    known = metrics()
    for query in queries(BOARDS[name]):
        asked = named(query)
        assert asked.metrics, query
        assert asked.metrics - known.keys() == set(), query
        assert {(metric, label) for metric, label in asked.selected if label not in known[metric] | TARGET} == set(), (
            query
        )
        own = set().union(*(known[metric] for metric in asked.metrics))
        assert asked.grouped - own - TARGET == set(), query
    for panel in panels(BOARDS[name]):
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            recorded = {"service"} if "service:ph_" in target["expr"] else set()
            assert shown <= named(target["expr"]).grouped | recorded, (
                "a legend of a label that the result lacks is empty"
            )


def test_each_hop_is_one_that_the_declaration_of_topics_has() -> None:
    topics = yaml.safe_load((ROOT / "schemas" / "topics.yaml").read_text(encoding="utf-8"))["topics"]
    for hop in HOPS:
        assert hop.reader in topics[topic_of(hop.sender)]["readers"]
    assert [(hop.sender, hop.reader) for hop in HOPS[:3]] == [
        ("referral", "training"),
        ("training", "counselling"),
        ("counselling", "placement"),
    ]


def test_a_row_of_the_chain_shows_throughput_latency_lag_outbox_parked_and_deadlines() -> None:
    row = panels(BOARDS["chain"])[:6]
    asked = [set().union(*(named(target["expr"]).metrics for target in panel["targets"])) for panel in row]
    assert asked == [
        {"ph_published_total", "ph_effect_seconds_count"},
        {"ph_effect_seconds_bucket"},
        {"ph_consumer_lag_seconds"},
        {"ph_outbox_oldest_seconds"},
        {"ph_parked_records", "ph_parked_keys"},
        {"ph_deadlines_oldest_seconds"},
    ]
    assert len(panels(BOARDS["chain"])) == 6 * len(HOPS) + 5


def test_the_last_row_of_the_chain_shows_what_was_met_what_was_missed_and_how_long_and_for_what_cases_wait() -> None:
    met, missed, *waiting = ([each["expr"] for each in panel["targets"]] for panel in panels(BOARDS["chain"])[-5:])
    counted = (
        'sum by (type) (increase(ph_consumed_total{namespace="$namespace", service="journey", outcome="done",'
        ' type=~"ph[.][a-z]+[.]DeadlineMet[.]v1"}[1d]))'
    )
    assert met == [counted]
    assert missed == [counted.replace("Met", "Missed")]
    assert waiting == [
        [f'max by (what) (ph_watched{{namespace="$namespace", service="journey", what=~".*_{what}"}})']
        for what in ("waits_seconds", "half_wait_seconds", "waits")
    ]


def test_a_service_shows_each_step_of_the_way_of_what_it_reads() -> None:
    asked = [target["expr"] for panel in panels(BOARDS["service"]) for target in panel["targets"]]
    for step in STEPS:
        assert len([each for each in asked if "ph_hop_seconds_bucket" in each and f'step="{step}"' in each]) == 1, step


@pytest.mark.parametrize("name", BOARDS)
def test_prometheus_can_read_every_query(name: str, promtool: Run, tmp_path: Path) -> None:
    rules = [{"record": f"panel_{number}", "expr": query} for number, query in enumerate(queries(BOARDS[name]))]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": name, "rules": rules}]}), encoding="utf-8")
    promtool("check", "rules", file)
