"""What is not executed is refused, by its path; what is left out has a reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.k8s.runner import fields, toy
from tests.k8s.runner.fields import Refused


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hostNetwork", True),
        ("shareProcessNamespace", True),
        ("ephemeralContainers", []),
        ("activeDeadlineSeconds", 5),
        ("restartPolicy", "Sometimes"),
        ("automountServiceAccountToken", True),
    ],
)
def test_a_field_of_a_pod_that_is_not_executed_is_refused_by_its_path(field: str, value: Any) -> None:
    with pytest.raises(Refused, match=rf"Pod toy.*spec\.{field}"):
        fields.check("Pod", "toy", toy.pod_spec(**{field: value}))


@pytest.mark.parametrize(
    ("path", "container"),
    [
        (r"containers\[0\]\.lifecycle\.postStart", {"lifecycle": {"postStart": {"exec": {"command": ["x"]}}}}),
        (r"containers\[0\]\.readinessProbe\.grpc", {"readinessProbe": {"grpc": {"port": 1}}}),
        (
            r"containers\[0\]\.volumeMounts\[0\]\.subPath",
            {"volumeMounts": [{"name": "tmp", "mountPath": "/a", "subPath": "b"}]},
        ),
        (r"containers\[0\]\.resources\.limits\.cpu", {"resources": {"limits": {"cpu": "1"}}}),
        (r"readOnlyRootFilesystem: False", {"securityContext": {**toy.STRICT, "readOnlyRootFilesystem": False}}),
        (r"capabilities\.add", {"securityContext": {**toy.STRICT, "capabilities": {"drop": ["ALL"], "add": ["X"]}}}),
        (
            r"capabilities\.drop: \['NET_RAW'\]",
            {"securityContext": {**toy.STRICT, "capabilities": {"drop": ["NET_RAW"]}}},
        ),
        (r"env\[0\]\.valueFrom\.resourceFieldRef", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {}}}]}),
        (r"ports\[0\]\.hostPort", {"ports": [{"containerPort": 1, "hostPort": 1}]}),
        (r"ports\[0\]\.protocol: 'UDP'", {"ports": [{"containerPort": 1, "protocol": "UDP"}]}),
    ],
)
def test_a_field_of_a_container_that_is_not_executed_is_refused_by_its_path(path: str, container: Any) -> None:
    with pytest.raises(Refused, match=path):
        fields.check("Pod", "toy", toy.pod_spec(toy.container(**container)))


def test_every_unknown_field_is_named_at_once() -> None:
    with pytest.raises(Refused, match=r"spec\.hostPID; .*spec\.hostIPC|spec\.hostIPC; .*spec\.hostPID"):
        fields.check("Pod", "toy", toy.pod_spec(hostPID=True, hostIPC=True))


def test_what_is_left_out_is_listed_with_its_reason() -> None:
    spec = toy.pod_spec(topologySpreadConstraints=[{"maxSkew": 1}])
    fields.check("Pod", "toy", spec)
    assert fields.left_out("Pod", spec) == {
        "spec.topologySpreadConstraints": "one machine: nothing is scheduled; the structure tests look at it"
    }


def test_a_kind_that_nobody_knows_is_refused(cluster: Any) -> None:
    with pytest.raises(Refused, match="DaemonSet agents: the runner knows no such kind"):
        cluster.apply([{"kind": "DaemonSet", "metadata": {"name": "agents"}, "spec": {}}])


def test_a_job_cannot_be_changed_as_on_a_cluster(cluster: Any) -> None:
    work = toy.job(spec=toy.with_env(toy.pod_spec(restartPolicy="Never"), EXIT="0"))
    cluster.apply([work])
    cluster.wait_done("work")
    with pytest.raises(Refused, match="immutable"):
        cluster.apply([toy.job(spec=toy.with_env(toy.pod_spec(restartPolicy="Never"), EXIT="1"))])


def test_a_pod_needs_its_service_account(cluster: Any) -> None:
    with pytest.raises(Refused, match="there is no ServiceAccount missing"):
        cluster.apply([toy.deployment(spec=toy.pod_spec(serviceAccountName="missing"))])
