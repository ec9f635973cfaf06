"""Manifests of the toy, as short as a test can read them."""

from __future__ import annotations

import copy
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.k8s.runner.images import Image

UID = 10001
STRICT = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def image() -> Image:
    """One file, and the words by which it runs."""
    return Image(
        {"/toy/app.py": Path(__file__).with_name("toy_app.py")}, {"FROM_IMAGE": "yes"}, ["python3", "/toy/app.py"]
    )


def container(**more: Any) -> dict[str, Any]:
    """A container with a port and a readiness probe; `more` goes over it."""
    return {
        "name": "toy",
        "image": "toy:1",
        "ports": [{"name": "http", "containerPort": 8000}],
        "securityContext": STRICT,
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        **more,
    }


def pod_spec(*containers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A pod of one toy, or of these containers."""
    return {
        "containers": list(containers) or [container()],
        "securityContext": {"runAsUser": UID, "runAsGroup": UID, "fsGroup": UID, "runAsNonRoot": True},
        "terminationGracePeriodSeconds": 5,
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        **more,
    }


def pod(name: str = "toy", spec: Mapping[str, Any] | None = None, **labels: str) -> dict[str, Any]:
    """A pod by itself."""
    return {"kind": "Pod", "metadata": {"name": name, "labels": {"app": name, **labels}}, "spec": spec or pod_spec()}


def deployment(name: str = "toy", spec: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A Deployment of two pods that are replaced one by one."""
    return {
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec or pod_spec()},
            **more,
        },
    }


def job(name: str = "work", spec: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A Job whose program ends as `EXIT` says."""
    template = {"metadata": {"labels": {"app": name}}, "spec": spec or pod_spec(restartPolicy="Never")}
    return {"kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **more}}


def service(name: str = "toy") -> dict[str, Any]:
    """A Service of the pods with the label `app` of its name."""
    return {
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }


def with_env(spec: Mapping[str, Any], **variables: str) -> dict[str, Any]:
    """The same with further variables in its first container."""
    changed = copy.deepcopy(dict(spec))
    first = changed["containers"][0]
    first["env"] = [*first.get("env", ()), *({"name": name, "value": value} for name, value in variables.items())]
    return changed


def get(port: int, path: str, seconds: float = 5) -> tuple[int, dict[str, Any], str]:
    """Status, body, and which pod has answered; a fresh connection each time."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Connection": "close"})
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, json.loads(answer.read() or b"{}"), answer.headers["X-Pod"]
    except urllib.error.HTTPError as error:
        return error.code, {}, error.headers["X-Pod"]
