"""Who was at the ends of the connections that were seen, and what the policies say to each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.k8s.runner.cluster import Cluster
from tests.k8s.runner.objects import Document, labels_of, name_of, selected
from tests.k8s.runner.pods import Pod
from tests.k8s.runner.policies import Party, Policies, Rule

METADATA_NAME = "kubernetes.io/metadata.name"


@dataclass
class Seen:
    """`used` are the rules that somebody needed, `refused` the connections that no rule allows, each once."""

    used: set[Rule] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    connections: set[tuple[str, str, int]] = field(default_factory=set)


class Onlooker:
    """Looks at one cluster with the documents that were applied to it."""

    def __init__(self, cluster: Cluster, documents: Iterable[Document]) -> None:
        self._cluster = cluster
        self._documents = list(documents)
        declared = next((each for each in self._documents if each["kind"] == "Namespace"), None)
        labels = labels_of(declared) if declared else {}
        self.namespace = {**labels, METADATA_NAME: cluster.namespace}
        self.policies = Policies([each for each in self._documents if each["kind"] == "NetworkPolicy"], self.namespace)

    def look(self) -> Seen:
        """All that pods have tried until now, against the policies."""
        seen = Seen()
        pods = {
            address: Party(name, labels, self.namespace, address, _ports(spec))
            for address, (name, labels, spec) in dict(self._cluster.node.met).items()
        }
        services = {address: name for name, address in self._cluster.node.addresses.items()}
        for attempt in self._cluster.attempts():
            caller = pods[attempt.source]
            called, port = pods.get(attempt.address), attempt.port
            if called is None:
                called, port = self._called(attempt.address, attempt.port, services)
            seen.connections.add((_kind(caller), called.name, port))
            used, refused = self.policies.allowing(caller, called, port, attempt.protocol)
            seen.used |= used
            seen.refused |= set(refused)
        return seen

    def calls(self, caller: Party, pods: Iterable[Pod], port: int) -> Seen:
        """Somebody from elsewhere has called these pods."""
        seen = Seen()
        for pod in pods:
            used, refused = self.policies.allowing(caller, _party(pod, self.namespace), port)
            seen.used |= used
            seen.refused |= set(refused)
        return seen

    def _called(self, address: str, port: int, services: Mapping[str, str]) -> tuple[Party, int]:
        if address not in services:
            return Party(f"{address}, which is no Service", address=address), port
        service = next(e for e in self._documents if e["kind"] == "Service" and name_of(e) == services[address])
        target = next((each for each in service["spec"]["ports"] if each["port"] == port), None)
        labels, ports = self._behind(service)
        if target is None:
            return Party(f"Service {name_of(service)}, which has no port {port}", labels, self.namespace), port
        number = target.get("targetPort", port)
        number = ports.get(number, port) if isinstance(number, str) else number
        return Party(f"Service {name_of(service)}", labels, self.namespace, ports=ports), number

    def _behind(self, service: Document) -> tuple[dict[str, str], dict[str, int]]:
        """Labels and ports of the pods that a Service leads to, from the workload that makes them."""
        for each in self._documents:
            template = each.get("spec", {}).get("template") if each["kind"] in {"Deployment", "StatefulSet"} else None
            if template and selected({"matchLabels": service["spec"].get("selector")}, labels_of(template)):
                return labels_of(template), _ports(template["spec"])
        raise AssertionError(f"Service {name_of(service)} leads to no workload of these documents")


def _party(pod: Pod, namespace: Mapping[str, str]) -> Party:
    return Party(pod.name, pod.labels, namespace, pod.address, _ports(pod.spec))


def _ports(spec: Mapping[str, Any]) -> dict[str, int]:
    return {
        port["name"]: port["containerPort"]
        for container in spec["containers"]
        for port in container.get("ports") or ()
        if "name" in port
    }


def _kind(party: Party) -> str:
    return f"{party.labels.get('app.kubernetes.io/name', '?')}-{party.labels.get('app.kubernetes.io/component', '?')}"
