"""What a user of Kafka may do, tried: for each operation one request in Kafka's own protocol, and the broker's answer.

A request that is not refused may carry itself out: this is for a broker that is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka.admin import KafkaAdminClient
from kafka.protocol.admin import (
    CreateAclsRequest,
    CreatePartitionsRequest,
    CreateTopicsRequest,
    DeleteGroupsRequest,
    DeleteTopicsRequest,
    DescribeAclsRequest,
    DescribeConfigsRequest,
    DescribeGroupsRequest,
    IncrementalAlterConfigsRequest,
)
from kafka.protocol.consumer import FetchRequest, OffsetCommitRequest
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.producer import InitProducerIdRequest, ProduceRequest
from kafka.record import MemoryRecordsBuilder

from chassis.kafka.clients import kafka_options
from chassis.settings import KafkaSettings

REFUSED = {"topic": 29, "group": 30, "cluster": 31, "transactionalId": 53}
"""TOPIC_, GROUP_, CLUSTER_ and TRANSACTIONAL_ID_AUTHORIZATION_FAILED."""
TOPIC, BROKER, GROUP = 2, 4, 32
"""Whose settings a request for settings asks for."""
COMMITTED_TO = "ph.referral.v1"
"""A place is committed of some topic; whether the user may read that one has a code of its own."""
BY_NAME = {"max_version": 9}
"""Later requests name a topic by its id, which one must be allowed to look up."""
WAIT_MS = 10_000


class User:
    """Somebody who is logged in."""

    def __init__(self, client: KafkaAdminClient) -> None:
        self._client = client

    def may(self, kind: str, operation: str, name: str) -> bool:
        """Whether the broker lets this user do it."""
        request = TRIES[kind, operation](name)
        manager = self._client._manager
        answer = manager.run(manager.send, request)
        return REFUSED[kind] not in codes(answer.to_dict())


@contextmanager
def logged_in(settings: KafkaSettings) -> Iterator[User]:
    client = KafkaAdminClient(**kafka_options(settings), request_timeout_ms=WAIT_MS, bootstrap_timeout_ms=WAIT_MS)
    try:
        yield User(client)
    finally:
        client.close()


def codes(answer: Any) -> Iterator[int]:
    """Every code of an error in an answer, wherever it stands."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name == "error_code":
                yield int(value)
            else:
                yield from codes(value)
    elif isinstance(answer, list):
        for each in answer:
            yield from codes(each)


# --- topics ----------------------------------------------------------------------------------------------------------


def fetch(name: str) -> Any:
    topic = FetchRequest.FetchTopic
    place = topic.FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1000, log_start_offset=-1)
    return FetchRequest(
        max_wait_ms=0, min_bytes=0, max_bytes=1000, topics=[topic(topic=name, partitions=[place])], **BY_NAME
    )


def produce(name: str) -> Any:
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1000)
    builder.append(timestamp=None, key=b"k", value=b"tried")
    builder.close()
    topic = ProduceRequest.TopicProduceData
    data = topic.PartitionProduceData(index=0, records=builder.buffer())
    written = [topic(name=name, partition_data=[data])]
    return ProduceRequest(transactional_id=None, acks=-1, timeout_ms=WAIT_MS, topic_data=written, **BY_NAME)


def metadata(name: str) -> Any:
    return MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name=name)], allow_auto_topic_creation=False)


def create(name: str) -> Any:
    topic = CreateTopicsRequest.CreatableTopic(
        name=name, num_partitions=1, replication_factor=1, assignments=[], configs=[]
    )
    return CreateTopicsRequest(topics=[topic], timeout_ms=WAIT_MS, validate_only=True)


def delete(name: str) -> Any:
    topic = DeleteTopicsRequest.DeleteTopicState(name=name)
    return DeleteTopicsRequest(topics=[topic], timeout_ms=WAIT_MS)


def repartition(name: str) -> Any:
    topic = CreatePartitionsRequest.CreatePartitionsTopic(name=name, count=100, assignments=None)
    return CreatePartitionsRequest(topics=[topic], timeout_ms=WAIT_MS, validate_only=True)


