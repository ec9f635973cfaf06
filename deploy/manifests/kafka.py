"""Topics and users of Kafka as Strimzi's operators take them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from chassis.kafka.rights import Resource, Right
from chassis.kafka.topics import Topic, writable

CLUSTER = "chain"
"""Name of the Kafka of an environment."""
QUOTAS = {
    "producer_byte_rate": "producerByteRate",
    "consumer_byte_rate": "consumerByteRate",
    "request_percentage": "requestPercentage",
    "controller_mutation_rate": "controllerMutationRate",
}
"""Kafka's names of quotas and Strimzi's."""


def topic(declared: Topic) -> dict[str, Any]:
    """The KafkaTopic of a declared topic."""
    return {
        **_head("KafkaTopic", declared.name),
        "spec": {
            "partitions": declared.partitions,
            "replicas": declared.replication,
            "config": dict(sorted(writable(declared.config, declared.replication).items())),
        },
    }


def user(name: str, granted: Iterable[Right], quotas: Mapping[str, float]) -> dict[str, Any]:
    """The KafkaUser with exactly these rights. Its password lies in a Secret of the same name, made by the operator."""
    spec: dict[str, Any] = {
        "authentication": {"type": "scram-sha-512"},
        "authorization": {"type": "simple", "acls": _acls(granted)},
    }
    if quotas:
        spec["quotas"] = {QUOTAS[each]: _number(value) for each, value in sorted(quotas.items())}
    return {**_head("KafkaUser", name), "spec": spec}


def _acls(granted: Iterable[Right]) -> list[dict[str, Any]]:
    """One entry per resource, in order of kind and name; `operations` in order of name."""
    by_resource = groupby(sorted(granted), key=lambda right: (right.resource, right.name))
    return [
        {"resource": _resource(kind, name), "operations": sorted(str(right.operation) for right in rights)}
        for (kind, name), rights in by_resource
    ]


def _resource(kind: Resource, name: str) -> dict[str, str]:
    if kind is Resource.CLUSTER:
        return {"type": "cluster"}  # there is one, and Strimzi gives it no name
    return {"type": str(kind), "name": name, "patternType": "literal"}


def _head(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}},
    }


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value
