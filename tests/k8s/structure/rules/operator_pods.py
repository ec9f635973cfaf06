"""Where operators run `ph`: a pod per service with the operators' own logins, and nothing that is the service's."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.k8s.structure.declared import services
from tests.k8s.structure.documents import Finding, Rendered, Workload

NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
USER = "operators"
"""Of Kafka."""
REMEDY = "Follow docs/adding-a-service.md: components/operators."


def complete(rendered: Rendered) -> Iterator[Finding]:
    """Where one service has such a Deployment each has, and none runs until somebody scales it up."""
    deployments = [each for each in _of_operators(rendered) if each.document["kind"] == "Deployment"]
    there = {each.labels.get(NAME, ""): each for each in deployments}
    for service in services() if there else ():
        if service not in there:
            where = f"service {service} of topics.yaml"
            yield Finding(where, "operator", "there are no such pods", REMEDY)
    for workload in there.values():
        if workload.document["spec"].get("replicas", 1) != 0:
            remedy = "Say 0: whoever needs one scales it up, and down again."
            yield Finding(workload.place, "spec.replicas", "operators' logins lie there, needed or not", remedy)


def narrow(rendered: Rendered) -> Iterator[Finding]:
    """They log in as operators, to Kafka and to one database, and have no other Secret than these logins need."""
    for workload in _of_operators(rendered):
        service = workload.labels.get(NAME, "")
        role = f"{service}_operator"
        needed = {f"{service}-operator", USER, "chain-cluster-ca-cert"}
        for field, container in workload.containers():
            for name, value in rendered.environment(container).items():
                at = f"{field}.env[{name}]"
                if name == "KAFKA_USERNAME" and value != USER:
                    yield Finding(workload.place, at, f"logs in as {value!r}", f"Say {USER}.")
                if name.endswith("DATABASE_URL"):
                    url = urlsplit(value or "")
                    needed.add(f"{(url.hostname or '').partition('.')[0].removesuffix('-rw')}-ca")
                    if url.username != role:
                        yield Finding(workload.place, at, f"logs in as {url.username!r}", f"Say {role}.")
        for name in sorted(_secrets(workload) - needed):
            problem = f"the Secret {name!r} is nothing that operators need"
            yield Finding(workload.place, f"{workload.path}.volumes", problem, "Take it away.")


def _of_operators(rendered: Rendered) -> Iterator[Workload]:
    return (each for each in rendered.workloads if each.labels.get(COMPONENT) == "operator")


def _secrets(workload: Workload) -> set[str]:
    """Of its volumes, alone or projected."""
    volumes = workload.pod.get("volumes", [])
    alone = {each["secret"]["secretName"] for each in volumes if "secret" in each}
    sources = (source for each in volumes for source in each.get("projected", {}).get("sources", []))
    return alone | {source["secret"]["name"] for source in sources if "secret" in source}
