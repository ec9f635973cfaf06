"""Seals what earlier versions of a service have stored in clear, a few aggregates at a time, beside all other work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection
from chassis.pure.decision import Refused
from chassis.pure.sealing import InClear, VaultError
from chassis.service import Unsealed
from chassis.telemetry.logs import get_logger
from chassis.vault.locked import tell
from chassis.work.unit_of_work import Cause
from chassis.work.workshop import Workshop

BATCH = 100
FIRST: Final = UUID(int=0)

log = get_logger(__name__)


class Sealer:
    """The metric `ph_unsealed` says how many aggregates of the last batch still lie in clear; 0 when all are sealed.

    A batch begins after the one before, and after the last one anew: what does not open keeps nobody from the others.
    """

    def __init__(self, workshop: Workshop, unsealed: Sequence[Unsealed], batch: int = BATCH) -> None:
        self._shop = workshop
        self._unsealed = unsealed
        self._batch = batch
        self._after = {each.find: FIRST for each in unsealed}
        self._locked = False

    async def seal_some(self) -> int:
        """Seals up to one batch of each kind; returns how many it sealed.

        While the vault does not open what lies beside them, they stay as they are, and the log says so once.
        """
        found, sealed = 0, 0
        for each in self._unsealed:
            ids, done = await self._seal(each)
            found, sealed = found + ids, sealed + done
        self._shop.metrics.unsealed.set(found - sealed)
        if sealed:
            log.info("sealed", count=sealed)
        return sealed

    async def _seal(self, unsealed: Unsealed) -> tuple[int, int]:
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            messages = [InClear(each) for each in await self._next(connection, unsealed.find)]
            if not messages:
                return 0, 0
            work = self._shop.unit_of_work()
            try:
                async with connection.transaction():
                    await work.load(connection, [need for each in messages for need in unsealed.handler.needs(each)])
                    done = 0
                    for each in messages:
                        cause = Cause(self._shop.actor, work.now, self._shop.tracer.root())
                        decision = work.decide(unsealed.handler, each, cause)
                        if isinstance(decision, Refused):
                            raise TypeError(f"sealing was refused: {decision.code}")
                        done += bool(decision.states)
                    await work.save(connection)
            except VaultError as error:
                if not self._locked:
                    tell(error, self._shop.metrics, task="sealer")
                self._locked = True
                return len(messages), 0
        self._locked = False
        return len(messages), done

    async def _next(self, connection: Connection, find: str) -> Sequence[UUID]:
        """The ids of a batch; none only if none lies in clear."""
        rows = await connection.fetch(find, self._batch, self._after[find])
        if not rows and self._after[find] != FIRST:
            rows = await connection.fetch(find, self._batch, FIRST)
        self._after[find] = rows[-1][0] if len(rows) == self._batch else FIRST
        return [row[0] for row in rows]
