"""How far the group is told that a member has read. Nothing depends on it but who watches the group."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from chassis.telemetry.logs import get_logger

OFFSET_SECONDS = 0.25
"""The shortest time between two commits of offsets: one costs the broker as much as an event."""
PATIENCE_SECONDS = 2.0
"""A broker that takes longer to commit offsets is gone. Nobody waits for it, least of all a shutdown."""
AGAIN_SECONDS = 5.0
"""After a commit that failed."""

Commit = Callable[[Mapping[TopicPartition, int]], Awaitable[None]]

log = get_logger(__name__)


class Offsets:
    """Of one member. `commit` asks its client; `place_of` says where a partition is read now, None if it is not."""

    def __init__(self, turn: asyncio.Lock, commit: Commit, place_of: Callable[[TopicPartition], int | None]) -> None:
        """`turn`: whoever commits later holds it, as a batch does."""
        self._turn = turn
        self._commit = commit
        self._place_of = place_of
        self._noted: dict[TopicPartition, int] = {}
        self._told_at = float("-inf")
        self._later: asyncio.Task[None] | None = None
        self._stopping = False

    def note(self, partition: TopicPartition, offset: int) -> None:
        """Everything before this offset is handled."""
        self._noted[partition] = offset

    def forget(self, partition: TopicPartition) -> None:
        """What was noted is of records that may be no more."""
        self._noted.pop(partition, None)

    async def tell(self) -> None:
        """Now, or soon together with what comes until then."""
        if monotonic() - self._told_at >= OFFSET_SECONDS:
            await self.tell_now()
        else:
            self.tell_soon()

    def tell_soon(self, seconds: float = OFFSET_SECONDS) -> None:
        """In the background."""
        if self._later is None:
            self._later = asyncio.create_task(self._tell_later(seconds))

    async def tell_now(self) -> None:
        """May fail in an outage, or while a stranger has joined the group; then it is tried again."""
        offsets, self._noted = self._noted, {}
        if not offsets:
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._commit(offsets)
        except (KafkaError, TimeoutError) as error:
            log.info("offsets_not_committed", reason=type(error).__name__)
            places = {each: self._place_of(each) for each in offsets}
            self._noted |= {each: place for each, place in places.items() if place is not None}
            if not self._stopping:
                self.tell_soon(AGAIN_SECONDS)
        self._told_at = monotonic()

    def leave(self) -> None:
        """Nothing that fails is tried again."""
        self._stopping = True

    def stop(self) -> None:
        """Nothing is told later."""
        if self._later is not None:
            self._later.cancel()

    async def _tell_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._later = None
        async with self._turn:
            await self.tell_now()
