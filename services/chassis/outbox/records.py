"""Kafka records as bytes: encoded where an event is stored, so that the relay only joins them.

A record is, by Kafka's record batch format (magic 2; "Messages" in Kafka's documentation of its protocol):

    length, attributes, timestamp delta, offset delta | key, value, number of headers, headers
                    known when it is sent             | known when the event is stored: the `body`

Every length and number is a zigzag varint. `Batch` takes the place of aiokafka's builder in `send_batch`: that would
parse, encode and copy every header of every record once more, which was most of the relay's work.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBase
from aiokafka.record.util import calc_crc32c

_HEADER = DefaultRecordBase.HEADER_STRUCT
_AFTER_LENGTH = DefaultRecordBase.AFTER_LEN_OFFSET
_CRC = DefaultRecordBase.CRC_OFFSET
_CHECKED = DefaultRecordBase.ATTRIBUTES_OFFSET
_NO_LEADER_EPOCH = -1
_MAGIC = 2
_NO_ATTRIBUTES = b"\x00"
_NO_DELAY = b"\x00"


@lru_cache(maxsize=4096)
def varint(number: int) -> bytes:
    """A number from 0 on as zigzag varint."""
    rest = number << 1
    encoded = bytearray()
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def sized(content: bytes) -> bytes:
    """Bytes behind their length."""
    return varint(len(content)) + content


def body(key: bytes, value: bytes, headers: Iterable[bytes], count: int) -> bytes:
    """What is known of a record before it is sent; `headers` are `count` names and values, each `sized`."""
    return b"".join((varint(len(key)), key, varint(len(value)), value, varint(count), *headers))


_ID = sized(b"ce_id")


def id_in(record: bytes) -> str:
    """The `ce_id` of a body; empty if it has none. Nothing else in a body looks like it: JSON has no line feed."""
    place = record.rfind(_ID)
    if place < 0:
        return ""
    start = place + len(_ID) + 1  # the length of an id is one byte
    return record[start : start + record[start - 1] // 2].decode("utf-8", "replace")


def renumbered(record: bytes, number: int) -> bytes:
    """The same body under another number, the value of its last header."""
    digits = str(number).encode()
    return record.rstrip(b"0123456789")[:-1] + sized(digits)


class Batch(BatchBuilder):
    """Records of one partition on their way to `AIOKafkaProducer.send_batch`, at most `limit` bytes in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = _HEADER.size
        self._parts: list[bytes] = []
        self._count = 0
        self._closed = True  # for aiokafka: complete, send it at once
        self._producer = (-1, -1, -1)
        self._buffer: bytes | None = None

    def add(self, record: bytes) -> bool:
        """Appends a body; False if it no longer fits. A first record always does: the broker judges it."""
        number = varint(self._count)
        length = varint(len(record) + 2 + len(number))
        size = len(record) + 2 + len(number) + len(length)
        if self._size + size > self._limit and self._count:
            return False
        self._size += size
        self._count += 1
        self._parts += (length, _NO_ATTRIBUTES, _NO_DELAY, number, record)
        return True

    def size(self) -> int:
        """In bytes, the batch's own header included."""
        return self._size

    def last(self) -> bytes:
        """The body of its last record."""
        return self._parts[-1]

    def record_count(self) -> int:
        """How many records it has."""
        return self._count

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = (producer_id, producer_epoch, base_sequence)

    def _build(self) -> bytes:
        # Built once: the broker recognises a batch that is sent again only if it is the same, byte for byte.
        if self._buffer is None:
            now = int(time.time() * 1000)
            buffer = bytearray(self._size)
            _HEADER.pack_into(
                buffer,
                0,
                0,  # the base offset is the broker's
                self._size - _AFTER_LENGTH,
                _NO_LEADER_EPOCH,
                _MAGIC,
                0,  # the checksum follows
                0,  # attributes: not compressed, not transactional
                self._count - 1,
                now,
                now,
                *self._producer,
                self._count,
            )
            buffer[_HEADER.size :] = b"".join(self._parts)
            buffer[_CRC:_CHECKED] = calc_crc32c(buffer[_CHECKED:]).to_bytes(4, "big")
            self._buffer = bytes(buffer)
        return self._buffer
