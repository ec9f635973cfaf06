"""Each service of topics.yaml has what it needs to run: pods, budget, policies, monitor, rights; its workers do not
outnumber the partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.structure.declared import consumers, services, shared_out_to
from tests.k8s.structure.documents import Finding, Rendered, Workload, place, selects

RECIPE = "Follow docs/adding-a-service.md."
BUDGET = "Let maxReplicaCount x CONSUMERS be at most the partitions: a reader without a partition idles."


def complete(rendered: Rendered) -> Iterator[Finding]:
    """Api, worker and migrate Job; for the first two a budget, a monitor and a policy that lets it in; a Service.

    What they may reach is another rule's (`reach`).
    """
    for service in services():
        where = f"service {service} of topics.yaml"
        for component in ("api", "worker", "migrate"):
            workload = rendered.of_service(service, component)
            if workload is None:
                yield Finding(where, component, "there are no such pods", RECIPE)
                continue
            if component == "migrate":
                continue
            policies = _policies(rendered, workload)
            # A PodMonitor is Prometheus' operator's: it is where the other operators are.
            for kind in ("PodDisruptionBudget", *(["PodMonitor"] if rendered.of("Kafka") else [])):
                if not any(selects(each["spec"]["selector"], workload.labels) for each in rendered.of(kind)):
                    yield Finding(workload.place, kind, "none selects these pods", RECIPE)
            if not any("Ingress" in each["spec"]["policyTypes"] and each["spec"].get("ingress") for each in policies):
                yield Finding(workload.place, "NetworkPolicy", "none lets monitoring in", RECIPE)
        if rendered.get("Service", service) is None:
            yield Finding(where, "Service", "there is none of its name", RECIPE)
    denies = [each for each in rendered.of("NetworkPolicy") if _denies_all(each["spec"])]
    if not denies:
        remedy = "Render base/common: without, whatever no policy selects may talk to everybody."
        yield Finding(f"kustomization {rendered.name}", "NetworkPolicy", "nothing denies by default, both ways", remedy)


def users(rendered: Rendered) -> Iterator[Finding]:
    """Where users are declared, each service has one, and logs in as it."""
    for service in services() if rendered.of("Kafka") else ():
        if rendered.get("KafkaUser", service) is None:
            where = f"service {service} of topics.yaml"
            yield Finding(where, "KafkaUser", "there is none of its name", "Run `make manifests`.")
    for service in consumers():
        workload = rendered.of_service(service, "worker")
        for field, container in workload.containers() if workload else ():
            name = rendered.environment(container).get("KAFKA_USERNAME", service)
            if name != service:
                problem = f"logs in as {name!r}, whose rights are another's"
                yield Finding(workload.place, f"{field}.env[KAFKA_USERNAME]", problem, f"Say {service}.")


def partitions(rendered: Rendered) -> Iterator[Finding]:
    """Replicas x CONSUMERS, and KEDA's maximum x CONSUMERS, are at most the partitions of topics that workers share."""
    for service in consumers():
        worker = rendered.of_service(service, "worker")
        if worker is None:
            continue  # `complete` says so
        least = min(each["partitions"] for each in shared_out_to(service).values())
        each_has = _consumers(rendered, worker)
        replicas = worker.document["spec"].get("replicas", 1)
        if replicas * each_has > least:
            problem = f"{replicas} replicas x {each_has} CONSUMERS are more than {least} partitions"
            yield Finding(worker.place, "spec.replicas", problem, BUDGET)
        for scaled in rendered.of("ScaledObject", "HorizontalPodAutoscaler"):
            if _is(worker, scaled["spec"]["scaleTargetRef"]["name"]):
                most = scaled["spec"].get("maxReplicaCount", scaled["spec"].get("maxReplicas", 100))
                if most * each_has > least:
                    problem = f"{most} replicas x {each_has} CONSUMERS are more than {least} partitions"
                    yield Finding(place(scaled), "spec.maxReplicaCount", problem, BUDGET)


def scaling(rendered: Rendered) -> Iterator[Finding]:
    """KEDA scales workers only, never to none, by the lag of exactly the topics that its workers share."""
    for scaled in rendered.of("ScaledObject"):
        spec, where = scaled["spec"], place(scaled)
        target = next((each for each in rendered.workloads if _is(each, spec["scaleTargetRef"]["name"])), None)
        labels = target.labels if target else {}
        if labels.get("app.kubernetes.io/component") != "worker":
            yield Finding(where, "spec.scaleTargetRef", "is no worker", "Scale ROLE=worker by lag, the API by its CPU.")
            continue
        service = labels.get("app.kubernetes.io/name", "")
        if spec.get("minReplicaCount", 0) < 1:
            remedy = "Say 1 or 2: deadlines and the relay run without lag, and 0 is KEDA's default."
            yield Finding(where, "spec.minReplicaCount", "may scale to none", remedy)
        if target and "replicas" in target.document["spec"]:
            remedy = "Remove it: each `apply` would undo what KEDA has decided."
            yield Finding(target.place, "spec.replicas", "is said beside a ScaledObject", remedy)
        seen = set()
        for number, trigger in enumerate(spec["triggers"]):
            if trigger["type"] == "kafka":
                seen.add(trigger["metadata"].get("topic"))
                yield from _trigger(where, f"spec.triggers[{number}].metadata", trigger["metadata"], service)
        for topic in sorted(shared_out_to(service).keys() - seen):
            remedy = "Add one per topic whose load is shared."
            yield Finding(where, "spec.triggers", f"no trigger counts the lag on {topic}", remedy)


WANTED = {"sasl": "scram_sha512", "tls": "enable", "excludePersistentLag": "true"}


def _trigger(where: str, field: str, metadata: Mapping[str, Any], service: str) -> Iterator[Finding]:
    if metadata.get("topic") not in shared_out_to(service):
        problem = f"{service} does not read {metadata.get('topic')!r}, or its workers do not share it"
        yield Finding(where, f"{field}.topic", problem, "Name one that it reads and that its workers share.")
    for name, value in {**WANTED, "consumerGroup": service}.items():
        # Login and TLS may come from the TriggerAuthentication, too.
        if metadata.get(name) != value and not (name in {"sasl", "tls"} and name not in metadata):
            yield Finding(where, f"{field}.{name}", f"is {metadata.get(name)!r}", f"Say {value!r}.")


def _is(workload: Workload, name: str) -> bool:
    return workload.document["metadata"]["name"] == name


def _consumers(rendered: Rendered, worker: Workload) -> int:
    told = (rendered.environment(container).get("CONSUMERS") for _, container in worker.containers())
    return max((int(each) for each in told if each), default=2)  # chassis/settings.py


def _policies(rendered: Rendered, workload: Workload) -> list[Mapping[str, Any]]:
    return [
        each
        for each in rendered.of("NetworkPolicy")
        if each["spec"].get("podSelector") and selects(each["spec"]["podSelector"], workload.labels)
    ]


def _denies_all(spec: Mapping[str, Any]) -> bool:
    nothing = not spec.get("ingress") and not spec.get("egress")
    return nothing and not spec.get("podSelector") and set(spec.get("policyTypes", [])) == {"Ingress", "Egress"}
