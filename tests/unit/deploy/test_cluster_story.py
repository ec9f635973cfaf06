"""The story's way into a cluster: every process that has a clock is reached, and what is missing is named."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from deploy.k8s import story
from deploy.k8s.story import ClusterStack
from deploy.local.places import SERVICES, StackError, free_port

KUBECTL = f"""#!{sys.executable} -IS
import http.server, pathlib, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
assert words[:2] == ["--namespace", "perspektive-heimat-local"], words
if words[2:4] == ["get", "pods"]:
    print((here / "pods.json").read_text())
elif words[2] == "port-forward":
    pod, (port, inside) = words[3].removeprefix("pod/"), words[4].split(":")
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{{pod}}:{{inside}}".encode())
    http.server.HTTPServer(("127.0.0.1", int(port)), Answer).serve_forever()
"""


def pod(name: str, *, ready: bool = True, going: bool = False, **labels: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": {key.replace("__", "/"): each for key, each in labels.items()}}
    if going:
        metadata["deletionTimestamp"] = "2026-03-02T10:00:00Z"
    return {"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": str(ready)}]}}


def of_service(service: str, component: str, number: int, **state: bool) -> dict[str, Any]:
    labels = {"app.kubernetes.io__name": service, "app.kubernetes.io__component": component}
    return pod(f"{service}-{component}-{number}", **labels, **state)  # type: ignore[arg-type]


def whole() -> list[dict[str, Any]]:
    pods = [
        of_service(service, each, number) for service in SERVICES for each in ("api", "worker") for number in (1, 2)
    ]
    pods += [pod(f"{service}-db-0", **{"cnpg.io__cluster": f"{service}-db"}) for service in SERVICES]
    return [*pods, pod("chain-kafka-0", **{"strimzi.io__broker-role": "true"})]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{kubectl.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(story, "KAFKA", free_port())
    return tmp_path


def having(cluster: Path, pods: list[dict[str, Any]]) -> ClusterStack:
    (cluster / "bin" / "pods.json").write_text(json.dumps({"items": pods}))
    return ClusterStack(cluster / "local")


def behind(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def test_clocks_are_those_of_every_ready_process_and_the_api_is_asked(cluster: Path) -> None:
    starting, going = of_service("referral", "worker", 3, ready=False), of_service("referral", "api", 4, going=True)
    with having(cluster, [*whole(), starting, going]) as stack:
        assert {behind(url) for url in stack.clocks()["referral"]} == {
            "referral-api-1:8000",
            "referral-api-2:8000",
            "referral-worker-1:8000",
            "referral-worker-2:8000",
        }
        assert behind(stack.urls()["placement"]) == "placement-api-1:8000"
        assert behind(f"http://{stack.kafka.bootstrap}").startswith("chain-kafka-0:")
        database = stack.postgres.url("training", "app")
        assert "training_app@127.0.0.1:" in database
        port = database.split("127.0.0.1:")[1].split("/")[0]
        assert behind(f"http://127.0.0.1:{port}") == "training-db-0:5432"
        urls = [url for places in stack.clocks().values() for url in places]
    for url in urls:
        with pytest.raises(OSError, match="refused"):
            behind(url)


def test_what_is_not_there_is_named_and_nothing_is_left_open(cluster: Path) -> None:
    stack = having(cluster, [each for each in whole() if each["metadata"]["name"] != "training-db-0"][:-3])
    with pytest.raises(StackError, match="of training-db, placement-db, journey-db, chain-kafka in perspektive"):
        stack.__enter__()
    assert stack._forwards == []
