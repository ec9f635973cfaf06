"""Due deadlines fired in batches, through the same decide-and-save as commands and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from opentelemetry.trace import SpanKind

from chassis.outbox.append import Emitted
from chassis.outbox.spans import record_created
from chassis.postgres.database import Connection, is_message_fault, reason_of
from chassis.pure.decision import DeadlineDue, Handler, Refused
from chassis.telemetry.logs import get_logger
from chassis.telemetry.tracing import SpanContext, now_ns
from chassis.work import deadlines
from chassis.work.unit_of_work import Cause, UnitOfWork
from chassis.work.workshop import Workshop

TIMER_BATCH = 500
PUT_OFF = timedelta(hours=1)

log = get_logger(__name__)


class Timers:
    """Fires due deadlines in batches: aggregates first, then the claim, then the same decide-and-save as everywhere."""

    def __init__(self, workshop: Workshop, handlers: Mapping[str, Handler]) -> None:
        self._shop = workshop
        self._actor = workshop.actor
        self._handlers = handlers

    async def fire_due(self) -> int:
        """Fires up to one batch of what is due; returns how many were due."""
        async with self._shop.pool.acquire(timeout=10) as connection:
            due = await deadlines.due(connection, self._shop.clock.now(), self._handlers, TIMER_BATCH)
            if not due:
                return 0
            try:
                outcomes = await self._fire_all(connection, due)
            except Exception as error:
                if not is_message_fault(error):
                    raise
                outcomes = await self._fire_apart(connection, due)
        for name, outcome in outcomes:
            self._shop.metrics.deadlines_fired.labels(name, outcome).inc()
        self._shop.wake_relay()
        return len(due)

    async def _fire_apart(self, connection: Connection, due: Sequence[DeadlineDue]) -> list[tuple[str, str]]:
        """One of these writes what the database refuses: fire each alone and put that one off, loudly."""
        outcomes = []
        for timer in due:
            try:
                outcomes += await self._fire_all(connection, [timer])
            except Exception as error:
                if not is_message_fault(error):
                    raise
                await deadlines.postpone(connection, timer, PUT_OFF)
                log.error("deadline_put_off", deadline=timer.name, subject_id=str(timer.owner), reason=reason_of(error))
                outcomes.append((timer.name, "put_off"))
        return outcomes

    async def _fire_all(self, connection: Connection, due: Sequence[DeadlineDue]) -> list[tuple[str, str]]:
        started = now_ns()
        work = self._shop.unit_of_work()
        spans: list[tuple[SpanContext, str]] = []
        async with connection.transaction():
            await work.load(connection, [need for timer in due for need in self._handlers[timer.name].needs(timer)])
            claimed = await deadlines.claim(connection, due)
            outcomes = []
            for timer in claimed:
                span = self._shop.tracer.root()
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
            self._shop.tracer.record(
                f"fire {name}", span, SpanKind.INTERNAL, started, ended, {"ph.deadline.name": name}
            )
        record_created(self._shop.tracer, emitted, roots, started, ended)

    def _fire(self, work: UnitOfWork, timer: DeadlineDue, span: SpanContext) -> str:
        cause = Cause(self._actor, timer.due_at, span)
        decision = work.decide(self._handlers[timer.name], timer, cause)
        if isinstance(decision, Refused):
            # The timer no longer applies; it is gone with this transaction, and said so.
            log.warning("deadline_refused", deadline=timer.name, code=decision.code)
            return decision.code
        return "fired"
