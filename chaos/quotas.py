"""Producer quotas, by Kafka's own request for them: aiokafka has no call that makes it."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

_ENTITY = Array(("type", String("utf-8")), ("name", String("utf-8")))


class _Answer(Response):
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("entries", Array(("error_code", Int16), ("error_message", String("utf-8")), ("entity", _ENTITY))),
    )


class _Question(RequestStruct):
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", _ENTITY),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class _AlterClientQuotas(Request[_Question]):
    API_KEY = 49

    def __init__(self, clients: Iterable[str], rate: float | None) -> None:
        self._entries = [
            ([("client-id", client)], [("producer_byte_rate", rate or 0.0, rate is None)]) for client in clients
        ]

    def build(self, request_struct_class: type[_Question]) -> _Question:
        return request_struct_class(self._entries, False)


async def set_producer_rate(bootstrap: str, clients: Iterable[str], rate: float | None) -> None:
    """Bytes per second that these client ids may write; None: any number. Raises `OSError` if it is refused."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin._send_to_controller(_AlterClientQuotas(clients, rate))
        if refused := [message for code, message, _ in answer.entries if code]:
            raise OSError(f"quota refused: {refused[0]}")
    finally:
        await admin.close()
