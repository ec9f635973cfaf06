"""What an administrator tells a cluster and aiokafka's admin client has no call for: quotas, and who may do what."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String


class _AlterClientQuotasResponse(Response):
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
            ),
        ),
    )


class _AlterClientQuotasRequestV0(RequestStruct):
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlterClientQuotasResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class _AlterClientQuotasRequest(Request[_AlterClientQuotasRequestV0]):
    API_KEY = 49

    def __init__(self, entries: list[Any]) -> None:
        self._entries = entries

    def build(self, request_struct_class: type[_AlterClientQuotasRequestV0]) -> _AlterClientQuotasRequestV0:
        return request_struct_class(self._entries, False)


async def producer_quota(bootstrap: str, client_id: str, bytes_per_second: float | None) -> None:
    """Sets the quota of a client id, or takes it away."""
    operation = ("producer_byte_rate", bytes_per_second or 0.0, bytes_per_second is None)
    await _ask(bootstrap, _AlterClientQuotasRequest([([("client-id", client_id)], [operation])]))


class Resource(IntEnum):
    """Of an ACL."""

    TOPIC = 2
    CLUSTER = 4


class Operation(IntEnum):
    """Of an ACL."""

    CREATE = 5
    ALTER = 7
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11


async def allow(bootstrap: str, user: str, *rights: tuple[Resource, str, Operation]) -> None:
    """Grants these rights on exactly these resources; the cluster's name is `kafka-cluster`."""
    literal, any_host, allowed = 3, "*", 3
    for resource, name, operation in rights:
        request = CreateAclsRequest(resource, name, literal, f"User:{user}", any_host, operation, allowed)
        await _ask(bootstrap, request)


async def _ask(bootstrap: str, request: Any) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        response = await client._send_to_controller(request)
    finally:
        await client.close()
    answer = response.to_object()
    for result in answer.get("entries") or answer["creation_responses"]:
        assert result["error_code"] == 0, result
