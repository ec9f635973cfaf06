"""Records that the client cannot unpack: how that is told from a broker that does not answer, and what comes behind."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    LeaderNotAvailableError,
    OffsetOutOfRangeError,
    UnsupportedCodecError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

ONE_BATCH = 1
"""Bytes to fetch: the broker answers with one whole batch, however large."""
FETCH_MS = 1000
BY_ITS_WRITER = 0
"""The type of a batch's timestamp: of its creation. Any other was set by the broker, for the batch as a whole."""

_OF_RECORDS = (CorruptRecordException, UnsupportedCodecError)


def is_about_records(error: BaseException) -> bool:
    """True if what was fetched raised, rather than the broker or the way to it.

    aiokafka makes a `KafkaError` of a missing codec and of a checksum that is wrong; anything else that comes out of
    unpacking is no `KafkaError` at all.
    """
    return not isinstance(error, (KafkaError, OSError)) or isinstance(error, _OF_RECORDS)


class StoredBatch(NamedTuple):
    """A batch as it stands there, not unpacked: the first offset behind it, and a digest of its bytes."""

    next_offset: int
    digest: bytes


class Written(NamedTuple):
    """When a batch was written, in seconds since the epoch by its own timestamp, and the first offset behind it."""

    seconds: float
    next_offset: int


async def batch_at(client: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> StoredBatch | None:
    """The batch that holds this offset; None if there is none. Reads only the batch's frame and unpacks nothing.

    Raises `KafkaError` or `TimeoutError`.
    """
    found = await _frame_at(client, partition, offset)
    if found is None:
        return None
    batch, whole = found
    return StoredBatch(max(offset + 1, batch.next_offset), hashlib.sha256(whole).digest())


async def written_at(client: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> Written | None:
    """When the batch that holds this offset was written; None if there is none. Unpacks nothing, either.

    Raises `KafkaError` or `TimeoutError`.
    """
    found = await _frame_at(client, partition, offset)
    if found is None:
        return None
    batch, _ = found
    first = batch.first_timestamp if batch.timestamp_type == BY_ITS_WRITER else batch.max_timestamp
    return Written(first / 1000, max(offset + 1, batch.next_offset))


async def _frame_at(client: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> tuple[Any, bytes] | None:
    """The frame of the batch that holds this offset, and the bytes of all of it."""
    await client.end_offsets([partition])  # the client knows the leader afterwards
    network = client._client  # noqa: SLF001 - there is no other way to send a request of one's own
    leader = network.cluster.leader_for_partition(partition)
    if leader is None or leader < 0:
        raise LeaderNotAvailableError(partition)
    wanted = [(partition.topic, [(partition.partition, offset, ONE_BATCH)])]
    answer = await network.send(leader, FetchRequest(FETCH_MS, 1, ONE_BATCH, 0, wanted))
    ((_, ((_, code, *rest),)),) = answer.topics
    if code == OffsetOutOfRangeError.errno:
        return None
    if code:
        raise for_code(code)(partition)
    batch = MemoryRecords(rest[-1]).next_batch()
    return None if batch is None else (batch, rest[-1])
