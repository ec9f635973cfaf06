"""What aiokafka cannot ask: what this user may do, how much, and what time it is at the controller.

Requests and answers as Kafka's protocol has them, for `AIOKafkaAdminClient`; each names its version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    Bytes,
    CompactArray,
    CompactString,
    Float64,
    Int8,
    Int16,
    Int32,
    Int64,
    Schema,
    String,
    TaggedFields,
)

from chassis.kafka.rights import Operation

_TEXT = String("utf-8")
_COMPACT = CompactString("utf-8")
_PARTITION = ("partitions", Array(
    ("error_code", Int16), ("partition", Int32), ("leader", Int32), ("leader_epoch", Int32),
    ("replicas", Array(Int32)), ("isr", Array(Int32)), ("offline_replicas", Array(Int32)),
))  # fmt: skip


class _MetadataResponse(Response):
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT))),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("is_internal", Boolean),
                _PARTITION,
                ("operations", Int32),
            ),
        ),
        ("operations", Int32),
    )


class _MetadataStruct(RequestStruct):
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(_TEXT)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_operations", Boolean),
        ("include_topic_operations", Boolean),
    )


class MetadataWithRights(Request[_MetadataStruct]):
    """These topics, and what this user may do with each, and with the cluster."""

    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[_MetadataStruct]) -> _MetadataStruct:
        """For aiokafka."""
        return request_struct_class(self._topics, False, True, True)


class _GroupsResponse(Response):
    API_KEY = 15
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                ("group", _TEXT),
                ("state", _TEXT),
                ("protocol_type", _TEXT),
                ("protocol", _TEXT),
                (
                    "members",
                    Array(
                        ("member_id", _TEXT),
                        ("client_id", _TEXT),
                        ("client_host", _TEXT),
                        ("metadata", Bytes),
                        ("assignment", Bytes),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
    )


class _GroupsStruct(RequestStruct):
    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = _GroupsResponse
    SCHEMA = Schema(("groups", Array(_TEXT)), ("include_operations", Boolean))


class GroupWithRights(Request[_GroupsStruct]):
    """One group, and what this user may do with it. aiokafka 0.14 asks so, and reads the answer by an older form."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_GroupsStruct]) -> _GroupsStruct:
        """For aiokafka."""
        return request_struct_class([self._group], True)


class _QuotasResponse(Response):
    API_KEY = 48
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", _TEXT),
        (
            "entries",
            Array(
                ("entity", Array(("entity_type", _TEXT), ("entity_name", _TEXT))),
                ("values", Array(("key", _TEXT), ("value", Float64))),
            ),
        ),
    )


class _QuotasStruct(RequestStruct):
    API_KEY = 48
    API_VERSION = 0
    RESPONSE_TYPE = _QuotasResponse
    SCHEMA = Schema(
        ("components", Array(("entity_type", _TEXT), ("match_type", Int8), ("match", _TEXT))),
        ("strict", Boolean),
    )


class QuotasOf(Request[_QuotasStruct]):
    """The quotas of one user."""

    API_KEY = 48

    def __init__(self, user: str) -> None:
        self._user = user

    def build(self, request_struct_class: type[_QuotasStruct]) -> _QuotasStruct:
        """For aiokafka."""
        return request_struct_class([("user", 0, self._user)], True)


_REPLICA = CompactArray(
    ("replica_id", Int32),
    ("log_end_offset", Int64),
    ("last_fetch_timestamp", Int64),
    ("last_caught_up_timestamp", Int64),
    ("tags", TaggedFields),
)


class _QuorumResponse(Response):
    API_KEY = 55
    API_VERSION = 1
    SCHEMA = Schema(
        ("error_code", Int16),
        (
            "topics",
            CompactArray(
                ("topic", _COMPACT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("high_watermark", Int64),
                        ("voters", _REPLICA),
                        ("observers", _REPLICA),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _QuorumStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 55
    API_VERSION = 1
    RESPONSE_TYPE = _QuorumResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic", _COMPACT),
                ("partitions", CompactArray(("partition", Int32), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class Quorum(Request[_QuorumStruct]):
    """The controllers. The leader answers with its own clock."""

    API_KEY = 55

    def build(self, request_struct_class: type[_QuorumStruct]) -> _QuorumStruct:
        """For aiokafka."""
        return request_struct_class([("__cluster_metadata", [(0, {})], {})], {})


async def metadata_with_rights(client: AIOKafkaAdminClient, topics: Sequence[str]) -> Any:
    """The answer as it is: a topic that may not be described, or is not there, has an error of its own."""
    return await _ask(client, MetadataWithRights(topics))


async def operations_on_group(client: AIOKafkaAdminClient, group: str) -> frozenset[Operation]:
    """What this user may do with it. Raises `GroupAuthorizationFailedError` if he may not even describe it."""
    coordinator = await client.find_coordinator(group)
    answer = await _ask(client, GroupWithRights(group), coordinator)
    error_code, *_described, bits = answer.groups[0]
    _require(error_code)
    return operations(bits)


async def quotas(client: AIOKafkaAdminClient, user: str) -> dict[str, float]:
    """By their names. Raises `ClusterAuthorizationFailedError` without DescribeConfigs on the cluster."""
    answer = await _ask(client, QuotasOf(user))
    _require(answer.error_code)
    return {key: value for entity, values in answer.entries for key, value in values}


async def controller_time(client: AIOKafkaAdminClient) -> float:
    """What the active controller takes for the time, in seconds since 1970. Raises `ClusterAuthorizationFailedError`
    without Describe on the cluster."""
    answer = await _ask(client, Quorum())
    _require(answer.error_code)
    _topic, partitions, _tags = answer.topics[0]
    _partition, error_code, leader, _epoch, _mark, voters, _observers, _tags = partitions[0]
    _require(error_code)
    milliseconds: int = next(fetched for id_, _end, fetched, _caught_up, _tags in voters if id_ == leader)
    return milliseconds / 1000


def operations(bits: int) -> frozenset[Operation]:
    """The operations of an answer, which has a bit for each; none if the broker did not say."""
    return frozenset(each for each in Operation if bits > 0 and bits >> each.code & 1)


async def _ask(client: AIOKafkaAdminClient, request: Request[Any], node: int | None = None) -> Any:
    return await client._send_request(request, node)  # noqa: SLF001 - its public calls know other requests only


def _require(error_code: int) -> None:
    if error_code:
        raise for_code(error_code)
