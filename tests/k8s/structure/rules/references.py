"""Every reference leads somewhere: to a document of the rendering, to what an operator makes of one, or to a Secret of
the one list of those that are put there by hand (tests/k8s/structure/made.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from tests.k8s.structure import made
from tests.k8s.structure.declared import services
from tests.k8s.structure.documents import Finding, Rendered, Workload

SECRET = "Render it, let an operator make it, or add it to the list `by_hand` in tests/k8s/structure/made.py."
DOCUMENT = "Add the document to the kustomization, or mend the name."


def secret_keys(rendered: Rendered) -> dict[str, Set[str]]:
    """Every Secret that there will be, with its keys."""
    own = {
        each["metadata"]["name"]: {*(each.get("data") or {}), *(each.get("stringData") or {})}
        for each in rendered.of("Secret")
    }
    by_hand = made.by_hand(services(), operators=bool(rendered.of("Kafka", "Cluster")))
    return {**by_hand, **made.secrets(rendered), **own}


def config_keys(rendered: Rendered) -> dict[str, Set[str]]:
    """Every ConfigMap, with its keys; the one that Kubernetes puts into each namespace among them."""
    found: dict[str, Set[str]] = {
        each["metadata"]["name"]: {*(each.get("data") or {}), *(each.get("binaryData") or {})}
        for each in rendered.of("ConfigMap")
    }
    return {"kube-root-ca.crt": {"ca.crt"}, **found}


def in_pods(rendered: Rendered) -> Iterator[Finding]:
    """What a pod names: ConfigMaps and Secrets with their keys, its ServiceAccount, claims."""
    for workload in rendered.workloads:
        yield from _account(rendered, workload)
        for number, volume in enumerate(workload.pod.get("volumes", [])):
            field = f"{workload.path}.volumes[{volume.get('name', number)}]"
            for kind, source in _sources(volume):
                name = source.get("name") or source.get("secretName") or ""
                keys = [item["key"] for item in source.get("items") or []]
                yield from known(rendered, workload.place, field, kind, name, keys, source.get("optional"))
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and rendered.get("PersistentVolumeClaim", claim) is None:
                yield missing(workload.place, field, "PersistentVolumeClaim", claim, DOCUMENT)
        for field, container in workload.containers():
            for source in container.get("envFrom", []):
                for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                    if there := source.get(key):
                        at = f"{field}.envFrom"
                        yield from known(rendered, workload.place, at, kind, there["name"], [], there.get("optional"))
            for variable in container.get("env", []):
                for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                    if there := variable.get("valueFrom", {}).get(key):
                        at, keys = f"{field}.env[{variable['name']}]", [there["key"]]
                        yield from known(rendered, workload.place, at, kind, there["name"], keys, there.get("optional"))


def _account(rendered: Rendered, workload: Workload) -> Iterator[Finding]:
    name = workload.pod.get("serviceAccountName")
    if not name:
        remedy = "Name a ServiceAccount of its own: `default` is everybody's."
        yield Finding(workload.place, f"{workload.path}.serviceAccountName", "is missing", remedy)
    elif rendered.get("ServiceAccount", name) is None:
        yield missing(workload.place, f"{workload.path}.serviceAccountName", "ServiceAccount", name, DOCUMENT)


def _sources(volume: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for holder in (volume, *volume.get("projected", {}).get("sources", [])):
        for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if key in holder:
                yield kind, holder[key]


def known(
    rendered: Rendered, where: str, field: str, kind: str, name: str, keys: list[str], optional: bool | None = False
) -> Iterator[Finding]:
    there = secret_keys(rendered) if kind == "Secret" else config_keys(rendered)
    remedy = SECRET if kind == "Secret" else DOCUMENT
    if name not in there:
        if not optional:
            yield missing(where, field, kind, name, remedy)
    else:
        for key in keys:
            if key not in there[name]:
                problem = f"the {kind} {name} has no key {key!r}; it has {', '.join(sorted(there[name])) or 'none'}"
                yield Finding(where, field, problem, "Mend the key.")


def missing(where: str, field: str, kind: str, name: str, remedy: str) -> Finding:
    return Finding(where, field, f"there is no {kind} {name!r}", remedy)
