"""Where a key belongs."""

from __future__ import annotations

import pytest

from chassis.outbox.partitions import partition_of


@pytest.mark.parametrize(("key", "hashed"), [("21", -973932308), ("foobar", -790332482), ("abc", 479470107)])
@pytest.mark.parametrize("partitions", [1, 6, 1000, 2**31])
def test_partitions_are_those_of_the_java_client(key: str, hashed: int, partitions: int) -> None:
    # The hashes are from org.apache.kafka.common.utils.UtilsTest.
    assert partition_of(key, partitions) == (hashed & 0x7FFFFFFF) % partitions
