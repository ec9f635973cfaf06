"""Network policies, by the rules of the API: a selected pod may do what some rule allows, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.k8s.runner.policies import Party, Policies

HERE = {"kubernetes.io/metadata.name": "here"}
API = Party("api", {"app": "api"}, HERE, "10.0.0.1", {"http": 8000})
STORE = Party("store", {"app": "store"}, HERE, "10.0.0.2", {"sql": 5432})
GATEWAY = Party("gateway", {"app": "gateway"}, {"kubernetes.io/metadata.name": "edge"}, "10.0.1.1")
WORLD = Party("world", address="203.0.113.7")


def policy(name: str, of: dict[str, str], **spec: Any) -> dict[str, Any]:
    kinds = [kind for kind, key in (("Ingress", "ingress"), ("Egress", "egress")) if key in spec]
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": {"matchLabels": of}, "policyTypes": kinds, **spec},
    }


def to(labels: dict[str, str], *ports: Any) -> dict[str, Any]:
    return {"to": [{"podSelector": {"matchLabels": labels}}], "ports": [{"port": port} for port in ports]}


DENY = policy("deny", {}, ingress=[], egress=[])
API_OUT = policy("api", {"app": "api"}, egress=[to({"app": "store"}, 5432)])
STORE_IN = policy("store", {"app": "store"}, ingress=[{"from": [{"podSelector": {}}], "ports": [{"port": "sql"}]}])


def allowing(
    *documents: Any, caller: Party = API, called: Party = STORE, port: int = 5432
) -> tuple[set[str], list[str]]:
    used, refused = Policies(documents, HERE).allowing(caller, called, port)
    return {str(rule) for rule in used}, refused


def test_without_policies_everything_is_allowed() -> None:
    assert allowing() == (set(), [])


def test_both_sides_must_allow_it() -> None:
    assert allowing(DENY)[1] == [
        "api may not open TCP 5432 to store (egress)",
        "store may not open TCP 5432 from api (ingress)",
    ]
    assert allowing(DENY, API_OUT)[1] == ["store may not open TCP 5432 from api (ingress)"]
    used, refused = allowing(DENY, API_OUT, STORE_IN)
    assert refused == []
    assert used == {"api egress[0] peer 0 port TCP 5432", "store ingress[0] peer 0 port TCP sql"}


def test_another_port_is_not_allowed() -> None:
    assert len(allowing(DENY, API_OUT, STORE_IN, port=5433)[1]) == 2


def test_a_pod_of_another_namespace_needs_a_namespace_selector() -> None:
    only_here = policy(
        "api", {"app": "api"}, ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "gateway"}}}]}]
    )
    assert allowing(only_here, caller=GATEWAY, called=API, port=8000)[1]
    edge = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}
    both = policy(
        "api", {"app": "api"}, ingress=[{"from": [{**edge, "podSelector": {"matchLabels": {"app": "gateway"}}}]}]
    )
    assert allowing(both, caller=GATEWAY, called=API, port=8000)[1] == []


@pytest.mark.parametrize(
    ("block", "refused"),
    [
        ({"cidr": "203.0.113.0/24"}, False),
        ({"cidr": "203.0.113.0/24", "except": ["203.0.113.7/32"]}, True),
        ({"cidr": "198.51.100.0/24"}, True),
    ],
)
def test_an_address_outside_is_allowed_by_its_block(block: Any, refused: bool) -> None:
    out = policy("api", {"app": "api"}, egress=[{"to": [{"ipBlock": block}], "ports": [{"port": 443}]}])
    assert bool(allowing(out, called=WORLD, port=443)[1]) is refused


def test_every_port_of_every_peer_is_a_rule_of_its_own() -> None:
    out = policy(
        "api", {"app": "api"}, egress=[to({"app": "store"}, 1, 2), {"ports": [{"port": 53, "protocol": "UDP"}]}]
    )
    assert {str(rule) for rule in Policies([out], HERE).rules()} == {
        "api egress[0] peer 0 port TCP 1",
        "api egress[0] peer 0 port TCP 2",
        "api egress[1] peer 0 port UDP 53",
    }
