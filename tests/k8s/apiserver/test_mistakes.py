"""What the server says to mistakes of each kind, in documents that it accepts without them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.k8s.apiserver.kubectl import Kubectl

pytestmark = pytest.mark.timeout(1200)

NAMESPACE = "mistakes"
METADATA = {"name": "one", "namespace": NAMESPACE}
POD = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "service",
            "image": "perspektive-heimat",
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": "http", "containerPort": 8000}],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": METADATA,
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app.kubernetes.io/name": "one"}},
        "template": {"metadata": {"labels": {"app.kubernetes.io/name": "one"}}, "spec": POD},
    },
}
USER = {
    "apiVersion": "kafka.strimzi.io/v1",
    "kind": "KafkaUser",
    "metadata": METADATA,
    "spec": {
        "authentication": {"type": "scram-sha-512"},
        "authorization": {
            "type": "simple",
            "acls": [{"resource": {"type": "topic", "name": "ph.one.v1"}, "operations": ["Read", "Describe"]}],
        },
    },
}
SCALED = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": METADATA,
    "spec": {
        "scaleTargetRef": {"name": "one-worker"},
        "minReplicaCount": 2,
        "maxReplicaCount": 3,
        "triggers": [{"type": "apache-kafka", "metadata": {"topic": "ph.one.v1"}}],
    },
}


def planted(document: dict[str, Any], change: Callable[[Any], None]) -> str:
    """The document with one mistake."""
    mistaken = copy.deepcopy(document)
    change(mistaken["spec"])
    return yaml.safe_dump(mistaken)


def container(spec: Any) -> Any:
    return spec["template"]["spec"]["containers"][0]


@pytest.fixture(scope="module", autouse=True)
def namespace(server: Kubectl) -> None:
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAMESPACE, "labels": enforced}
    server.prepare(yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))


@pytest.mark.parametrize("document", [DEPLOYMENT, USER, SCALED], ids=lambda document: document["kind"])
def test_without_a_mistake_each_is_accepted(server: Kubectl, document: dict[str, Any]) -> None:
    answer = server.dry_run(yaml.safe_dump(document))
    assert answer.accepted, answer.text


@pytest.mark.parametrize(
    ("document", "change", "says"),
    [
        (DEPLOYMENT, lambda spec: spec.update(replicaCount=2), 'unknown field "spec.replicaCount"'),
        (USER, lambda spec: spec["authorization"].update(acl=[]), 'unknown field "spec.authorization.acl"'),
        (DEPLOYMENT, lambda spec: container(spec).update(imagePullPolicy="Sometimes"), "Unsupported value"),
        (USER, lambda spec: spec["authorization"]["acls"][0].update(operations=["Peek"]), "Unsupported value"),
        (USER, lambda spec: spec["authentication"].update(type="scram-sha-256"), "Unsupported value"),
        (USER, lambda spec: spec["authentication"].update(validityDays=30), "can be configured only with"),
        (SCALED, lambda spec: spec.update(minReplicaCount=4), "must be less than or equal to maxReplicaCount"),
        (DEPLOYMENT, lambda spec: spec["selector"]["matchLabels"].update(tier="x"), "does not match template"),
        (DEPLOYMENT, lambda spec: container(spec).update(volumeMounts=[{"name": "tmp", "mountPath": "/tmp"}]), "tmp"),
        (DEPLOYMENT, lambda spec: container(spec)["ports"][0].update(name="Http_"), "must contain only alpha-numeric"),
        (DEPLOYMENT, lambda spec: spec.update(replicas="two"), "replicas"),
    ],
    ids=[
        "a field that core does not know",
        "a field that a definition does not know",
        "a value outside core's list",
        "a value outside a definition's list",
        "a login that the definition does not list",
        "a rule (CEL) across fields",
        "a rule (CEL) across numbers",
        "a selector that does not select its pods",
        "a mount without a volume",
        "a name that is none",
        "a text for a number",
    ],
)
def test_a_mistake_is_refused_with_its_name(
    server: Kubectl, document: dict[str, Any], change: Callable[[Any], None], says: str
) -> None:
    answer = server.dry_run(planted(document, change))
    assert not answer.accepted
    assert says in answer.text


def test_a_pod_that_its_namespace_will_not_admit_is_refused_before_any_controller_makes_it(server: Kubectl) -> None:
    answer = server.dry_run(planted(DEPLOYMENT, lambda spec: container(spec).pop("securityContext")))
    assert not answer.accepted
    assert 'would violate PodSecurity "restricted' in answer.text
    assert "allowPrivilegeEscalation" in answer.text


def test_nothing_of_a_dry_run_is_kept(server: Kubectl) -> None:
    assert server.dry_run(yaml.safe_dump(DEPLOYMENT)).accepted
    assert "NotFound" in server.ask("get", "deployment", "one", "--namespace", NAMESPACE).text
