"""Wraps data keys anew once another generation seals, a few aggregates at a time, beside all other work.

Until it has passed, a generation that was retired is still needed; afterwards only backups need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

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
"""Between two looks while no other generation has come to seal."""

log = get_logger(__name__)


class Rewrapper:
    """The metric `ph_wrapped_under_older` says how many aggregates of the next batch wait; 0 when none does."""

    def __init__(self, workshop: Workshop, wrapped: Sequence[Wrapped], vault: KeyVault) -> None:
        self._shop = workshop
        self._wrapped = wrapped
        self._vault = vault
        self._passed: tuple[str, ...] | None = None
        self._looked = float("-inf")
        self._locked = False

    async def step(self) -> int:
        """Wraps up to one batch of each kind anew; returns how many aggregates."""
        outdated = tuple(self._vault.outdated)
        if outdated == self._passed and monotonic() - self._looked < LOOKED_SECONDS:
            return 0
        found, done = 0, 0
        for each in self._wrapped:
            ids, rewrapped = await self._rewrap(each, outdated)
            found, done = found + ids, done + rewrapped
        self._shop.metrics.wrapped_under_older.set(found - done)
        if not done:
            self._passed, self._looked = outdated, monotonic()
        else:
            log.info("rewrapped", count=done)
        return done

    async def _rewrap(self, wrapped: Wrapped, outdated: tuple[str, ...]) -> tuple[int, int]:
        statement = (
            f"select distinct id from ({wrapped.find}) as found "  # noqa: S608 - from code
            "where generation = any($1::text[]) or generation = '' order by id limit $2"
        )
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            messages = [Rewrap(row[0]) for row in await connection.fetch(statement, outdated, BATCH)]
            if not messages:
                return 0, 0
            work = self._shop.unit_of_work()
            done = 0
            try:
                async with connection.transaction():
                    await work.load(connection, [need for each in messages for need in wrapped.handler.needs(each)])
                    for each in messages:
                        decision = work.decide(
                            wrapped.handler, each, Cause(self._shop.actor, work.now, self._shop.tracer.root())
                        )
                        if isinstance(decision, Refused):
                            raise TypeError(f"wrapping anew was refused: {decision.code}")
                        done += bool(decision.states)
                    await work.save(connection)
            except VaultError as error:
                if not self._locked:
                    tell(error, self._shop.metrics, task="rewrapper")
                self._locked = True
                return len(messages), 0
        self._locked = False
        return len(messages), done
