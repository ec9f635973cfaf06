"""Records that aiokafka cannot unpack: a harmless stand-in, at its own boundary, for those that make it raise."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.consumer.fetcher import PartitionRecords

CURSED = b"cursed"


def lay(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Makes aiokafka raise this while it unpacks a record with the cursed value."""
    unpack = PartitionRecords._consumer_record

    def cursed(self: PartitionRecords, place: Any, record: Any) -> Any:
        if record.value == CURSED:
            raise error
        return unpack(self, place, record)

    monkeypatch.setattr(PartitionRecords, "_consumer_record", cursed)
