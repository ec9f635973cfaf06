"""Finds the place to begin at in what this process has taken, and begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from chassis.consumer.assignment import Assignment
from chassis.consumer.held import Held
from chassis.consumer.outages import may_pass, pause_after
from chassis.consumer.places import Places
from chassis.consumer.subscription import Subscription
from chassis.consumer.transport import Consumer
from chassis.consumer.unreadable import Unreadable
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.waiting import is_set_within

PLACE_SECONDS = 5.0
"""The longest time between two looks: whoever takes a partition wakes it."""

log = get_logger(__name__)


class Placing:
    """The loop that keeps every partition at a place, as far as database and brokers allow."""

    def __init__(
        self,
        assignment: Assignment,
        subscription: Subscription,
        places: Places,
        unreadable: Unreadable,
        session: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        self._metrics = metrics
        self._assignment = assignment
        self._subscription = subscription
        self._places = places
        self._unreadable = unreadable
        self._session = session
        self._wake = asyncio.Event()
        self._stopping = False
        self.connected = asyncio.Event()
        """All members have reached the brokers and know what there is to read: whoever takes partitions before lets
        them stand still."""

    def wake(self) -> None:
        """Something was taken, or has lost its place."""
        self._wake.set()

    def stop(self) -> None:
        """Begins nothing any more; `run` returns."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`. Raises what is no outage."""
        attempt = 0
        while not self._stopping:
            self._wake.clear()
            try:
                await self._once()
                attempt = 0
            except Exception as error:
                attempt += 1
                if not may_pass(error, attempt, "places", self._metrics):
                    raise
            if await is_set_within(self._wake, pause_after(attempt) if attempt else PLACE_SECONDS):
                attempt = 0  # something is new, perhaps what it waited for

    def unplaced(self) -> dict[TopicPartition, Consumer]:
        """What is held and not read yet; what waits for an operator does not count."""
        unplaced = self._assignment.unplaced()
        return {each: reader for each, reader in unplaced.items() if each not in self._unreadable.stopped}

    async def _once(self) -> None:
        known = self._subscription.leases
        if not known:
            return
        waiting = self.unplaced()
        begun = asyncio.create_task(self._places.find(waiting, self._subscription.id_of, self._session()))
        members = self._assignment.members
        covered = await asyncio.gather(*(member.cover(known) for member in members), return_exceptions=True)
        starts = await begun
        for error in covered:
            if isinstance(error, asyncio.CancelledError):
                raise KafkaConnectionError("a client was let go while it connected") from error
            if isinstance(error, BaseException):
                raise error
        self.connected.set()
        for each, start in starts.items():
            reader, row = waiting[each], start.progress
            if row.topic_id != self._subscription.id_of(each.topic):
                continue  # made anew meanwhile
            if self._assignment.readers.get(each) is reader and self._assignment.stays(each) and not self._stopping:
                held = Held(row.term, row.next_offset or 0, start.check, row.reread_to or 0)
                reader.take(each, held)
        if starts:
            log.info("partitions_assigned", count=len(starts))
