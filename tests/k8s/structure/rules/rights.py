"""Who may do what on which topic and group, read off the YAML, against topics.yaml: a matrix of all of them.

It does not use the code that writes the manifests: the rules of Kafka (deny by default, literal and prefix patterns,
Describe along with Read and Write) are told here once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.structure.declared import consumers, services, topics
from tests.k8s.structure.documents import Finding, Rendered, place

OPERATIONS = (
    "Read", "Write", "Create", "Delete", "Alter", "Describe", "ClusterAction", "DescribeConfigs", "AlterConfigs",
    "IdempotentWrite",
)  # fmt: skip
ALONG = {"Describe": {"Read", "Write", "Delete", "Alter"}, "DescribeConfigs": {"AlterConfigs"}}
REMEDY = "Run `make manifests`; rights follow from topics.yaml by services/chassis/kafka/rights.py."
UNDECLARED = "ph.undeclared.v1"
"""A topic that nobody declares: nobody may touch it, whatever its name begins with."""
DAY_MS = 86_400_000


def matrix(rendered: Rendered) -> Iterator[Finding]:
    """Every user x every topic, group and the cluster x every operation."""
    for user in rendered.of("KafkaUser"):
        name, acls = user["metadata"]["name"], user["spec"].get("authorization", {}).get("acls", [])
        for kind, resource in resources():
            declares = wanted(name, kind, resource)
            for operation in OPERATIONS:
                may = _may(acls, kind, resource, operation)
                if may != (operation in declares):
                    what = f"{operation} on {kind} {resource}"
                    problem = f"is granted {what}" if may else f"lacks {what}"
                    yield Finding(place(user), "spec.authorization.acls", problem, REMEDY)


def resources() -> Iterator[tuple[str, str]]:
    """Kind and name of all that somebody might touch."""
    yield from (("topic", name) for name in (*topics(), UNDECLARED))
    yield from (("group", name) for name in (*services(), "undeclared"))
    yield "cluster", "kafka-cluster"
    yield "transactionalId", "any"


def wanted(user: str, kind: str, resource: str) -> set[str]:
    """The operations that topics.yaml lets a user do."""
    topic = topics().get(resource) if kind == "topic" else None
    if user in services():
        if topic:
            writes, reads = user == topic["owner"], user in topic["readers"]
            seen = {"Read", "Describe", "DescribeConfigs"} if writes or reads else set()
            return seen | ({"Write"} if writes else set())
        if kind == "group" and resource == user:
            return {"Read", "Describe"}
        return {"Describe"} if kind == "cluster" else set()
    group = kind == "group" and resource in consumers()
    match user:
        case "operators":
            if topic:
                return {"Read", "Describe", "DescribeConfigs"}
            return {"Describe", "DescribeConfigs"} if kind == "cluster" else {"Describe"} if group else set()
        case "keda":
            return {"Describe"} if group or (topic and topic["readers"]) else set()
        case _:
            return set()


def _may(acls: list[Mapping[str, Any]], kind: str, resource: str, operation: str) -> bool:
    fits = [each for each in acls if _fits(each["resource"], kind, resource)]
    named = {operation, "All"}
    if any(named & set(each["operations"]) for each in fits if each.get("type") == "deny"):
        return False
    granting = named | ALONG.get(operation, set())
    return any(granting & set(each["operations"]) for each in fits if each.get("type", "allow") == "allow")


def _fits(pattern: Mapping[str, str], kind: str, resource: str) -> bool:
    if pattern["type"] != kind:
        return False
    if kind == "cluster":
        return True
    name = pattern.get("name", "")
    return resource.startswith(name) if pattern.get("patternType") == "prefix" else name in {resource, "*"}


def log_in(rendered: Rendered) -> Iterator[Finding]:
    """Kafka lets nobody in without a login over TLS, nobody is a super user, and what is not granted is refused."""
    for kafka in rendered.of("Kafka"):
        spec = kafka["spec"]["kafka"]
        if spec.get("authorization", {}).get("type") != "simple" or spec["authorization"].get("superUsers"):
            remedy = "type: simple, and no super users: rights are granted by KafkaUsers."
            yield Finding(place(kafka), "spec.kafka.authorization", "grants more than the users' rights", remedy)
        for each in spec["listeners"]:
            if not each["tls"] or "type" not in each.get("authentication", {}):
                at = f"spec.kafka.listeners[{each['name']}]"
                yield Finding(place(kafka), at, "a door without TLS or login", "tls: true, authentication.type.")
    for user in rendered.of("KafkaUser"):
        if user["spec"].get("authentication", {}).get("type") != "scram-sha-512":
            yield Finding(place(user), "spec.authentication.type", "is not scram-sha-512", REMEDY)


def as_declared(rendered: Rendered) -> Iterator[Finding]:
    """Where there is a Kafka, its topics are the declared ones, with their partitions and settings."""
    if not rendered.of("Kafka"):
        return
    there = {each["metadata"]["name"]: each for each in rendered.of("KafkaTopic")}
    for name in sorted(there.keys() ^ topics().keys()):
        problem = "is not declared" if name in there else "is declared, and missing"
        yield Finding(f"KafkaTopic/{name}", "metadata.name", problem, REMEDY)
    for name in sorted(there.keys() & topics().keys()):
        spec, declared = there[name]["spec"], topics()[name]
        days = declared["retention_days"]
        wanted = {**declared["config"], "retention.ms": -1 if days < 0 else days * DAY_MS}
        pairs = [("partitions", spec["partitions"], declared["partitions"])]
        pairs += [(f"config[{key}]", str(spec["config"].get(key)), str(value)) for key, value in wanted.items()]
        for field, is_, should in pairs:
            if is_ != should:
                yield Finding(f"KafkaTopic/{name}", f"spec.{field}", f"is {is_!r}, declared is {should!r}", REMEDY)
