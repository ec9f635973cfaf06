"""Secrets are files of Secrets that somebody else makes: in no environment, ConfigMap, argument or manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.structure.documents import Finding, Rendered, place

FILE = "Mount the Secret as a file, and name the file in the variable that ends in _FILE."
SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|PROFILE_KEY|CREDENTIALS?)(?!.*_FILE$)")
PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+]*://[^/@\s:]*:[^/@\s]+@")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
READABLE = 0o440


def files_only(rendered: Rendered) -> Iterator[Finding]:
    for workload in rendered.workloads:
        for field, container in workload.containers():
            yield from _in_container(rendered, workload.place, field, container)
    for config in rendered.of("ConfigMap"):
        for name, value in (config.get("data") or {}).items():
            if _reveals(value):
                yield Finding(place(config), f"data[{name}]", "holds a secret in clear", FILE)


def _in_container(rendered: Rendered, where: str, field: str, container: Mapping[str, Any]) -> Iterator[Finding]:
    for source in container.get("envFrom", []):
        if "secretRef" in source:
            yield Finding(where, f"{field}.envFrom", "takes a Secret into the environment", FILE)
    for each in container.get("env", []):
        if "secretKeyRef" in each.get("valueFrom", {}):
            yield Finding(where, f"{field}.env[{each['name']}]", "takes it from a Secret", FILE)
    for name, value in rendered.environment(container).items():
        if SECRET_NAME.search(name) or _reveals(value or ""):
            yield Finding(where, f"{field}.env[{name}]", "holds a secret in clear", FILE)
    for word in (*container.get("command", []), *container.get("args", [])):
        if _reveals(word):
            yield Finding(where, f"{field}.args", "hold a secret in clear", FILE)


def none_written(rendered: Rendered) -> Iterator[Finding]:
    """No Secret stands in a manifest."""
    for secret in rendered.of("Secret"):
        if secret.get("data") or secret.get("stringData"):
            remedy = "Let an operator or a secret store make it: what is committed is known to everybody."
            yield Finding(place(secret), "data", "a Secret with its content", remedy)


def narrow(rendered: Rendered) -> Iterator[Finding]:
    """Their files are readable by the group of the pod and by nobody else, and mounted read-only."""
    for workload in rendered.workloads:
        secret = {each["name"]: mode for each in workload.pod.get("volumes", []) if (mode := _mode(each)) is not None}
        for name, mode in secret.items():
            if mode & ~READABLE:
                problem = f"mode {mode:04o} is more than {READABLE:04o}"
                field = f"{workload.path}.volumes[{name}].defaultMode"
                yield Finding(workload.place, field, problem, f"Say {READABLE:04o} ({READABLE}).")
        for field, container in workload.containers():
            for mount in container.get("volumeMounts", []):
                if mount["name"] in secret and not mount.get("readOnly"):
                    at = f"{field}.volumeMounts[{mount['name']}]"
                    yield Finding(workload.place, at, "a secret is mounted for writing", "Say readOnly: true.")


def _mode(volume: Mapping[str, Any]) -> int | None:
    """The mode of a volume's files, if they are secret; Kubernetes's own default is 0644."""
    if "secret" in volume:
        return int(volume["secret"].get("defaultMode", 0o644))
    projected = volume.get("projected", {})
    if any("secret" in source for source in projected.get("sources", [])):
        return int(projected.get("defaultMode", 0o644))
    return None


def _reveals(text: str) -> bool:
    return bool(PASSWORD_IN_URL.search(text) or PRIVATE_KEY.search(text))
