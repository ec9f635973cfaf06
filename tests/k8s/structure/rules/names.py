"""Names are RFC 1123, each is there once, and all of an environment lies in its one namespace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.k8s.structure.documents import WORKLOADS, Finding, Rendered, place
from tests.k8s.structure.rules.images import VERSION

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*")
HASHED = re.compile(r".+-[24-9bcdfghkmt]{10}")
"""A name that kustomize gave by the content."""
PORT = re.compile(r"(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
STRICT = ("Service", "Namespace", *WORKLOADS, "Cluster", "Kafka", "KafkaNodePool")
"""Their names are names in DNS, or hostnames of pods, too: a label, without dots."""
ADDED = {"Deployment": 17, "StatefulSet": 11, "Job": 6, "CronJob": 11, "Cluster": 13, "Kafka": 20, "KafkaNodePool": 20}
"""Characters that are added for pods and Services, whose names have 63 at most."""
CLUSTER_WIDE = ("Namespace", "ClusterRole", "ClusterRoleBinding", "GatewayClass", "ClusterSecretStore", "PriorityClass")
REMEDY = "Lower-case letters, digits and `-`, first and last a letter or digit, 63 at most (RFC 1123)."


def names(rendered: Rendered) -> Iterator[Finding]:
    for document in rendered.documents:
        name, kind = document["metadata"]["name"], document["kind"]
        strict = kind in STRICT
        if not (LABEL if strict else SUBDOMAIN).fullmatch(name) or len(name) > 253:
            yield Finding(place(document), "metadata.name", f"{name!r} is no name", REMEDY)
        elif len(name) + ADDED.get(kind, 0) > 63:
            problem = f"{len(name)} characters, and up to {ADDED[kind]} are added for its pods"
            yield Finding(place(document), "metadata.name", problem, "Make it shorter: 63 in all.")
        yield from _labels(place(document), "metadata.labels", document["metadata"].get("labels") or {})
    for workload in rendered.workloads:
        yield from _labels(workload.place, f"{workload.path}.metadata.labels", workload.labels)
        for field, container in workload.containers():
            if not LABEL.fullmatch(container["name"]):
                yield Finding(workload.place, field, f"{container['name']!r} is no name", REMEDY)
            for port in container.get("ports", []):
                if "name" in port and not PORT.fullmatch(port["name"]):
                    remedy = "At most 15 of a-z, 0-9 and `-`, one of them a letter."
                    yield Finding(workload.place, f"{field}.ports", f"{port['name']!r} is no name of a port", remedy)


def _labels(where: str, field: str, labels: Mapping[str, str]) -> Iterator[Finding]:
    for key, value in labels.items():
        if not isinstance(value, str) or not VALUE.fullmatch(value):
            problem = f"{value!r} is no value of a label"
            yield Finding(where, f"{field}[{key}]", problem, "Quote it; at most 63 characters.")


def once(rendered: Rendered) -> Iterator[Finding]:
    counted = Counter((each["apiVersion"].partition("/")[0], place(each)) for each in rendered.documents)
    for (_, where), count in counted.items():
        if count > 1:
            yield Finding(where, "metadata.name", f"is there {count} times", "Render it once.")


def of_releases(rendered: Rendered) -> Iterator[Finding]:
    """A Job cannot be changed: one that carries its release has a name of its own for each release."""
    for job in rendered.of("Job"):
        version = (job["metadata"].get("labels") or {}).get(VERSION)
        if version and not job["metadata"]["name"].endswith("-" + version.replace(".", "-")):
            problem = f"{job['metadata']['name']!r} does not end with the whole version {version!r}"
            yield Finding(place(job), "metadata.name", problem, "Name a version of three numbers, as 1.4.2.")


def in_jobs(rendered: Rendered) -> Iterator[Finding]:
    """Nor can its template: a setting that changes within a release would change what the Job names."""
    for workload in rendered.workloads:
        if workload.document["kind"] == "Job" and VERSION in (workload.document["metadata"].get("labels") or {}):
            for field, container in workload.containers():
                for source in container.get("envFrom", []):
                    if HASHED.fullmatch(name := source.get("configMapRef", {}).get("name", "")):
                        problem = f"{name!r} is another name after a change of a setting, and a Job cannot be changed"
                        yield Finding(workload.place, f"{field}.envFrom", problem, "Write the settings into `env`.")


def one_namespace(rendered: Rendered) -> Iterator[Finding]:
    """Secrets of the operators are mounted where they lie, so all of an environment lies in one namespace."""
    there = [each["metadata"]["name"] for each in rendered.of("Namespace")]
    if len(there) != 1:
        yield Finding(f"kustomization {rendered.name}", "Namespace", f"{len(there)} of them", "Render one Namespace.")
    for document in rendered.documents:
        namespace = document["metadata"].get("namespace")
        if document["kind"] not in CLUSTER_WIDE and namespace not in there:
            problem = f"{namespace!r} is not the environment's {', '.join(there)}"
            yield Finding(place(document), "metadata.namespace", problem, "Set `namespace:` in the overlay.")
