"""Wraps data keys anew once another generation seals, a few aggregates at a time, beside all other work.

It passes through all that an older generation has wrapped, in order of ids. What does not open stays as it is, is told,
and holds up nothing else. Until a pass has found nothing, a generation that was retired is still needed; afterwards
only backups need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from uuid import UUID

from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN
from chassis.pure.decision import Refused
from chassis.pure.sealing import Rewrap, VaultError
from chassis.service import Wrapped
from chassis.telemetry.logs import get_logger
from chassis.vault.locked import tell
from chassis.vault.vault import KeyVault
from chassis.work.unit_of_work import Cause
from chassis.work.workshop import Workshop

BATCH = 100
LOOKED_SECONDS = 3600.0
"""Between two passes while no other generation has come to seal, and nothing that opens is left."""
MOST_TOLD = 20
"""Of what does not open, so many are told in each pass: the metric counts all of them."""
BEFORE_ALL = UUID(int=0)

log = get_logger(__name__)


class Rewrapper:
    """The metric `ph_wrapped_under_older` says how many aggregates the last pass has left as they were; 0 when none."""

    def __init__(self, workshop: Workshop, wrapped: Sequence[Wrapped], vault: KeyVault) -> None:
        self._shop = workshop
        self._wrapped = wrapped
        self._vault = vault
        self._passed: tuple[str, ...] | None = None
        self._looked = float("-inf")
        self._begin(())

    def _begin(self, outdated: tuple[str, ...]) -> None:
        self._outdated = outdated
        self._behind = [BEFORE_ALL] * len(self._wrapped)
        self._done = self._stuck = 0

    async def step(self) -> int:
        """Goes on by a batch of each kind; returns how many aggregates it has found. At the end of a pass it returns
        how many that has wrapped anew: if any, another pass looks for what has come meanwhile."""
        outdated = tuple(self._vault.outdated)
        if outdated == self._passed and monotonic() - self._looked < LOOKED_SECONDS:
            return 0
        if outdated != self._outdated:
            self._begin(outdated)
        found, before = 0, self._done
        for place in range(len(self._wrapped)):
            found += await self._rewrap(place)
        if self._done > before:
            log.info("rewrapped", count=self._done - before)
        return found or self._end()

    def _end(self) -> int:
        done = self._done
        self._shop.metrics.wrapped_under_older.set(self._stuck)
        if not done:
            self._passed, self._looked = self._outdated, monotonic()
        self._begin(self._outdated)
        return done

    async def _rewrap(self, place: int) -> int:
        wrapped = self._wrapped[place]
        statement = (
            f"select distinct id from ({wrapped.find}) as found "  # noqa: S608 - from code
            "where (generation = any($1::text[]) or generation = '') and id > $2 order by id limit $3"
        )
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            rows = await connection.fetch(statement, self._outdated, self._behind[place], BATCH)
            if not rows:
                return 0
            done, locked = 0, list[VaultError]()
            work = self._shop.unit_of_work()
            messages = [Rewrap(row[0]) for row in rows]
            async with connection.transaction():
                await work.load(connection, [need for each in messages for need in wrapped.handler.needs(each)])
                for each in messages:
                    cause = Cause(self._shop.actor, work.now, self._shop.tracer.root())
                    try:
                        decision = work.decide(wrapped.handler, each, cause)
                    except VaultError as error:
                        locked.append(error)
                        continue
                    if isinstance(decision, Refused):
                        raise TypeError(f"wrapping anew was refused: {decision.code}")
                    done += bool(decision.states)
                await work.save(connection)
        for each_locked in locked[: max(0, MOST_TOLD - self._stuck)]:
            tell(each_locked, self._shop.metrics, task="rewrapper")
        self._behind[place] = messages[-1].id
        self._done, self._stuck = self._done + done, self._stuck + len(messages) - done
        return len(messages)
