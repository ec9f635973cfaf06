"""Selectors match: a Service, budget, policy or monitor that selects nothing does nothing, in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.structure.documents import Document, Finding, Labels, Rendered, place, selects
from tests.k8s.structure.made import pods

OWN = ("Deployment", "StatefulSet", "DaemonSet")
REMEDY = "Select labels that the pods have: they stand in the template of the workload, or tests/k8s/structure/made.py."


def all_pods(rendered: Rendered) -> list[Labels]:
    """Labels of the pods that there will be: ours, and those that operators make."""
    return [each.labels for each in rendered.workloads] + [each.labels for each in pods(rendered)]


def own_pods(rendered: Rendered) -> Iterator[Finding]:
    """A workload selects the pods of its own template; so do its constraints of spread."""
    for each in rendered.workloads:
        if each.document["kind"] in OWN and not selects(each.document["spec"].get("selector"), each.labels):
            yield Finding(each.place, "spec.selector", "does not select the template's own labels", REMEDY)
        for number, spread in enumerate(each.pod.get("topologySpreadConstraints", [])):
            if not selects(spread.get("labelSelector"), each.labels):
                field = f"{each.path}.topologySpreadConstraints[{number}].labelSelector"
                yield Finding(each.place, field, "does not select these pods, and so spreads nothing", REMEDY)


def somebody(rendered: Rendered) -> Iterator[Finding]:
    """Whatever selects pods selects at least one."""
    there = all_pods(rendered)
    for document, field, selector in _selectors(rendered):
        if not any(selects(selector, labels) for labels in there):
            yield Finding(place(document), field, "selects no pod", REMEDY)


def disjoint(rendered: Rendered) -> Iterator[Finding]:
    """No two workloads select the same pods, and no budget covers two of them: eviction then fails for both."""
    for one in rendered.workloads:
        for other in rendered.workloads:
            if one is other or one.document["kind"] not in OWN:
                continue
            if selects(one.document["spec"].get("selector"), other.labels):
                yield Finding(one.place, "spec.selector", f"selects the pods of {other.place} too", REMEDY)
    for labels in all_pods(rendered):
        budgets = [each for each in rendered.of("PodDisruptionBudget") if selects(each["spec"].get("selector"), labels)]
        for each in budgets[1:]:
            problem = f"covers pods that {place(budgets[0])} covers too"
            yield Finding(place(each), "spec.selector", problem, "Give each pod one budget at most.")


def _selectors(rendered: Rendered) -> Iterator[tuple[Document, str, Mapping[str, Any]]]:
    for each in rendered.of("Service"):
        if selector := each["spec"].get("selector"):
            yield each, "spec.selector", {"matchLabels": selector}
    for each in rendered.of("PodDisruptionBudget", "PodMonitor"):
        yield each, "spec.selector", each["spec"].get("selector", {})
    for each in rendered.of("NetworkPolicy"):
        yield each, "spec.podSelector", each["spec"].get("podSelector", {})
        for way, peers in (("ingress", "from"), ("egress", "to")):
            for number, rule in enumerate(each["spec"].get(way) or []):
                for peer in rule.get(peers) or []:
                    if "podSelector" in peer and "namespaceSelector" not in peer:
                        yield each, f"spec.{way}[{number}].{peers}", peer["podSelector"]


def services_of(rendered: Rendered) -> Iterator[Finding]:
    """A ServiceMonitor selects a Service."""
    for each in rendered.of("ServiceMonitor"):
        if not any(
            selects(each["spec"].get("selector"), service["metadata"].get("labels", {}))
            for service in rendered.of("Service")
        ):
            yield Finding(place(each), "spec.selector", "selects no Service", REMEDY)
