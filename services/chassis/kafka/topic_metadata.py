"""What the brokers say about a topic: its id and its partitions.

A topic that is deleted and made anew keeps its name, and its offsets begin again: only the id tells. aiokafka's own
request is of a version without ids.
"""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any, NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, NodeNotReadyError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

_METADATA = 3
_VERSION = 12


class Topic(NamedTuple):
    """One topic.

    `partitions` have a leader; `leaderless` more have none for now. `error`: why it cannot be read; then there
    are no partitions.
    """

    id: bytes
    partitions: tuple[int, ...]
    leaderless: int
    error: str | None


class _Uuid(AbstractType[bytes]):
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


_NO_ID = bytes(16)
_NAME = CompactString("utf-8")


class _MetadataResponse(Response):
    API_KEY = _METADATA
    API_VERSION = _VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(("node_id", Int32), ("host", _NAME), ("port", Int32), ("rack", _NAME), ("tags", TaggedFields)),
        ),
        ("cluster_id", _NAME),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", _NAME),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequestStruct(RequestStruct):
    API_KEY = _METADATA
    API_VERSION = _VERSION
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", _NAME), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_operations", Boolean),
        ("tags", TaggedFields),
    )


class _MetadataRequest(Request[_MetadataRequestStruct]):
    API_KEY = _METADATA

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequestStruct]) -> _MetadataRequestStruct:
        return request_struct_class([(_NO_ID, name, {}) for name in self._topics], False, False, {})


async def topics(client: AIOKafkaClient, names: list[str]) -> dict[str, Topic]:
    """These topics, asked from any broker that answers. Raises `KafkaError` if none does."""
    answer = await _answered(client, _MetadataRequest(names))
    found = {}
    for code, name, topic_id, _, partitions, *_ in answer.topics:
        error: type[KafkaError] | None = for_code(code) if code else None
        if error is None:
            numbers = tuple(sorted(number for _, number, leader, *_ in partitions if leader >= 0))
            found[name] = Topic(topic_id, numbers, len(partitions) - len(numbers), None)
        else:
            found[name] = Topic(topic_id, (), 0, error.__name__)
    return found


async def _answered(client: AIOKafkaClient, request: _MetadataRequest) -> Any:
    nodes = [broker.nodeId for broker in client.cluster.brokers()]
    failed: KafkaError = NodeNotReadyError("no broker is known")
    for node in random.sample(nodes, len(nodes)):
        try:
            return await client.send(node, request)
        except KafkaError as error:
            failed = error
    raise failed
