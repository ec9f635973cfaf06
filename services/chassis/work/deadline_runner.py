"""Due deadlines fired in batches, through the same decide-and-save as commands and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from opentelemetry.trace import SpanKind

from chassis.outbox.append import Emitted
from chassis.outbox.spans import record_created
from chassis.postgres.batches import batch_transaction
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection, is_bad_data, reason_of
from chassis.pure.decision import DeadlineDue, Handler, Refused
from chassis.telemetry.logs import get_logger
from chassis.telemetry.tracing import SpanContext, now_ns
from chassis.work import deadlines
from chassis.work.unit_of_work import Cause, UnitOfWork
from chassis.work.workshop import Workshop

BATCH = 500
PUT_OFF = timedelta(hours=1)

log = get_logger(__name__)


class DeadlineRunner:
    """Fires due deadlines in batches: it locks their aggregates, claims them, then decides and saves as all others."""

    def __init__(self, workshop: Workshop, handlers: Mapping[str, Handler]) -> None:
        self._shop = workshop
        self._actor = workshop.actor
        self._handlers = handlers

    async def fire_due(self) -> int:
        """Fires up to one batch of what is due; returns how many were due."""
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            due = await deadlines.due(connection, self._shop.clock.now(), self._handlers, BATCH)
            if not due:
                return 0
            try:
                outcomes = await self._fire_all(connection, due)
            except Exception as error:
                if not is_bad_data(error):
                    raise
                outcomes = await self._fire_apart(connection, due)
        for name, outcome in outcomes:
            self._shop.metrics.deadlines_fired.labels(name, outcome).inc()
        self._shop.wake_relay()
        return len(due)

    async def _fire_apart(self, connection: Connection, due: Sequence[DeadlineDue]) -> list[tuple[str, str]]:
        """PostgreSQL refuses what one of them writes: fires each alone, puts that one off and logs it."""
        outcomes = []
        for deadline in due:
            try:
                outcomes += await self._fire_all(connection, [deadline])
            except Exception as error:
                if not is_bad_data(error):
                    raise
                await deadlines.postpone(connection, deadline, PUT_OFF)
                owner, reason = str(deadline.owner), reason_of(error)
                log.error("deadline_put_off", deadline=deadline.name, subject_id=owner, reason=reason)
                outcomes.append((deadline.name, "put_off"))
        return outcomes

    async def _fire_all(self, connection: Connection, due: Sequence[DeadlineDue]) -> list[tuple[str, str]]:
        started = now_ns()
        work = self._shop.unit_of_work()
        spans: list[tuple[SpanContext, str]] = []
        async with batch_transaction(connection):
            await work.load(connection, [need for each in due for need in self._handlers[each.name].needs(each)])
            claimed = await deadlines.claim(connection, due)
            outcomes = []
            for deadline in claimed:
                span = self._shop.tracer.root()
                spans.append((span, deadline.name))
                outcomes.append((deadline.name, self._fire(work, deadline, span)))
            await work.save(connection)
        self._record(spans, work.emitted, started)
        return outcomes

    def _record(self, spans: Sequence[tuple[SpanContext, str]], emitted: Sequence[Emitted], started: int) -> None:
        """One root span per deadline, and the `create` spans of the events it published, to which readers link."""
        ended = now_ns()
        roots = {span.trace_id: span for span, _ in spans}
        for span, name in spans:
            self._shop.tracer.record(
                f"fire {name}", span, SpanKind.INTERNAL, started, ended, {"ph.deadline.name": name}
            )
        record_created(self._shop.tracer, emitted, roots, started, ended)

    def _fire(self, work: UnitOfWork, deadline: DeadlineDue, span: SpanContext) -> str:
        cause = Cause(self._actor, work.now if deadline.approaching else deadline.due_at, span)
        decision = work.decide(self._handlers[deadline.name], deadline, cause)
        if isinstance(decision, Refused):
            # The deadline no longer applies: this transaction removes it, and the log says so.
            log.warning("deadline_refused", deadline=deadline.name, code=decision.code)
            return decision.code
        return "reminded" if deadline.approaching else "fired"
