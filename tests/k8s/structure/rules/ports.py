"""Ports by name or number are ports that the pods behind have; routes lead to Services with that port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.structure.documents import Finding, Labels, Rendered, place, selects
from tests.k8s.structure.made import pods

REMEDY = "Name a port that the containers declare."


def _ports(rendered: Rendered, selector: Mapping[str, Any]) -> Iterator[tuple[str, set[str | int]]]:
    """The pods that a selector takes, each with names and numbers of its ports."""
    for workload in rendered.workloads:
        if selects(selector, workload.labels):
            yield workload.place, {*workload.port_names(), *workload.port_numbers()}
    for each in pods(rendered):
        if selects(selector, each.labels):
            yield each.of, {*each.ports, *each.ports.values()}


def of_services(rendered: Rendered) -> Iterator[Finding]:
    """A Service leads to a port that every pod behind it has."""
    for service in rendered.of("Service"):
        selector = service["spec"].get("selector")
        for port in service["spec"].get("ports", []) if selector else []:
            target = port.get("targetPort", port["port"])
            for pod, there in _ports(rendered, {"matchLabels": selector}):
                if target not in there:
                    field = f"spec.ports[{port.get('name', port['port'])}].targetPort"
                    yield Finding(place(service), field, f"{pod} has no port {target!r}", REMEDY)


def of_monitors(rendered: Rendered) -> Iterator[Finding]:
    """A PodMonitor asks at a port that at least one of the selected kinds of pods has."""
    for monitor in rendered.of("PodMonitor"):
        there = {port for _, ports in _ports(rendered, monitor["spec"].get("selector", {})) for port in ports}
        for number, endpoint in enumerate(monitor["spec"].get("podMetricsEndpoints", [])):
            asked = endpoint.get("port", endpoint.get("portNumber"))
            if asked not in there:
                field = f"spec.podMetricsEndpoints[{number}].port"
                yield Finding(place(monitor), field, f"no selected pod has a port {asked!r}", REMEDY)


def of_policies(rendered: Rendered) -> Iterator[Finding]:
    """A policy opens ports that the receiving pods have: its own for what comes in, its peers' for what goes out."""
    for policy in rendered.of("NetworkPolicy"):
        spec = policy["spec"]
        for number, rule in enumerate(spec.get("ingress") or []):
            there = {port for _, ports in _ports(rendered, spec.get("podSelector", {})) for port in ports}
            yield from _opened(place(policy), f"spec.ingress[{number}]", rule, there)
        for number, rule in enumerate(spec.get("egress") or []):
            peers = rule.get("to") or []
            inside = [
                each["podSelector"] for each in peers if "podSelector" in each and "namespaceSelector" not in each
            ]
            if inside and len(inside) == len(peers):
                there = {port for each in inside for _, ports in _ports(rendered, each) for port in ports}
                yield from _opened(place(policy), f"spec.egress[{number}]", rule, there)


def _opened(where: str, field: str, rule: Mapping[str, Any], there: set[str | int]) -> Iterator[Finding]:
    for port in rule.get("ports") or []:
        if "port" in port and port["port"] not in there:
            yield Finding(where, f"{field}.ports", f"nobody there has a port {port['port']!r}", REMEDY)


def of_probes(rendered: Rendered) -> Iterator[Finding]:
    """A probe asks at a port of its own container."""
    for workload in rendered.workloads:
        for field, container in workload.containers():
            own = {value for port in container.get("ports", []) for value in (port.get("name"), port["containerPort"])}
            for name in ("startupProbe", "livenessProbe", "readinessProbe"):
                probe = container.get(name) or {}
                asked = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
                if asked is not None and asked not in own:
                    yield Finding(workload.place, f"{field}.{name}", f"the container has no port {asked!r}", REMEDY)


def of_routes(rendered: Rendered) -> Iterator[Finding]:
    """A route leads to a Service, and to a port that it has."""
    for route in rendered.of("HTTPRoute", "TLSRoute"):
        for number, rule in enumerate(route["spec"].get("rules", [])):
            for backend in rule.get("backendRefs", []):
                field = f"spec.rules[{number}].backendRefs[{backend['name']}]"
                service = rendered.get("Service", backend["name"])
                if service is None:
                    yield Finding(place(route), field, f"there is no Service {backend['name']!r}", "Mend the name.")
                elif backend.get("port") not in {each["port"] for each in service["spec"]["ports"]}:
                    problem = f"the Service has no port {backend.get('port')!r}"
                    yield Finding(place(route), field, problem, "Name one of its ports.")


def labels_behind(rendered: Rendered, service: str) -> tuple[Labels, set[int]] | None:
    """Whom a Service of ours leads to: the labels it selects by, and its ports."""
    there = rendered.get("Service", service)
    if there is None or not there["spec"].get("selector"):
        return None
    return there["spec"]["selector"], {each["port"] for each in there["spec"]["ports"]}
