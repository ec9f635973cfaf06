"""How long each reader stood still at each partition while something was waiting there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.support.chain import READS, Chain

LOOK_SECONDS = 0.1
Place = tuple[str, str, int]


@dataclass
class Gaps:
    """The longest wait in seconds, by reader, topic and partition."""

    longest: dict[Place, float] = field(default_factory=dict)
    _since: dict[Place, tuple[int, float]] = field(default_factory=dict)

    async def watch(self, chain: Chain) -> None:
        """Looks until it is cancelled."""
        topics = sorted({f"ph.{source}.v1" for sources in READS.values() for source in sources})
        async with AIOKafkaConsumer(*topics, bootstrap_servers=chain.broker.bootstrap) as reader:
            with suppress(asyncio.CancelledError):
                while True:
                    ends = await reader.end_offsets(list(reader.assignment()))
                    for service in READS:
                        rows = await chain.rows(service, "select topic, partition, next_offset from progress")
                        self._note(service, {(topic, number): at or 0 for topic, number, at in rows}, ends)
                    await asyncio.sleep(LOOK_SECONDS)

    def _note(self, service: str, read: Mapping[tuple[str, int], int], ends: Mapping[TopicPartition, int]) -> None:
        now = time.monotonic()
        for (topic, number), at in read.items():
            place = service, topic, number
            before, since = self._since.get(place, (at, now))
            if at != before or at >= ends.get(TopicPartition(topic, number), 0):
                since = now
            self._since[place] = at, since
            self.longest[place] = max(self.longest.get(place, 0.0), now - since)

    def told(self) -> str:
        """A line per reader: the longest wait of each partition of each topic."""
        lines = []
        for service, sources in READS.items():
            for source in sources:
                found = sorted(
                    (n, s) for (of, t, n), s in self.longest.items() if (of, t) == (service, f"ph.{source}.v1")
                )
                lines.append(f"{service:12} reads {source:12} " + " ".join(f"{seconds:5.1f}" for _, seconds in found))
        return "\n".join(lines)
