"""The decisions of one transaction: of one command, of a batch of events, or of a batch of deadlines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import uuid_utils
from uuid_utils.compat import uuid7

from chassis.clock import Clock
from chassis.outbox.append import Emitted, append
from chassis.postgres.database import Connection
from chassis.postgres.storage import Storage
from chassis.postgres.writes import Part, Writes
from chassis.pure.answers import Answer
from chassis.pure.calendar import NO_CALENDAR, WorkingDays
from chassis.pure.decision import (
    Actor,
    Cleared,
    Context,
    Deadline,
    Decision,
    Handler,
    Refused,
)
from chassis.pure.sealing import NO_VAULT, Vault
from chassis.pure.states import Need
from chassis.telemetry.tracing import NO_TRACE, SpanContext, Tracer
from chassis.work import deadlines


class Cause(NamedTuple):
    """Why a handler runs: who acts, in which span, when it happened and by which event."""

    actor: Actor
    occurred_at: datetime
    trace: SpanContext = NO_TRACE
    event_id: str = ""


class UnitOfWork:
    """Loads everything, decides in memory, saves everything: 500 messages cost as many statements as one."""

    def __init__(
        self,
        storage: Storage,
        reference: Any,
        tracer: Tracer,
        clock: Clock,
        working_days: WorkingDays = NO_CALENDAR,
        vault: Vault = NO_VAULT,
    ) -> None:
        self._storage = storage
        self._reference = reference
        self._tracer = tracer
        self._clock = clock
        self._working_days = working_days
        self._vault = vault
        self.now = clock.now()
        """When it began: what every decision of the transaction takes for now."""
        self.states = storage.states()
        self.emitted: list[Emitted] = []
        self.writes = Writes()
        """The unit writes parts that a caller has added here before its own."""
        self.answer = ""
        """Of the last command decided on, as JSON text."""
        self.answered: Answer | None = None
        """The same before it was written."""
        self._deadlines: dict[tuple[str, UUID], Deadline | Cleared] = {}
        self._erased: list[tuple[UUID]] = []

    async def load(self, connection: Connection, needs: Iterable[Need]) -> None:
        """Locks and reads the aggregates; once, before the first decision."""
        await self._storage.load(connection, self.states, needs)

    async def look(self, connection: Connection, needs: Iterable[Need]) -> None:
        """Reads the aggregates without locks: for a view, or for a decision whose write checks the version it read."""
        await self._storage.read(connection, self.states, needs)

    def context(self, actor: Actor, occurred_at: datetime) -> Context:
        """What a handler may know besides state and message."""
        return Context(
            now=self.now,
            occurred_at=occurred_at,
            actor=actor,
            reference=self._reference,
            new_id=uuid7,
            random_id=uuid4,
            working_days=self._working_days,
            vault=self._vault,
        )

    def decide(self, handler: Handler, message: Any, cause: Cause) -> Decision | Refused:
        """Runs one pure handler and takes over what it decided; a refusal changes nothing."""
        context = self.context(cause.actor, cause.occurred_at)
        decision = handler.decided(self.states, message, context)
        if isinstance(decision, Refused):
            return decision
        for state in decision.states:
            self.states.put(state)
        for state in decision.erased:
            self.states.erase(state)
            self._erased.append((state.id,))
        for deadline in decision.deadlines:
            self._deadlines[deadline.name, deadline.subject] = deadline
            if isinstance(deadline, Deadline):
                self.states.touch(deadline.owner)
        if decision.answer is not None:
            self.answered = decision.answer
            self.answer = decision.answer.model_dump_json()
        for event in decision.events:
            trace = self._tracer.child(cause.trace)
            id_ = str(uuid_utils.uuid7())
            self.emitted.append(Emitted(event, str(event.key), id_, cause.actor, trace, cause.event_id))
        return decision

    def is_changed(self, need: Need) -> bool:
        """True if the decision writes this aggregate: then the write itself notices whether somebody else was first."""
        entry = self.states.entries[need.state].get(need.id)
        return entry is not None and entry.changed

    def stage(self, *also: tuple[Part, Sequence[Sequence[Any]]]) -> Writes:
        """What is to be written, in the order of locks: states, `also`, deadlines, the outbox.

        A state has changed now, not when the unit began: it may have waited for a lock since, and whoever asks what has
        changed meanwhile (`updated_since`) would never hear of it.
        """
        self._storage.save(self.writes, self.states, self._clock.now())
        for part, rows in also:
            self.writes.add(part, rows)
        deadlines.save(self.writes, self._deadlines.values())
        deadlines.erase(self.writes, self._erased)
        append(self.writes, self.emitted, self.now)
        return self.writes

    async def save(self, connection: Connection) -> None:
        """Writes it within the caller's transaction. Raises `ConcurrentUpdateError` if somebody else was first."""
        await self.stage().execute(connection)
