"""Which fields of a pod the runner executes, which it leaves out and why. Every other one is refused.

A table has the shape of the object: a nested table, a list of one table for a list of objects, `EXECUTED`, `FREE` for
maps with names of their own, `only(...)` for a field of which some values are executed, or `Left` with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """Something that the runner does not execute, or that a cluster would not take. Names the field."""


@dataclass(frozen=True)
class Left:
    """A field that is allowed and not executed."""

    reason: str


@dataclass(frozen=True)
class Only:
    """A field of which just these values are executed."""

    values: tuple[Any, ...]


def only(*values: Any) -> Only:
    """These values are executed, others refused."""
    return Only(values)


EXECUTED = "executed"
FREE = "free"

_SCHEDULING = Left("one machine: nothing is scheduled; the structure tests look at it")
_ENGINE = Left("a container engine's own profile; there is no engine here")
_PULL = Left("the image is a folder, nothing is pulled")
_LOG = Left("what a container says goes to its log file")

_HTTP = {
    "path": EXECUTED,
    "port": EXECUTED,
    "scheme": only("HTTP"),
    "httpHeaders": [{"name": EXECUTED, "value": EXECUTED}],
}
_PROBE = {
    "httpGet": _HTTP,
    "tcpSocket": {"port": EXECUTED},
    "exec": {"command": EXECUTED},
    "initialDelaySeconds": EXECUTED,
    "periodSeconds": EXECUTED,
    "timeoutSeconds": EXECUTED,
    "successThreshold": EXECUTED,
    "failureThreshold": EXECUTED,
}
_KEY = {"name": EXECUTED, "key": EXECUTED, "optional": EXECUTED}
_SOURCE = {"name": EXECUTED, "optional": EXECUTED}
_ITEMS = [{"key": EXECUTED, "path": EXECUTED, "mode": EXECUTED}]
_FIELD = {"fieldPath": EXECUTED, "apiVersion": only("v1")}

CONTAINER: Mapping[str, Any] = {
    "name": EXECUTED,
    "image": EXECUTED,
    "imagePullPolicy": _PULL,
    "command": EXECUTED,
    "args": EXECUTED,
    "workingDir": EXECUTED,
    "env": [
        {
            "name": EXECUTED,
            "value": EXECUTED,
            "valueFrom": {"configMapKeyRef": _KEY, "secretKeyRef": _KEY, "fieldRef": _FIELD},
        }
    ],
    "envFrom": [{"prefix": EXECUTED, "configMapRef": _SOURCE, "secretRef": _SOURCE}],
    "ports": [{"name": EXECUTED, "containerPort": EXECUTED, "protocol": only("TCP")}],
    "resources": {
        "requests": Left("scheduling; limits.memory is what is executed"),
        "limits": {
            "memory": EXECUTED,
            "ephemeral-storage": Left("pods write to emptyDir only, which is measured apart"),
        },
    },
    "volumeMounts": [{"name": EXECUTED, "mountPath": EXECUTED, "readOnly": EXECUTED}],
    "startupProbe": _PROBE,
    "livenessProbe": _PROBE,
    "readinessProbe": _PROBE,
    "lifecycle": {"preStop": {"sleep": {"seconds": EXECUTED}, "exec": {"command": EXECUTED}}},
    "terminationMessagePath": _LOG,
    "terminationMessagePolicy": _LOG,
    "securityContext": {
        "runAsUser": EXECUTED,
        "runAsGroup": EXECUTED,
        "runAsNonRoot": EXECUTED,
        "readOnlyRootFilesystem": only(True),
        "allowPrivilegeEscalation": only(False),
        "privileged": only(False),
        "capabilities": {"drop": only(["ALL"])},
        "seccompProfile": {"type": _ENGINE},
    },
}

POD: Mapping[str, Any] = {
    "containers": [CONTAINER],
    "initContainers": [CONTAINER],
    "volumes": [
        {
            "name": EXECUTED,
            "secret": {"secretName": EXECUTED, "defaultMode": EXECUTED, "optional": EXECUTED, "items": _ITEMS},
            "configMap": {"name": EXECUTED, "defaultMode": EXECUTED, "optional": EXECUTED, "items": _ITEMS},
            "emptyDir": {
                "medium": Left("a folder on disk stands for memory"),
                "sizeLimit": EXECUTED,
            },
            "projected": {
                "defaultMode": EXECUTED,
                "sources": [
                    {
                        "secret": {"name": EXECUTED, "optional": EXECUTED, "items": _ITEMS},
                        "configMap": {"name": EXECUTED, "optional": EXECUTED, "items": _ITEMS},
                        "downwardAPI": {"items": [{"path": EXECUTED, "fieldRef": _FIELD, "mode": EXECUTED}]},
                    }
                ],
            },
        }
    ],
    "restartPolicy": only("Always", "OnFailure", "Never"),
    "terminationGracePeriodSeconds": EXECUTED,
    "serviceAccountName": EXECUTED,
    "automountServiceAccountToken": only(False),
    "enableServiceLinks": EXECUTED,
    "securityContext": {
        "runAsUser": EXECUTED,
        "runAsGroup": EXECUTED,
        "runAsNonRoot": EXECUTED,
        "fsGroup": EXECUTED,
        "fsGroupChangePolicy": Left("no volume here is large"),
        "supplementalGroups": EXECUTED,
        "seccompProfile": {"type": _ENGINE},
    },
    "affinity": _SCHEDULING,
    "nodeSelector": _SCHEDULING,
    "priorityClassName": _SCHEDULING,
    "schedulerName": _SCHEDULING,
    "tolerations": _SCHEDULING,
    "topologySpreadConstraints": _SCHEDULING,
    "imagePullSecrets": _PULL,
    "dnsPolicy": only("ClusterFirst"),
}

TEMPLATE: Mapping[str, Any] = {
    "metadata": {"labels": FREE, "annotations": FREE, "name": EXECUTED, "namespace": EXECUTED},
    "spec": POD,
}

DEPLOYMENT: Mapping[str, Any] = {
    "replicas": EXECUTED,
    "selector": {"matchLabels": FREE},
    "template": TEMPLATE,
    "minReadySeconds": EXECUTED,
    "progressDeadlineSeconds": EXECUTED,
    "revisionHistoryLimit": Left(
        "how many old ReplicaSets stay for a rollback; here a rollback applies the old documents"
    ),
    "strategy": {"type": only("RollingUpdate"), "rollingUpdate": {"maxSurge": EXECUTED, "maxUnavailable": EXECUTED}},
}

JOB: Mapping[str, Any] = {
    "template": TEMPLATE,
    "backoffLimit": EXECUTED,
    "activeDeadlineSeconds": EXECUTED,
    "completions": only(1),
    "parallelism": only(1),
    "ttlSecondsAfterFinished": Left("a run ends before"),
}

SERVICE: Mapping[str, Any] = {
    "type": only("ClusterIP"),
    "clusterIP": only("None"),
    "selector": FREE,
    "publishNotReadyAddresses": EXECUTED,
    "ports": [
        {"name": EXECUTED, "port": EXECUTED, "targetPort": EXECUTED, "protocol": only("TCP"), "appProtocol": _LOG}
    ],
}

KINDS: Mapping[str, Mapping[str, Any]] = {"Deployment": DEPLOYMENT, "Job": JOB, "Service": SERVICE, "Pod": POD}
"""Kinds whose `spec` is executed. `Pod` is no kind that anybody applies; the tests of the runner do."""

LEFT_KINDS: Mapping[str, str] = {
    "Namespace": "one run is one namespace; its Pod Security level is looked at by the structure tests",
    "PodDisruptionBudget": "nobody drains the one node",
    "NetworkPolicy": "compared with the connections that pods open",
    "PodMonitor": "there is no operator that reads it",
    "ServiceMonitor": "there is no operator that reads it",
    "PrometheusRule": "promtool runs its rules",
    "StatefulSet": "Kafka and PostgreSQL are the local stack's own processes, of the same versions",
    "PersistentVolumeClaim": "belongs to the StatefulSets",
}


def check(kind: str, name: str, spec: Mapping[str, Any]) -> None:
    """Raises `Refused` that lists every field that is neither executed nor left out with a reason."""
    found = list(_unknown(spec, KINDS[kind], "spec"))
    if found:
        raise Refused(f"{kind} {name}: the runner does not execute {'; '.join(found)}")


def left_out(kind: str, spec: Mapping[str, Any]) -> dict[str, str]:
    """The fields of this object that are not executed, each with its reason."""
    return dict(_left(spec, KINDS[kind], "spec"))


def _unknown(value: Any, table: Any, path: str) -> Iterator[str]:
    match table:
        case Only(values) if value not in values:
            yield f"{path}: {value!r} (only {', '.join(map(repr, values))})"
        case list():
            for number, each in enumerate(value):
                yield from _unknown(each, table[0], f"{path}[{number}]")
        case Mapping():
            if not isinstance(value, Mapping):
                yield f"{path}: {value!r} is no object"
                return
            for name, each in value.items():
                if name in table:
                    yield from _unknown(each, table[name], f"{path}.{name}")
                else:
                    yield f"{path}.{name}"


def _left(value: Any, table: Any, path: str) -> Iterator[tuple[str, str]]:
    match table:
        case Left(reason):
            yield path, reason
        case list():
            for each in value:
                yield from _left(each, table[0], f"{path}[]")
        case Mapping() if isinstance(value, Mapping):
            for name, each in value.items():
                if name in table:
                    yield from _left(each, table[name], f"{path}.{name}")
