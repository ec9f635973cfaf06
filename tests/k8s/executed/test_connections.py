"""Pods open the connections that the network policies allow, and each rule is one that somebody needs."""

from __future__ import annotations

from tests.k8s.executed.conftest import HTTP, Overlay
from tests.k8s.executed.on_call import Looked
from tests.k8s.executed.parties import METADATA_NAME
from tests.k8s.executed.rendered import NAME
from tests.k8s.runner.policies import Party

PROMETHEUS = Party("prometheus", {NAME: "prometheus"}, {METADATA_NAME: "monitoring"})

UNUSED = {
    "dns egress[0] peer 0 port UDP 53": "the runner resolves names by a hosts file",
    "dns egress[0] peer 0 port TCP 53": "the same, for answers that are too long for a datagram",
    "journey-api egress[1] peer 0 port TCP 8000": "somebody signed in opens the list of parked records, in a browser",
    "journey-to-apis ingress[0] peer 0 port TCP http": "the same, at the services that it asks",
}
"""Rules that nobody uses here, each with the reason why it stays."""


def test_no_pod_opens_a_connection_that_no_policy_allows(overlay: Overlay) -> None:
    seen = overlay.onlooker.look()
    assert seen.connections, "nothing was seen at all"
    assert seen.refused == set()


def test_monitoring_may_ask_every_pod_for_its_metrics(overlay: Overlay) -> None:
    pods = [pod for deployment in overlay.cluster.deployments.values() for pod in deployment.pods]
    assert pods
    assert overlay.onlooker.calls(PROMETHEUS, pods, HTTP).refused == set()


def test_every_rule_is_used_but_those_that_are_named(overlay: Overlay, looked: Looked) -> None:
    assert looked.pods, "operators have rules of their own"
    pods = [pod for deployment in overlay.cluster.deployments.values() for pod in deployment.pods]
    used = overlay.onlooker.look().used | overlay.onlooker.calls(PROMETHEUS, pods, HTTP).used
    unused = {str(rule) for rule in overlay.onlooker.policies.rules() - used}
    assert unused == set(UNUSED)


def test_a_stranger_may_not_come_to_any_pod(overlay: Overlay) -> None:
    pods = [pod for deployment in overlay.cluster.deployments.values() for pod in deployment.pods]
    stranger = Party("stranger", {NAME: "stranger"}, {METADATA_NAME: "elsewhere"})
    assert len(overlay.onlooker.calls(stranger, pods, HTTP).refused) == len(pods)
