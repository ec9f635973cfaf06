"""The hot path: a batch of records becomes one transaction with a constant number of statements.

    decode -> lock positions -> drop repeats -> load -> decide each in order -> write -> park -> commit

At-least-once delivery comes in, exactly-once effect goes out: a record's effect and its position are committed
together. A bad record or a refused one is parked and blocks its own key only. An outage leaves nothing behind and is
raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter

from chassis.consumer import parking, positions, progress
from chassis.consumer.inbound import (
    Fault,
    Inbound,
    Record,
    decode,
)
from chassis.consumer.progress import NO_TERMS, Terms
from chassis.consumer.spans import ProcessSpans
from chassis.postgres.database import is_bad_data, reason_of
from chassis.pure.decision import Handler, Refused
from chassis.pure.messages import Contract
from chassis.telemetry.logs import get_logger
from chassis.telemetry.tracing import now_ns
from chassis.work.unit_of_work import Cause, UnitOfWork
from chassis.work.workshop import Workshop

log = get_logger(__name__)

DRAIN_LIMIT = 200
"""Records per step: about a second of work."""
BEHIND = Fault("behind", "an earlier record of this key is parked")


@dataclass(slots=True)
class _Outcome:
    """What became of a batch, for metrics and spans, once it is committed."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)

    def count(self, inbound: Inbound, outcome: str) -> None:
        # The type comes from outside: only known ones may become a label.
        type_ = inbound.type if inbound.message is not None else "other"
        self.counts[type_, outcome] = self.counts.get((type_, outcome), 0) + 1


