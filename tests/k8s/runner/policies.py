"""What rendered NetworkPolicies allow, compared with what pods tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from tests.k8s.runner.objects import Document, name_of, selected


@dataclass(frozen=True)
class Party:
    """Somebody at one end of a connection. `namespace` are the labels of his namespace; None for who is no pod."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: Mapping[str, str] | None = None
    address: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Rule:
    """One port of one peer in one direction of one policy: the smallest thing that somebody may use."""

    policy: str
    direction: str
    number: int
    peer: int
    port: str

    def __str__(self) -> str:
        return f"{self.policy} {self.direction}[{self.number}] peer {self.peer} port {self.port}"


class Policies:
    """All policies of a namespace, whose labels are `namespace`."""

    def __init__(self, documents: Iterable[Document], namespace: Mapping[str, str]) -> None:
        self._policies = list(documents)
        self._namespace = namespace

    def rules(self) -> set[Rule]:
        """Everything that is allowed."""
        return {
            Rule(name_of(policy), direction, number, peer, _port_name(port))
            for policy in self._policies
            for direction, key, _ in _DIRECTIONS
            for number, rule in enumerate(policy["spec"].get(key) or ())
            for peer in range(len(_peers(rule, key)) or 1)
            for port in rule.get("ports") or [{}]
        }

    def allowing(self, caller: Party, called: Party, port: int, protocol: str = "TCP") -> tuple[set[Rule], list[str]]:
        """The rules by which this connection is allowed, and why it is not, a line per side that refuses."""
        used: set[Rule] = set()
        refused = []
        for direction, key, kind in _DIRECTIONS:
            own, peer = (caller, called) if direction == "egress" else (called, caller)
            applying = [policy for policy in self._policies if self._selects(policy, own, kind)]
            if own.namespace is None or not applying:
                continue
            found = {
                Rule(name_of(policy), direction, number, place, _port_name(each))
                for policy in applying
                for number, rule in enumerate(policy["spec"].get(key) or ())
                for place, one in enumerate(_peers(rule, key) or [None])
                if one is None or self._is(one, peer)
                for each in rule.get("ports") or [{}]
                if _takes(each, port, protocol, called)
            }
            used |= found
            if not found:
                where = "to" if direction == "egress" else "from"
                refused.append(f"{own.name} may not open {protocol} {port} {where} {peer.name} ({direction})")
        return used, refused

    def _selects(self, policy: Document, party: Party, kind: str) -> bool:
        spec = policy["spec"]
        kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        here = party.namespace is not None and dict(party.namespace) == dict(self._namespace)
        return kind in kinds and here and selected(spec["podSelector"], party.labels)

    def _is(self, peer: Mapping[str, Any], party: Party) -> bool:
        if "ipBlock" in peer:
            if party.namespace is not None or not party.address:
                return False
            block, address = peer["ipBlock"], ip_address(party.address)
            return address in ip_network(block["cidr"]) and not any(
                address in ip_network(each) for each in block.get("except") or ()
            )
        if party.namespace is None:
            return False
        if "namespaceSelector" in peer:
            there = selected(peer["namespaceSelector"], party.namespace)
        else:
            there = dict(party.namespace) == dict(self._namespace)
        return there and ("podSelector" not in peer or selected(peer["podSelector"], party.labels))


_DIRECTIONS = (("egress", "egress", "Egress"), ("ingress", "ingress", "Ingress"))


def _peers(rule: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    return rule.get("to" if key == "egress" else "from") or ()


def _port_name(port: Mapping[str, Any]) -> str:
    end = f"-{port['endPort']}" if "endPort" in port else ""
    return f"{port.get('protocol', 'TCP')} {port.get('port', 'any')}{end}" if port else "any"


def _takes(declared: Mapping[str, Any], port: int, protocol: str, called: Party) -> bool:
    if not declared:
        return True
    if declared.get("protocol", "TCP") != protocol:
        return False
    wanted = declared.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return called.ports.get(wanted) == port
    return int(wanted) <= port <= int(declared.get("endPort", wanted))
