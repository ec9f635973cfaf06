"""Due deadlines fired in batches, through the same decide-and-save as commands and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from opentelemetry.trace import SpanKind

from chassis.clock import Clock
from chassis.outbox.append import Emitted
from chassis.outbox.spans import record_created
from chassis.postgres.database import Connection, is_message_fault, reason_of
from chassis.postgres.storage import Storage
from chassis.pure.decision import Actor, DeadlineDue, Handler, Refused
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import SpanContext, Tracer, now_ns
from chassis.work import deadlines
from chassis.work.unit_of_work import Cause, UnitOfWork

TIMER_BATCH = 500
PUT_OFF = timedelta(hours=1)

log = get_logger(__name__)


class Timers:
    """Fires due deadlines in batches: aggregates first, then the claim, then the same decide-and-save as everywhere."""

    def __init__(  # noqa: PLR0913 - wiring
        self,
        actor: Actor,
        pool: asyncpg.Pool,
        storage: Storage,
        handlers: Mapping[str, Handler],
        reference: Any,
        clock: Clock,
        tracer: Tracer,
        metrics: Metrics,
        wake_relay: Callable[[], None],
    ) -> None:
        self._actor = actor
        self._pool = pool
        self._storage = storage
        self._handlers = handlers
        self._reference = reference
        self._clock = clock
        self._tracer = tracer
        self._metrics = metrics
        self._wake_relay = wake_relay

    async def fire_due(self) -> int:
        """Fires up to one batch of what is due; returns how many were due."""
        now = self._clock.now()
        async with self._pool.acquire(timeout=10) as connection:
            due = await deadlines.due(connection, now, self._handlers, TIMER_BATCH)
            if not due:
                return 0
            try:
                outcomes = await self._fire_all(connection, due, now)
            except Exception as error:
                if not is_message_fault(error):
                    raise
                outcomes = await self._fire_apart(connection, due, now)
        for name, outcome in outcomes:
            self._metrics.deadlines_fired.labels(name, outcome).inc()
        self._wake_relay()
        return len(due)

    async def _fire_apart(
        self, connection: Connection, due: Sequence[DeadlineDue], now: datetime
    ) -> list[tuple[str, str]]:
        """One of these writes what the database refuses: fire each alone and put that one off, loudly."""
        outcomes = []
        for timer in due:
            try:
                outcomes += await self._fire_all(connection, [timer], now)
            except Exception as error:
                if not is_message_fault(error):
                    raise
                await deadlines.postpone(connection, timer, PUT_OFF)
                log.error("deadline_put_off", deadline=timer.name, subject_id=str(timer.owner), reason=reason_of(error))
                outcomes.append((timer.name, "put_off"))
        return outcomes

    async def _fire_all(
        self, connection: Connection, due: Sequence[DeadlineDue], now: datetime
    ) -> list[tuple[str, str]]:
        started = now_ns()
        work = UnitOfWork(self._storage, self._reference, self._tracer, now)
        spans: list[tuple[SpanContext, str]] = []
        async with connection.transaction():
            await work.load(connection, [need for timer in due for need in self._handlers[timer.name].needs(timer)])
            claimed = await deadlines.claim(connection, due)
            outcomes = []
            for timer in claimed:
                span = self._tracer.root()
                spans.append((span, timer.name))
                outcomes.append((timer.name, self._fire(work, timer, span)))
            await work.save(connection)
        self._record(spans, work.emitted, started)
        return outcomes

    def _record(self, spans: Sequence[tuple[SpanContext, str]], emitted: Sequence[Emitted], started: int) -> None:
        """A root span per timer, and the `create` spans of what it published: whoever reads that links to them."""
        ended = now_ns()
        roots = {span.trace_id: span for span, _ in spans}
        for span, name in spans:
            self._tracer.record(f"fire {name}", span, SpanKind.INTERNAL, started, ended, {"ph.deadline.name": name})
        record_created(self._tracer, emitted, roots, started, ended)

    def _fire(self, work: UnitOfWork, timer: DeadlineDue, span: SpanContext) -> str:
        cause = Cause(self._actor, timer.due_at, span)
        decision = work.decide(self._handlers[timer.name], timer, cause)
        if isinstance(decision, Refused):
            # The timer no longer applies; it is gone with this transaction, and said so.
            log.warning("deadline_refused", deadline=timer.name, code=decision.code)
            return decision.code
        return "fired"
