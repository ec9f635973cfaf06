"""What a service tells of its operation, as it stands in its topic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.pure.operations import reader_of
from tests.support.records import FakeRecord, record, recorded

TOPIC = "ph.referral.v1"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Teller:
    """What one service tells of its operation."""

    def __init__(self, service: str, began: datetime = AT) -> None:
        self.service = service
        self.began = began
        self.said: list[FakeRecord] = []

    def say(self, name: str, minute: float, **body: Any) -> None:
        """An event of so many minutes after the beginning."""
        number = len(self.said) + 1
        at = self.began + timedelta(minutes=minute)
        told = record(
            {"reader_id": str(reader_of(self.service)), **body},
            type_=f"ph.{self.service}.{name}.v1",
            key=reader_of(self.service),
            sequence=number,
            offset=number,
            topic=f"ph.{self.service}.operations.v1",
        )
        published = recorded(told, at, ce_time=at.isoformat().encode())
        self.said.append(published._replace(timestamp=int(at.timestamp() * 1000)))

    def about(self, name: str, minute: float, offset: int, failure: str = "unlucky", attempt: int = 1) -> None:
        """What became of a record."""
        place = {"record_topic": TOPIC, "record_partition": 0, "record_offset": offset}
        self.say(name, minute, **place, failure=failure, attempt=attempt)

    def report(self, minute: float, next_offset: int, *, restored: bool = False, parked: int = 0) -> None:
        """How far it has read."""
        places = [{"topic": TOPIC, "partition": 0, "next_offset": next_offset}]
        self.say("ProgressReported", minute, places=places, parked=parked, outbox_oldest_seconds=0, restored=restored)
