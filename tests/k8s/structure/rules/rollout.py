"""A rollout, a drain and a lost pod are felt by nobody: probes, grace, surge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.structure.declared import services
from tests.k8s.structure.documents import Finding, Labels, Rendered, Workload, selects
from tests.k8s.structure.made import pods

PROBES = {
    "startupProbe": "/health/live",
    "livenessProbe": "/health/live",
    "readinessProbe": "/health/ready",
}
STEPS = 3
"""Steps of a shutdown that SHUTDOWN_SECONDS bounds (services/chassis/runtime): consumers, HTTP, tasks with relay."""
REST = 10
"""Seconds that spans and pool may take after them."""
ZONE = "topology.kubernetes.io/zone"
PATHS = {"Cluster": "spec", "KafkaNodePool": "spec.template.pod"}
"""Where those whose pods an operator makes say how they are spread."""


def rollout(rendered: Rendered) -> Iterator[Finding]:
    for workload in _of_services(rendered):
        strategy = workload.document["spec"].get("strategy", {}).get("rollingUpdate", {})
        for name, wanted in (("maxSurge", 1), ("maxUnavailable", 0)):
            if strategy.get(name) != wanted:
                at = f"spec.strategy.rollingUpdate.{name}"
                remedy = f"Say {wanted}: the new pod is ready before an old one goes."
                yield Finding(workload.place, at, f"is {strategy.get(name)!r}", remedy)
        for field, container in workload.containers():
            if container["name"] == "service":
                yield from _probes(workload, field, container)
                yield from _grace(rendered, workload, field, container)


def _of_services(rendered: Rendered) -> Iterator[Workload]:
    for service in services():
        for component in ("api", "worker"):
            if workload := rendered.of_service(service, component):
                yield workload


def _probes(workload: Workload, field: str, container: Mapping[str, Any]) -> Iterator[Finding]:
    for name, path in PROBES.items():
        asked = container.get(name, {}).get("httpGet", {}).get("path")
        if asked != path:
            remedy = f"Ask {path}: live never looks at broker or database, ready does."
            yield Finding(workload.place, f"{field}.{name}", f"asks {asked!r}", remedy)


def _grace(rendered: Rendered, workload: Workload, field: str, container: Mapping[str, Any]) -> Iterator[Finding]:
    sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if sleep < 1:
        remedy = "Sleep some seconds: endpoints and gateway learn that the pod goes while it still answers."
        yield Finding(workload.place, f"{field}.lifecycle.preStop", "does not sleep", remedy)
    step = float(rendered.environment(container).get("SHUTDOWN_SECONDS") or 20)
    needed = sleep + STEPS * step + REST
    grace = workload.pod.get("terminationGracePeriodSeconds", 30)
    if grace < needed:
        problem = f"{grace} s, and the shutdown is bounded by {needed:g} s"
        at = f"{workload.path}.terminationGracePeriodSeconds"
        yield Finding(workload.place, at, problem, "Give more, or lower SHUTDOWN_SECONDS.")


def over_zones(rendered: Rendered) -> Iterator[Finding]:
    """A zone that is lost takes not all of a service, a database or Kafka with it."""
    for workload in _of_services(rendered):
        spreads = workload.pod.get("topologySpreadConstraints", [])
        yield from _zone(workload.place, workload.path, workload.labels, spreads)
    for made in pods(rendered):
        kind, _, name = made.of.partition("/")
        if path := PATHS.get(kind):
            asked: Mapping[str, Any] = rendered.get(kind, name) or {}
            for step in path.split("."):
                asked = asked.get(step, {})
            yield from _zone(made.of, path, made.labels, asked.get("topologySpreadConstraints", []))


def _zone(where: str, path: str, labels: Labels, spreads: list[Mapping[str, Any]]) -> Iterator[Finding]:
    over = [each.get("labelSelector") for each in spreads if each.get("topologyKey") == ZONE]
    if not any(selector and selects(selector, labels) for selector in over):
        remedy = f"Spread over {ZONE}, with a selector of these pods."
        yield Finding(where, f"{path}.topologySpreadConstraints", "nothing spreads these pods over zones", remedy)


def no_token(rendered: Rendered) -> Iterator[Finding]:
    """No pod gets a token for the API server."""
    for workload in rendered.workloads:
        if workload.pod.get("automountServiceAccountToken") is not False:
            at = f"{workload.path}.automountServiceAccountToken"
            yield Finding(workload.place, at, "a token of the API server is mounted", "Say false.")
