"""What each service may do in Kafka, derived from `schemas/topics.yaml`: the one place that says it.

`ph topics plan --acls` compares a cluster with it, `apply --acls` brings it there, `ph doctor` asks for it with the
service's own login, and `make manifests` writes it down for Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chassis.kafka.topics import Declaration, Entry


class Resource(StrEnum):
    """What a right is about."""

    TOPIC = "topic"
    GROUP = "group"
    CLUSTER = "cluster"


class Operation(StrEnum):
    """What may be done, by Kafka's own names."""

    ALL = "All"
    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DELETE = "Delete"
    ALTER = "Alter"
    DESCRIBE = "Describe"
    CLUSTER_ACTION = "ClusterAction"
    DESCRIBE_CONFIGS = "DescribeConfigs"
    ALTER_CONFIGS = "AlterConfigs"
    IDEMPOTENT_WRITE = "IdempotentWrite"
    CREATE_TOKENS = "CreateTokens"
    DESCRIBE_TOKENS = "DescribeTokens"

    @property
    def code(self) -> int:
        """Its number in Kafka's protocol."""
        return list(Operation).index(self) + 2


CLUSTER = "kafka-cluster"
"""The name of the one resource of its kind."""

IMPLIED = {
    Operation.DESCRIBE: {Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER},
    Operation.DESCRIBE_CONFIGS: {Operation.ALTER_CONFIGS},
}
"""Kafka grants an operation along with others; so Describe (metadata, offsets) is not granted by itself where a service
reads or writes."""

WRITER = (Operation.WRITE, Operation.READ, Operation.DESCRIBE_CONFIGS)
"""Who writes reads too: after a restore a service looks up what its topic got. The configuration says how large a batch
may be."""
READER = (Operation.READ, Operation.DESCRIBE_CONFIGS)
"""The configuration says for how long the topic keeps what was not read yet."""


OPERATORS = "operators"
AUTOSCALER = "keda"
"""Names of the users that are no service."""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One operation on one resource."""

    resource: Resource
    name: str
    operation: Operation

    def __str__(self) -> str:
        return f"{self.operation} on {self.resource} {self.name}"


def rights(declaration: Declaration) -> dict[str, frozenset[Right]]:
    """What each service needs, and no more.

    Its group is called like the service; it is read for the committed offsets, and so may be committed to. Describe on
    the cluster tells the controller's clock (`ph doctor`).
    """
    services = sorted({name for entry in declaration.topics.values() for name in (*_owners(entry), *entry.readers)})
    return {service: frozenset(_of(service, declaration.topics)) for service in services}


def onlookers(declaration: Declaration) -> dict[str, frozenset[Right]]:
    """What the users need that are no service; neither writes, commits or changes anything.

    `operators` run `ph`: they compare topics, rights and quotas with the declaration, and read what a topic got after a
    restore. The autoscaler counts what a service has not read yet.
    """
    groups = sorted({reader for entry in declaration.topics.values() for reader in entry.readers})
    described = {Right(Resource.GROUP, group, Operation.DESCRIBE) for group in groups}
    operators = {Right(Resource.TOPIC, name, operation) for name in declaration.topics for operation in READER}
    cluster = {Right(Resource.CLUSTER, CLUSTER, each) for each in (Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS)}
    read = [name for name, entry in declaration.topics.items() if entry.readers]
    return {
        OPERATORS: frozenset(operators | described | cluster),
        AUTOSCALER: frozenset({Right(Resource.TOPIC, name, Operation.DESCRIBE) for name in read} | described),
    }


def _of(service: str, topics: Mapping[str, Entry]) -> set[Right]:
    found = {
        Right(Resource.GROUP, service, Operation.READ),
        Right(Resource.CLUSTER, CLUSTER, Operation.DESCRIBE),
    }
    for name, entry in topics.items():
        if service in _owners(entry):
            found |= {Right(Resource.TOPIC, name, operation) for operation in WRITER}
        if service in entry.readers:
            found |= {Right(Resource.TOPIC, name, operation) for operation in READER}
    return found


def _owners(entry: Entry) -> tuple[str, ...]:
    return (entry.owner,) if entry.owner else ()


def granted_along(operation: Operation) -> set[Operation]:
    """The operations whose grant is a grant of this one."""
    return {operation, Operation.ALL} | IMPLIED.get(operation, set())
