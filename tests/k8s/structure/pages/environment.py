"""What there is in a namespace once its overlay is applied: what is rendered, and what operators make of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from tests.k8s.structure.documents import Document, Labels, Rendered, Workload
from tests.k8s.structure.rendering import overlays, rendered
from tests.k8s.structure.rules.references import secret_keys

SHORT = {"cm": "ConfigMap", "deploy": "Deployment", "po": "Pod", "pvc": "PersistentVolumeClaim", "svc": "Service"}
MADE = {
    "Backup": "CloudNativePG, of each ScheduledBackup",
    "Certificate": "whoever lets cert-manager make the Secret chain-gateway-tls",
}
"""Kinds that somebody else makes, under names that no manifest knows: a page may list them, and names none."""


@dataclass(frozen=True)
class Thing:
    """One object. `name` is a pattern: the names of pods are known in part."""

    kind: str
    name: str
    labels: Labels = field(default_factory=dict)
    containers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    """Of containers the paths of their mounts; `claims`: those of them that are disks. `keys`: of a Secret."""

    def is_called(self, name: str) -> bool:
        return re.fullmatch(self.name, name) is not None


@dataclass(frozen=True)
class Environment:
    """All of one namespace."""

    rendered: Rendered
    things: tuple[Thing, ...]

    def kind(self, written: str) -> str | None:
        """The kind that a word of kubectl means: in any case, in the plural, short, with its group."""
        word = written.partition(".")[0].lower()
        there = {each.kind for each in self.things} | MADE.keys()
        plurals = {plural: kind for kind in there for plural in (kind.lower(), _plural(kind.lower()))}
        return SHORT.get(word) or plurals.get(word)

    def named(self, kind: str, name: str) -> list[Thing]:
        """Several, if a test renders it beside the overlay; the overlay's is the first."""
        return [each for each in self.things if each.kind == kind and each.is_called(name)]

    def labelled(self, kind: str, selector: Labels) -> list[Thing]:
        return [each for each in self.things if each.kind == kind and selector.items() <= dict(each.labels).items()]

    def pods_of(self, kind: str, name: str) -> list[Thing]:
        """The pods that a command reaches through an object: itself, or those of a workload."""
        if kind == "Pod":
            return self.named(kind, name)
        return [
            _pod(each)
            for each in self.rendered.workloads
            if each.document["kind"] == kind and each.document["metadata"]["name"] == name
        ]


def _plural(kind: str) -> str:
    if kind.endswith("y") and not kind.endswith("ey"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


@cache
def environments() -> dict[str, Environment]:
    """By namespace: the overlay's, and what else the kustomizations of the tests put into the same namespace."""
    found: dict[str, Environment] = {}
    for folder in overlays():
        there = rendered(folder)
        (namespace,) = (each["metadata"]["name"] for each in there.of("Namespace"))
        if folder.startswith("overlays/"):
            found[namespace] = Environment(there, tuple(_things(there)))
        elif namespace in found:
            before = found[namespace]
            found[namespace] = Environment(before.rendered, (*before.things, *_things(there)))
    return found


def _things(there: Rendered) -> Iterator[Thing]:
    for document in there.documents:
        yield _as_it_is(document)
    for workload in there.workloads:
        yield _pod(workload)
    for name, keys in secret_keys(there).items():
        yield Thing("Secret", re.escape(name), keys=frozenset(keys))
    for cluster in there.of("Cluster"):
        yield from _of_postgres(cluster)
    for kafka in there.of("Kafka"):
        yield from _of_kafka(kafka, there)


def _as_it_is(document: Document) -> Thing:
    metadata = document["metadata"]
    return Thing(document["kind"], re.escape(metadata["name"]), metadata.get("labels") or {})


def _pod(workload: Workload) -> Thing:
    ends = {"Deployment": r"-[a-z0-9]+-[a-z0-9]{5}", "StatefulSet": r"-\d+", "Pod": ""}
    name = re.escape(workload.document["metadata"]["name"])
    pattern = name + ends.get(workload.document["kind"], r"-[a-z0-9]{5}")
    containers = {
        each["name"]: tuple(mount["mountPath"] for mount in each.get("volumeMounts", []))
        for _, each in workload.containers()
    }
    return Thing("Pod", pattern, workload.labels, containers)


def _of_postgres(cluster: Document) -> Iterator[Thing]:
    """CloudNativePG's: an instance has a disk for its data, and one for its WAL if `walStorage` asks for it."""
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    labels = {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}
    disks = {"": "/var/lib/postgresql/data"} | ({"-wal": "/var/lib/postgresql/wal"} if "walStorage" in spec else {})
    paths = tuple(disks.values())
    containers = {"postgres": paths, "bootstrap-controller": ()}
    containers |= {f"plugin-{each['name'].partition('.')[0]}": paths for each in spec.get("plugins", [])}
    for number in range(1, spec["instances"] + 1):
        yield Thing("Pod", f"{name}-{number}", labels, containers, paths)
        for end in disks:
            yield Thing("PersistentVolumeClaim", f"{name}-{number}{end}", labels)
    for how, job in {"initdb": "initdb", "recovery": "full-recovery"}.items():
        if how in spec["bootstrap"]:
            role = {"cnpg.io/cluster": name, "cnpg.io/jobRole": job}
            yield Thing("Pod", rf"{name}-1-{job}-[a-z0-9]{{5}}", role, {job: paths})
    yield Thing("Secret", f"{name}-server", keys=frozenset({"tls.crt", "tls.key"}))


def _of_kafka(kafka: Document, there: Rendered) -> Iterator[Thing]:
    """Strimzi's: a set of pods per pool. It numbers the nodes of all pools together, in an order of its own."""
    cluster = kafka["metadata"]["name"]
    common = {"strimzi.io/cluster": cluster}
    for pool in there.of("KafkaNodePool"):
        name = f"{cluster}-{pool['metadata']['name']}"
        labels = common | {"strimzi.io/pool-name": pool["metadata"]["name"], "strimzi.io/kind": "Kafka"}
        volumes = [f"data-{each['id']}" for each in pool["spec"]["storage"]["volumes"]]
        paths = tuple(f"/var/lib/kafka/{each}" for each in volumes)
        yield Thing("StrimziPodSet", name, labels)
        yield Thing("Pod", rf"{name}-\d+", labels, {"kafka": paths}, paths)
        for volume in volumes:
            yield Thing("PersistentVolumeClaim", rf"{volume}-{name}-\d+", labels)
    entity = f"{cluster}-entity-operator"
    containers: dict[str, tuple[str, ...]] = {"topic-operator": (), "user-operator": ()}
    yield Thing("Deployment", entity, common)
    yield Thing("Pod", rf"{entity}-[a-z0-9]+-[a-z0-9]{{5}}", common, containers)
