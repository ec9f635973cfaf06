"""A dispatcher on tables in memory, and the records that tests give it."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.support.memory_database import MemoryDatabase
from tests.support.records import FakeRecord, event_id, record, recorded
from tests.support.toy_runtime import ToyRuntime

KEY = UUID("0a4f3201-0739-4a01-a222-c2ca70788890")
OTHER = UUID("1b4f3201-0739-4a01-a222-c2ca70788891")
SHOP, SOLD = "ph.shop.v1", "ph.shop.Sold.v1"
LONG_AGO = datetime(2026, 3, 2, 9, tzinfo=UTC)


def told(sequence: int, amount: int = 1, *, key: UUID = KEY, after: int | None = None, at: int = -1) -> FakeRecord:
    """Event `sequence` of a till, recorded so many seconds `after` the first; its offset is its amount."""
    body = {"till_id": str(key), "amount": amount}
    found = record(body, type_=SOLD, key=key, sequence=sequence, offset=amount if at < 0 else at)
    recorded_at = LONG_AGO + timedelta(seconds=sequence if after is None else after)
    return recorded(found, recorded_at, ce_id=event_id(f"{key}-{sequence}-{amount}").encode())


def bad(sequence: int, at: int, *, key: UUID | None = KEY) -> FakeRecord:
    return record(b"{nonsense", type_=SOLD, key=key, sequence=sequence, offset=at)


class World:
    """A dispatcher and what it has done."""

    def __init__(self, compacted: Collection[str] = ()) -> None:
        self.database = MemoryDatabase()
        self.toy = ToyRuntime(self.database, compacted=compacted)  # type: ignore[arg-type]
        self.dispatcher, self.metrics = self.toy.dispatcher, self.toy.metrics
        self.handle, self.drain = self.dispatcher.handle, self.dispatcher.drain

    def receipts(self, till: UUID = KEY) -> list[int]:
        found: list[int] = json.loads(self.database.tables.tills.get(till, (0, '{"receipts": []}'))[1])["receipts"]
        return found

    def parked(self) -> list[tuple[int, str, str]]:
        return self.database.parked()

    def blocked(self, key: UUID = KEY) -> bool:
        return self.database.is_blocked((SHOP, str(key)))

    def counted(self, outcome: str, type_: str = SOLD) -> float:
        return float(self.metrics.consumed.labels(type_, outcome)._value.get())

    def disowned(self, reason: str, topic: str = SHOP) -> float:
        return float(self.metrics.disowned.labels(topic, reason)._value.get())

    def numbers(self) -> list[float]:
        """Gaps, keys first seen late, and gaps that were filled."""
        metrics = self.metrics
        counters = (metrics.gaps, metrics.first_seen_late, metrics.gaps_filled)
        return [each.labels(SHOP)._value.get() for each in counters]

    def sample(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0
