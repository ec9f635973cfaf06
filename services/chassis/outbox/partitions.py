"""Which partition a key belongs to, as Kafka's own clients compute it."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """The partition of `key` among `partitions`: murmur2, as in the Java client's default partitioner."""
    number: int = murmur2(key.encode())
    return (number & 0x7FFFFFFF) % partitions