class Dispatcher:
    """Handles batches of one service's consumers."""

    def __init__(self, workshop: Workshop, consumers: Mapping[type[Contract], Handler]) -> None:
        self._shop = workshop
        self._actor = workshop.actor
        self._contracts = {contract.type: contract for contract in consumers}
        self._handlers = dict(consumers)
        self._seconds = cache(workshop.metrics.handler_seconds.labels)

    async def handle(self, records: Sequence[Record], terms: Terms = NO_TERMS) -> None:
        """Makes the effects of `records` durable, once, and how far they were read. Raises an outage; then nothing has
        changed."""
        contracts = self._contracts
        await self._handle([decode(record, contracts) for record in records], terms)
        self._shop.wake_relay()

    async def _handle(self, batch: Sequence[Inbound], terms: Terms) -> None:
        try:
            await self._transaction(batch, terms)
        except Exception as error:
            if not is_bad_data(error):
                raise
            # PostgreSQL refuses the data of one record: halve the batch, in order, until it is alone, and park it.
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._handle(batch[:middle], terms)
                await self._handle(batch[middle:], terms)
            else:
                batch[0].fault = Fault("database_refused", f"SQLSTATE {reason_of(error)}")
                await self._transaction(batch, terms)

    async def _transaction(self, batch: Sequence[Inbound], terms: Terms) -> None:
        started, begun = now_ns(), perf_counter()
        work = self._shop.unit_of_work()
        spans = ProcessSpans(self._shop.tracer)
        outcome = _Outcome()
        to_park: list[parking.Parked] = []
        async with self._shop.pool.acquire(timeout=10) as connection, connection.transaction():
            seen = await positions.lock(connection, batch)
            fresh = [inbound for inbound in batch if self._is_new(inbound, seen, outcome)]
            await work.load(
                connection,
                [
                    need
                    for inbound in fresh
                    if inbound.message is not None
                    for need in self._handlers[type(inbound.message)].needs(inbound.message)
                ],
            )
            for inbound in fresh:
                fault = self._decide(work, spans, inbound, seen, outcome)
                if fault is not None:
                    to_park.append(parking.Parked(inbound, fault))
            positions.save(work.writes, seen)
            progress.save(work.writes, (inbound.record for inbound in batch), terms)
            await work.save(connection)
            kept = await parking.save(connection, to_park)
        ended = now_ns()
        for inbound, _ in to_park:
            record = inbound.record
            new = (record.topic, record.partition, record.offset) in kept
            outcome.count(inbound, "parked" if new else "repeat")
        self._observe(len(batch), perf_counter() - begun, outcome)
        spans.record(started, ended, work.emitted)

    def _is_new(self, inbound: Inbound, seen: positions.Positions, outcome: _Outcome) -> bool:
        verdict = seen.advance(inbound)
        if verdict is positions.Verdict.REPEAT:
            outcome.count(inbound, "repeat")
            return False
        if verdict is positions.Verdict.GAP:
            outcome.gaps[inbound.source] = outcome.gaps.get(inbound.source, 0) + 1
        elif verdict is positions.Verdict.LATE:
            outcome.late[inbound.source] = outcome.late.get(inbound.source, 0) + 1
        return True

    def _decide(
        self,
        work: UnitOfWork,
        spans: ProcessSpans,
        inbound: Inbound,
        seen: positions.Positions,
        outcome: _Outcome,
    ) -> Fault | None:
        """Why the record must be parked; None if it is handled."""
        if inbound.fault is None and inbound.message is None:
            outcome.count(inbound, "unknown_type")
            return None
        fault = BEHIND if seen.is_blocked(inbound) else inbound.fault or self._apply(work, spans, inbound)
        if fault is None:
            outcome.count(inbound, "done")
        else:
            seen.block(inbound)
        return fault

    def _apply(self, work: UnitOfWork, spans: ProcessSpans, inbound: Inbound) -> Fault | None:
        message = inbound.message
        if message is None or inbound.occurred_at is None:
            raise AssertionError("only decoded records are applied")
        begun = perf_counter()
        cause = Cause(self._actor, inbound.occurred_at, spans.open(inbound), inbound.id)
        decision = work.decide(self._handlers[type(message)], message, cause)
        refused = isinstance(decision, Refused)
        self._seconds(inbound.type, "refused" if refused else "done").observe(perf_counter() - begun)
        if isinstance(decision, Refused):
            return Fault(decision.code, decision.detail)
        return None

    def _observe(self, size: int, seconds: float, outcome: _Outcome) -> None:
        metrics = self._shop.metrics
        metrics.batch_size.observe(size)
        metrics.batch_seconds.observe(seconds)
        for (type_, name), count in outcome.counts.items():
            metrics.consumed.labels(type_, name).inc(count)
        for topic, count in outcome.gaps.items():
            metrics.gaps.labels(topic).inc(count)
        for topic, count in outcome.late.items():
            metrics.first_seen_late.labels(topic).inc(count)

    async def drain(self, limit: int = DRAIN_LIMIT) -> int:
        """Handles parked records whose turn has come: an operator retries them, or the record before them is gone.

        Each has a transaction of its own. At most `limit` of them per call: so a long queue neither looks like a task
        that hangs nor holds up a shutdown. Returns 0 once there is nothing to do.
        """
        async with self._shop.pool.acquire(timeout=10) as connection:
            ready = await parking.ready(connection)
        taken = 0
        for candidate in ready:
            more = True
            while more and taken < limit:
                more = await self._settle(candidate)
                taken += 1
            self._shop.wake_relay()
        return taken

    async def _settle(self, candidate: parking.Ready) -> bool:
        """True if the key's next record may have its turn."""
        try:
            return await self._settle_once(candidate, None)
        except Exception as error:
            if not is_bad_data(error):
                raise
            return await self._settle_once(candidate, Fault("database_refused", f"SQLSTATE {reason_of(error)}"))

    async def _settle_once(self, candidate: parking.Ready, fault: Fault | None) -> bool:
        started = now_ns()
        work = self._shop.unit_of_work()
        spans = ProcessSpans(self._shop.tracer)
        outcome = _Outcome()
        async with self._shop.pool.acquire(timeout=10) as connection, connection.transaction():
            record = await parking.take(connection, candidate)
            if record is None:
                return False
            inbound = decode(record, self._contracts)
            fault = fault or inbound.fault
            if fault is None and inbound.message is not None:
                await work.load(connection, self._handlers[type(inbound.message)].needs(inbound.message))
                fault = self._apply(work, spans, inbound)
                if fault is None:
                    await work.save(connection)
            if fault is None:
                await positions.catch_up(connection, inbound)
            repeats = await parking.settle(connection, record, candidate, fault)
        outcome.count(inbound, "done_after_parking" if fault is None else "parked_again")
        for _ in range(repeats):
            outcome.count(inbound, "repeat")
        if repeats:
            log.warning("parked_repeats_removed", topic=record.topic, subject_id=candidate.key, count=repeats)
        self._observe(1, (now_ns() - started) / 1e9, outcome)
        spans.record(started, now_ns(), work.emitted)
        return fault is None and candidate.key is not None
