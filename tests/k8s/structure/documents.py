"""Rendered manifests as values, and what a rule says about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Document = dict[str, Any]
Labels = Mapping[str, str]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong: in which document, in which field of it, and what to do."""

    place: str
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}, {self.field}: {self.problem}\n    {self.remedy}"


Rule = Callable[["Rendered"], Iterator[Finding]]


def place(document: Mapping[str, Any]) -> str:
    """`Kind/name`."""
    return f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"


@dataclass(frozen=True)
class Workload:
    """What makes pods: a document of ours with the pod's template."""

    document: Document
    labels: Labels
    pod: Mapping[str, Any]
    path: str

    @property
    def place(self) -> str:
        return place(self.document)

    def containers(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each container, init containers first, with the field that it is."""
        for kind in ("initContainers", "containers"):
            for container in self.pod.get(kind, []):
                yield f"{self.path}.{kind}[{container.get('name')}]", container

    def port_names(self) -> set[str]:
        return {port["name"] for _, each in self.containers() for port in each.get("ports", []) if port.get("name")}

    def port_numbers(self) -> set[int]:
        return {port["containerPort"] for _, each in self.containers() for port in each.get("ports", [])}


@dataclass
class Rendered:
    """All documents of one kustomization."""

    name: str
    documents: list[Document] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Document]:
        return [each for each in self.documents if each.get("kind") in kinds]

    def get(self, kind: str, name: str) -> Document | None:
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    @cached_property
    def workloads(self) -> list[Workload]:
        return [_workload(each) for each in self.of(*WORKLOADS)]

    def of_service(self, service: str, component: str) -> Workload | None:
        """The workload of a service by its labels: api, worker or migrate."""
        wanted = {"app.kubernetes.io/name": service, "app.kubernetes.io/component": component}
        return next((each for each in self.workloads if wanted.items() <= dict(each.labels).items()), None)

    def environment(self, container: Mapping[str, Any]) -> dict[str, str | None]:
        """The container's variables as they will be; None where the value is known in the cluster only."""
        found: dict[str, str | None] = {}
        for source in container.get("envFrom", []):
            if reference := source.get("configMapRef"):
                there = self.get("ConfigMap", reference.get("name", "")) or {}
                prefix = source.get("prefix", "")
                found |= {f"{prefix}{name}": value for name, value in (there.get("data") or {}).items()}
        for each in container.get("env", []):
            reference = each.get("valueFrom", {}).get("configMapKeyRef")
            if reference:
                there = self.get("ConfigMap", reference.get("name", "")) or {}
                found[each["name"]] = (there.get("data") or {}).get(reference.get("key"))
            else:
                found[each["name"]] = each.get("value")
        return found


def _workload(document: Document) -> Workload:
    spec = document.get("spec", {})
    match document["kind"]:
        case "Pod":
            return Workload(document, document["metadata"].get("labels", {}), spec, "spec")
        case "CronJob":
            template, path = spec.get("jobTemplate", {}).get("spec", {}).get("template", {}), "spec.jobTemplate.spec."
        case _:
            template, path = spec.get("template", {}), "spec."
    labels = template.get("metadata", {}).get("labels", {})
    return Workload(document, labels, template.get("spec", {}), f"{path}template.spec")


def selects(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether a label selector (matchLabels, matchExpressions) takes these labels. An empty one takes all."""
    selector = selector or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(each, labels) for each in selector.get("matchExpressions") or [])


def _holds(expression: Mapping[str, Any], labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise ValueError(f"{other!r} is no operator of a selector")
