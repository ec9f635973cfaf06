"""The parts that commands, batches of events and due deadlines share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from chassis.clock import Clock
from chassis.postgres.documents import Documents
from chassis.postgres.storage import Storage
from chassis.pure.decision import Actor
from chassis.pure.sealing import NO_VAULT, Vault
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import Tracer
from chassis.work.calendar import Calendar
from chassis.work.gate import Gate
from chassis.work.standing import Standing
from chassis.work.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Workshop:
    """One of each per process.

    `actor` acts on events and deadlines, where no person asks. Whoever commits calls `wake_relay`: there may be events
    to publish. Tags of what is shown and cursors of lists are made under `tag_key`, which all processes of a service
    share.
    """

    actor: Actor
    pool: asyncpg.Pool
    storage: Storage
    standing: Standing
    clock: Clock
    tracer: Tracer
    metrics: Metrics
    wake_relay: Callable[[], None]
    tag_key: bytes
    gate: Gate = field(default_factory=Gate)
    calendar: Calendar = field(default_factory=Calendar)
    vault: Vault = NO_VAULT

    @property
    def reference(self) -> Any:
        """The code lists, under what holds at the moment."""
        return self.standing.reference

    @property
    def documents(self) -> Documents:
        """The reading side."""
        return Documents(self.pool, self.storage)

    def unit_of_work(self) -> UnitOfWork:
        """A new transaction's worth of decisions, as of now. Raises `DatabaseRestoredError` if the gate is closed."""
        self.gate.require()
        return self.behind_the_gate()

    def behind_the_gate(self) -> UnitOfWork:
        """The same while it is closed: for what must have its effect before anybody is answered."""
        return UnitOfWork(self.storage, self.reference, self.tracer, self.clock, self.calendar.days, self.vault)


async def tag_key(pool: asyncpg.Pool) -> bytes:
    """The secret of this service's tags and cursors, which its database has kept since it was made."""
    key: bytes = await pool.fetchval("select key from tag_key")
    return key
