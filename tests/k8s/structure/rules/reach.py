"""What a pod names in its settings it may reach, and whom it names lets it in: both policies are needed.

Addresses outside of the environment (the issuer's keys) are no pods: they need a rule that leads to no pod.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from tests.k8s.structure.documents import Finding, Labels, Rendered, Workload, place, selects
from tests.k8s.structure.made import pods, services
from tests.k8s.structure.rules.ports import labels_behind
from tests.k8s.structure.rules.settings import of_us

UNVISITED = {
    "AUTH_ISSUER": "compared with a claim",
    "JOURNEY_OIDC_REDIRECT_URL": "browsers are sent there",
    "JOURNEY_TRACE_URL_TEMPLATE": "a link for whoever reads a page",
}
"""Addresses that no process of ours asks, and what they are for."""
UNASKED = {("worker", "AUTH_JWKS"): "a worker serves no API, so it checks no token"}
"""Component and setting of what is named and never asked."""
WIDEST = 2**16
"""Addresses that one rule may name: an object store may have a few thousand."""
DEFAULT_PORTS = {"http": 80, "https": 443, "postgresql": 5432}


def reach(rendered: Rendered) -> Iterator[Finding]:
    for workload, _, field, container in of_us(rendered):
        component = workload.labels.get("app.kubernetes.io/component", "")
        for name, value in rendered.environment(container).items():
            if (component, name) in UNASKED:
                continue
            for host, port in addresses(name, value or ""):
                at = f"{field}.env[{name}]"
                yield from _reaches(rendered, workload, at, host, port)


def named(rendered: Rendered) -> Iterator[Finding]:
    """No policy lets anybody out to everywhere: whoever gets into a pod would take the data along."""
    for policy in rendered.of("NetworkPolicy"):
        for number, rule in enumerate(policy["spec"].get("egress") or []):
            blocks = [ip_network(peer["ipBlock"]["cidr"]) for peer in rule.get("to") or [] if "ipBlock" in peer]
            if not rule.get("to") or any(block.num_addresses > WIDEST for block in blocks):
                remedy = "Name the address in the overlay."
                yield Finding(place(policy), f"spec.egress[{number}].to", "leads everywhere", remedy)


def addresses(name: str, value: str) -> Iterator[tuple[str, int]]:
    """Host and port of what a setting names; none for a file or a text."""
    if name == "KAFKA_BOOTSTRAP_SERVERS":
        for each in value.split(","):
            host, _, port = each.strip().rpartition(":")
            yield host, int(port)
    elif "://" in value and name not in UNVISITED:
        parts = urlsplit(value)
        yield parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def _reaches(rendered: Rendered, workload: Workload, at: str, host: str, port: int) -> Iterator[Finding]:
    there = behind(rendered, host.partition(".")[0])
    egress = [rule for each in _policies(rendered, workload.labels, "Egress") for rule in each.get("egress") or []]
    if there is None:
        if "." not in host:
            yield Finding(workload.place, at, f"there is no Service {host!r}", "Mend the address.")
        elif not any(_opens(rule, port, {}) and _leads_out(rule) for rule in egress):
            remedy = "Add a NetworkPolicy in the overlay that names the address."
            yield Finding(workload.place, at, f"no policy lets it out to {host}:{port}", remedy)
        return
    labels, ports = there
    if port not in ports:
        yield Finding(workload.place, at, f"the Service {host!r} has no port {port}", "Mend the port.")
    target = {**labels}
    numbers = _names(rendered, target)
    if not any(_opens(rule, port, numbers) and _leads_to(rule, "to", target) for rule in egress):
        remedy = "Let it out in the service's NetworkPolicy."
        yield Finding(workload.place, at, f"no policy lets it out to {host}:{port}", remedy)
    ingress = [rule for each in _policies(rendered, target, "Ingress") for rule in each.get("ingress") or []]
    if not any(_opens(rule, port, numbers) and _leads_to(rule, "from", workload.labels) for rule in ingress):
        remedy = f"Let it in: a NetworkPolicy for the pods behind {host}."
        yield Finding(workload.place, at, f"no policy lets it in at {host}:{port}", remedy)


def behind(rendered: Rendered, service: str) -> tuple[Labels, set[int]] | None:
    """Labels of the pods behind a Service, ours or an operator's, and its ports."""
    found = services(rendered).get(service) or labels_behind(rendered, service)
    if found is None:
        return None
    selector, ports = found
    every = [each.labels for each in rendered.workloads] + [each.labels for each in pods(rendered)]
    return next((labels for labels in every if selector.items() <= dict(labels).items()), selector), ports


def _names(rendered: Rendered, labels: Labels) -> dict[str, int]:
    """Numbers of the named ports of the pods with these labels."""
    named = {name: number for each in pods(rendered) if each.labels == labels for name, number in each.ports.items()}
    for workload in rendered.workloads:
        if workload.labels == labels:
            for _, container in workload.containers():
                named |= {port["name"]: port["containerPort"] for port in container.get("ports", []) if "name" in port}
    return named


def _policies(rendered: Rendered, labels: Labels, way: str) -> Iterator[Mapping[str, Any]]:
    for each in rendered.of("NetworkPolicy"):
        if way in each["spec"].get("policyTypes", []) and selects(each["spec"].get("podSelector"), labels):
            yield each["spec"]


def _opens(rule: Mapping[str, Any], port: int, numbers: Mapping[str, int]) -> bool:
    ports = rule.get("ports")
    if not ports:
        return True
    return any(
        each.get("protocol", "TCP") == "TCP"
        and ("port" not in each or port in {each["port"], numbers.get(str(each["port"]))} or _within(each, port))
        for each in ports
    )


def _within(given: Mapping[str, Any], port: int) -> bool:
    return "endPort" in given and int(given["port"]) <= port <= int(given["endPort"])


def _leads_to(rule: Mapping[str, Any], peers: str, labels: Labels) -> bool:
    there = rule.get(peers)
    if not there:
        return True
    return any(
        "podSelector" in peer and "namespaceSelector" not in peer and selects(peer["podSelector"], labels)
        for peer in there
    )


def _leads_out(rule: Mapping[str, Any]) -> bool:
    there = rule.get("to")
    return not there or any("ipBlock" in peer or "namespaceSelector" in peer for peer in there)
