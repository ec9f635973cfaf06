"""Deadlines that follow their calendar: when days turn out to be others, what is still ahead is counted anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from time import monotonic
from uuid import UUID

from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection, is_bad_data, reason_of
from chassis.pure.calendar import UnknownCalendar, WorkingDays
from chassis.pure.decision import Deadline, DeadlineMove, Handler, Refused
from chassis.telemetry.logs import get_logger
from chassis.work import deadlines
from chassis.work.unit_of_work import Cause
from chassis.work.workshop import Workshop

BATCH = 500
AGAIN_SECONDS = 60.0
"""Processes read a new file within seconds of each other; until then some still count by the old one. So a second look
follows the first."""
_FIRST = (UUID(int=0), "")

log = get_logger(__name__)


class DeadlineMover:
    """Counts deadlines anew after a start and after each change of the calendars, and moves those that have changed.

    What was counted stays in the row; of a deadline whose time has passed nothing changes any more. `handlers` decide,
    by name, what follows; a deadline without one does not move.
    """

    def __init__(self, workshop: Workshop, handlers: Mapping[str, Handler]) -> None:
        self._shop = workshop
        self._handlers = handlers
        self._followed: WorkingDays | None = None
        self._next_look = -inf

    async def follow(self) -> int:
        """One look, if one is due; returns how many deadlines moved."""
        days = self._shop.calendar.days
        first = days is not self._followed
        if not first and monotonic() < self._next_look:
            return 0
        moved = await self._move_all(days)
        self._followed, self._next_look = days, monotonic() + AGAIN_SECONDS if first else inf
        return moved

    async def _move_all(self, days: WorkingDays) -> int:
        moved, after = 0, _FIRST
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            while True:
                now = self._shop.clock.now()
                found = await deadlines.counted(connection, now, self._handlers, after, BATCH)
                if not found:
                    break
                after = (found[-1].subject, found[-1].name)
                moves = [move for each in found if (move := self._recounted(each, days)) is not None]
                moved += await self._move_together(connection, moves)
        if moved:
            self._shop.wake_relay()
            log.info("deadlines_moved", count=moved)
        return moved

    def _recounted(self, deadline: Deadline, days: WorkingDays) -> DeadlineMove | None:
        assert deadline.counted is not None, "only deadlines that are counted are read"
        try:
            due_at = deadline.counted.moved(deadline.due_at, self._shop.clock.now(), days)
        except UnknownCalendar:
            log.warning("deadline_without_calendar", deadline=deadline.name, subject_id=str(deadline.owner))
            return None
        if due_at == deadline.due_at:
            return None
        return DeadlineMove(*deadline[:3], deadline.due_at, due_at, deadline.level)

    async def _move_together(self, connection: Connection, moves: Sequence[DeadlineMove]) -> int:
        if not moves:
            return 0
        try:
            return await self._move(connection, moves)
        except Exception as error:
            if not is_bad_data(error):
                raise
            if len(moves) == 1:
                reason = reason_of(error)
                log.error("deadline_not_moved", deadline=moves[0].name, subject_id=str(moves[0].owner), reason=reason)
                return 0
            return sum([await self._move_together(connection, [each]) for each in moves])

    async def _move(self, connection: Connection, moves: Sequence[DeadlineMove]) -> int:
        work = self._shop.unit_of_work()
        async with connection.transaction():
            await work.load(connection, [need for each in moves for need in self._handlers[each.name].needs(each)])
            moved = await deadlines.move(connection, moves)
            for each in moved:
                handler = self._handlers[each.name]
                decision = work.decide(handler, each, Cause(self._shop.actor, work.now, self._shop.tracer.root()))
                if isinstance(decision, Refused):
                    log.warning("deadline_refused", deadline=each.name, code=decision.code)
            await work.save(connection)
        return len(moved)
