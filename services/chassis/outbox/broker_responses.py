"""What brokers answer to the relay and aiokafka keeps to itself: how long to be silent, and why a batch is rejected.

A broker that has a quota for this client takes a request, answers it at once, and names the milliseconds for which the
client must keep silent (`throttle_time_ms`, KIP-219). aiokafka reads them and does nothing. A client that goes on
sending waits for its own timeout, reconnects, sends everything again, and thereby evades the quota.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, RecordListTooLargeError, kafka_errors
from aiokafka.protocol.produce import ProduceRequest

from chassis.waiting import is_set_within

TOO_LARGE = (MessageSizeTooLargeError.errno, RecordListTooLargeError.errno)


class Rejection(NamedTuple):
    """Why a batch was not acknowledged. `too_large`: a smaller one may be."""

    reason: str
    too_large: bool = False


def rejection(code: int) -> Rejection:
    """The name of the broker's error, such as `MessageSizeTooLarge`; the number of one that aiokafka does not know."""
    known = kafka_errors.get(code)
    return Rejection(f"error {code}" if known is None else known.__name__.removesuffix("Error"), code in TOO_LARGE)


class BrokerResponses:
    """Outlives the producers of a relay: a new connection to a broker keeps silent for as long as the old one must."""

    def __init__(self, asked: Callable[[float], None]) -> None:
        """`asked` is told each time that a broker asks for silence, and for how many seconds."""
        self._asked = asked
        self._until: dict[int, float] = {}
        self._codes: dict[tuple[str, int], int] = {}
        self._dropped = asyncio.Event()

    def silence(self) -> float:
        """Seconds until every broker may be spoken to; 0 or less if none asks for silence."""
        return max((until - monotonic() for until in self._until.values()), default=0.0)

    def rejection(self, place: tuple[str, int]) -> Rejection | None:
        """Why the last batch for this partition was not taken; None if it was taken or not answered."""
        code = self._codes.get(place)
        return None if code is None else rejection(code)

    def listen(self, producer: AIOKafkaProducer) -> None:
        """Hears all that brokers answer to this producer, and holds back what it would say too early."""
        client: Any = producer.client
        send, dropped = client.send, asyncio.Event()

        async def heard(node: int, request: Any, **options: Any) -> Any:
            while node in self._until and (silence := self._until[node] - monotonic()) > 0:
                if await is_set_within(dropped, silence):
                    raise KafkaConnectionError("the producer was let go while it kept silent")
            response = await send(node, request, **options)
            self._note(node, request, response)
            return response

        client.send = heard
        self._dropped = dropped
        self._codes.clear()

    def drop(self) -> None:
        """What the producer still holds back is never said: the next one has it."""
        self._dropped.set()

    def _note(self, node: int, request: Any, response: Any) -> None:
        silence = getattr(response, "throttle_time_ms", 0) / 1000
        if silence > 0:
            self._until[node] = monotonic() + silence
            self._asked(silence)
        if isinstance(request, ProduceRequest):
            for topic, partitions in response.topics:
                for partition, code, *_ in partitions:
                    if code:
                        self._codes[topic, partition] = code
                    else:
                        self._codes.pop((topic, partition), None)