def settings_of(kind: int) -> Callable[[str], Any]:
    def asked(name: str) -> Any:
        what = DescribeConfigsRequest.DescribeConfigsResource(
            resource_type=kind, resource_name=name, configuration_keys=None
        )
        return DescribeConfigsRequest(resources=[what], include_synonyms=False, include_documentation=False)

    return asked


def change_settings_of(kind: int, setting: str, value: str) -> Callable[[str], Any]:
    def asked(name: str) -> Any:
        what = IncrementalAlterConfigsRequest.AlterConfigsResource
        change = what.AlterableConfig(name=setting, config_operation=0, value=value)
        resource = what(resource_type=kind, resource_name=name, configs=[change])
        return IncrementalAlterConfigsRequest(resources=[resource], validate_only=True)

    return asked


# --- groups, the cluster, transactions --------------------------------------------------------------------------------


def commit(name: str) -> Any:
    topic = OffsetCommitRequest.OffsetCommitRequestTopic
    place = topic.OffsetCommitRequestPartition(partition_index=0, committed_offset=0, committed_metadata="")
    return OffsetCommitRequest(
        group_id=name,
        generation_id_or_member_epoch=-1,
        member_id="",
        group_instance_id=None,
        topics=[topic(name=COMMITTED_TO, partitions=[place])],
        **BY_NAME,
    )


def describe_group(name: str) -> Any:
    return DescribeGroupsRequest(groups=[name], include_authorized_operations=False)


def delete_group(name: str) -> Any:
    return DeleteGroupsRequest(groups_names=[name])


def describe_rights(_name: str) -> Any:
    return DescribeAclsRequest(
        resource_type_filter=1,
        resource_name_filter=None,
        pattern_type_filter=1,
        principal_filter=None,
        host_filter=None,
        operation=1,
        permission_type=1,
    )


def grant(_name: str) -> Any:
    right = CreateAclsRequest.AclCreation(
        resource_type=TOPIC,
        resource_name="ph.granted.v1",
        resource_pattern_type=3,
        principal="User:granted",
        host="*",
        operation=3,
        permission_type=3,
    )
    return CreateAclsRequest(creations=[right])


def transaction(name: str) -> Any:
    return InitProducerIdRequest(
        transactional_id=name, transaction_timeout_ms=1000, producer_id=-1, producer_epoch=-1, max_version=4
    )


NODE = "1"
"""The broker's settings are asked for by its number."""

TRIES: dict[tuple[str, str], Callable[[str], Any]] = {
    ("topic", "Read"): fetch,
    ("topic", "Write"): produce,
    ("topic", "Describe"): metadata,
    ("topic", "Create"): create,
    ("topic", "Delete"): delete,
    ("topic", "Alter"): repartition,
    ("topic", "DescribeConfigs"): settings_of(TOPIC),
    ("topic", "AlterConfigs"): change_settings_of(TOPIC, "retention.ms", "1000"),
    ("group", "Read"): commit,
    ("group", "Describe"): describe_group,
    ("group", "Delete"): delete_group,
    ("group", "DescribeConfigs"): settings_of(GROUP),
    ("group", "AlterConfigs"): change_settings_of(GROUP, "consumer.session.timeout.ms", "45000"),
    ("cluster", "Describe"): describe_rights,
    ("cluster", "Alter"): grant,
    ("cluster", "DescribeConfigs"): lambda _: settings_of(BROKER)(NODE),
    ("cluster", "AlterConfigs"): lambda _: change_settings_of(BROKER, "log.cleaner.threads", "1")(NODE),
    ("transactionalId", "Write"): transaction,
}
"""The operations that Kafka knows for each kind of resource, but those of `UNTRIED`."""
UNTRIED = {
    ("cluster", "Create"): "tried with each topic: who may create on the cluster may create any",
    ("cluster", "ClusterAction"): "of brokers among themselves: no request of a client asks for it",
    ("cluster", "IdempotentWrite"): "since Kafka 3.0 whoever may write to some topic may",
    ("transactionalId", "Describe"): "granted along with Write, which nobody has",
}
"""Not tried, each with the reason."""
