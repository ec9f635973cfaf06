"""The hot path: a batch of records becomes one transaction with a constant number of statements.

    decode -> lock positions -> drop repeats -> load -> decide each in order -> write -> park -> commit

At-least-once delivery comes in, exactly-once effect goes out: a record's effect and its position are committed
together. A bad record or a refused one is parked and blocks its own key only; one that is no event of its key is parked
and blocks nobody. An outage leaves nothing behind and is raised.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from time import perf_counter
from typing import Final, TypeVar

from aiokafka.errors import KafkaError

from chassis.consumer import parking, positions, progress
from chassis.consumer.hops import walked
from chassis.consumer.inbound import (
    MAX_VALUE,
    Fault,
    Inbound,
    Place,
    Record,
    decode,
)
from chassis.consumer.noting import NoteBook
from chassis.consumer.positions import MAX_GAP, Positions, Verdict
from chassis.consumer.progress import NO_TERMS, Terms
from chassis.consumer.spans import ProcessSpans
from chassis.postgres.batches import batch_transaction
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection, is_bad_data, reason_of
from chassis.pure.decision import Handler, Refused
from chassis.pure.messages import Contract
from chassis.pure.noting import Notes
from chassis.telemetry.logs import get_logger
from chassis.telemetry.tracing import now_ns
from chassis.trouble import Trouble
from chassis.work.unit_of_work import Cause, UnitOfWork
from chassis.work.workshop import Workshop

log = get_logger(__name__)

LIMIT_OF_RETRY = 16 * 1024 * 1024
"""Bytes of a value that an operator wants handled although it is larger than any of the chain's own."""
DRAIN_LIMIT = 200
"""Records per step: about a second of work."""
BEHIND = Fault("behind", "an earlier record of this key is parked")
FORK = Fault("fork", "another event was handled under its number", blocks=False)
TOO_FAR = Fault(
    "number_too_far", f"its number is more than {MAX_GAP} beyond the last one that was seen of its key", blocks=False
)
SUPERSEDED = Fault(
    "superseded", "a newer event of its key was handled, on a topic where only the last one counts", blocks=False
)
NO_EVENT: Mapping[Verdict, Fault] = {
    Verdict.FORK: FORK,
    Verdict.TOO_FAR: TOO_FAR,
    Verdict.SUPERSEDED: SUPERSEDED,
}
"""By its number it is no event of its key."""
MISSING = frozenset({Verdict.GAP, Verdict.FIRST})
"""Told of a number that leaves out some; no news of a compacted topic."""

T = TypeVar("T")
NO_NOTES: Final = NoteBook(None, {}, "")

Fetch = Callable[[str, int, int], Awaitable[Record | None]]
"""Reads the record at a topic, partition and offset again; None if it is gone, or is one that cannot be unpacked."""


@dataclass(slots=True)
class _Outcome:
    """What became of a batch, for metrics and spans, once it is committed."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    verdicts: dict[tuple[Verdict, str], int] = field(default_factory=dict)
    fresh: dict[str, list[Inbound]] = field(default_factory=dict)
    """The events whose effects are new, by topic, as far as they say when they were recorded."""

    def judged(self, inbound: Inbound, verdict: Verdict) -> bool:
        """Notes what is told of a number that is not simply the next one; False for a repeat."""
        if verdict is Verdict.REPEAT:
            self.count(inbound, "repeat")
        elif verdict is not Verdict.NEXT:
            at = verdict, inbound.source
            self.verdicts[at] = self.verdicts.get(at, 0) + 1
        return verdict is not Verdict.REPEAT

    def done(self, inbound: Inbound) -> None:
        """Its effect is new."""
        self.count(inbound, "done")
        if inbound.recorded_at is not None:
            self.fresh.setdefault(inbound.source, []).append(inbound)

    def count(self, inbound: Inbound, outcome: str) -> None:
        # The type comes from outside: only known ones may become a label.
        type_ = inbound.type if inbound.message is not None else "other"
        self.counts[type_, outcome] = self.counts.get((type_, outcome), 0) + 1


class Dispatcher:
    """Handles batches of one service's consumers. `fetch` is for parked records of which only the beginning is kept.
    `compacted`: topics in which records vanish before they are read. `notes`: what is kept of every record, and
    `subject` what it is about."""

    def __init__(
        self,
        workshop: Workshop,
        consumers: Mapping[type[Contract], Handler],
        fetch: Fetch,
        compacted: Collection[str] = (),
        notes: Notes | None = None,
        subject: str = "subject",
    ) -> None:
        self._shop = workshop
        self._compacted = frozenset(compacted)
        self._actor = workshop.actor
        self._contracts = {contract.type: contract for contract in consumers}
        self._handlers = dict(consumers)
        self._notes = NoteBook(notes, self._contracts, subject)
        self._fetch = fetch
        self._seconds = cache(workshop.metrics.handler_seconds.labels)
        self._count = cache(workshop.metrics.consumed.labels)
        self._effects = cache(workshop.metrics.effect_seconds.labels)
        self._hops = cache(workshop.metrics.hop_seconds.labels)
        workshop.metrics.await_effects({each.type: each.topic for each in consumers})

    async def handle(self, records: Sequence[Record], terms: Terms = NO_TERMS) -> None:
        """Makes the effects of `records` durable, once, and how far they were read. Raises an outage; then nothing has
        changed."""
        contracts = self._contracts
        await self._handle([decode(record, contracts) for record in records], terms)
        self._shop.wake_relay()

    async def _handle(self, batch: Sequence[Inbound], terms: Terms) -> None:
        try:
            await self._transaction(batch, terms, self._notes)
        except Exception as error:
            if not is_bad_data(error):
                raise
            # PostgreSQL refuses the data of one record: halve the batch, in order, until it is alone, and park it.
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._handle(batch[:middle], terms)
                await self._handle(batch[middle:], terms)
            else:
                (alone,) = batch
                alone.fault = Fault("database_refused", f"SQLSTATE {reason_of(error)}")
                await self._noted(alone.source, partial(self._transaction, batch, terms))

    async def _noted(self, topic: str, write: Callable[[NoteBook], Awaitable[T]]) -> T:
        """Writes what became of a record that PostgreSQL has refused; without its note, if that is refused too."""
        try:
            return await write(self._notes)
        except Exception as error:
            if not is_bad_data(error):
                raise
            log.error("note_refused", topic=topic, reason=reason_of(error))
            return await write(NO_NOTES)

    async def _transaction(self, batch: Sequence[Inbound], terms: Terms, notes: NoteBook) -> None:
        started, begun = now_ns(), perf_counter()
        work = self._shop.unit_of_work()
        spans = ProcessSpans(self._shop.tracer)
        outcome = _Outcome()
        to_park: list[parking.Parked] = []
        pool = self._shop.pool
        async with pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection, batch_transaction(connection):
            seen, verdicts = await self._judge(connection, batch)
            judged = list(zip(batch, verdicts, strict=True))
            fresh = [
                (inbound, NO_EVENT.get(verdict) or inbound.fault)
                for inbound, verdict in judged
                if outcome.judged(inbound, verdict)
            ]
            await work.load(
                connection,
                [
                    need
                    for inbound, fault in fresh
                    if fault is None and inbound.message is not None
                    for need in self._handlers[type(inbound.message)].needs(inbound.message)
                ],
            )
            for inbound, found in fresh:
                fault = self._decide(work, spans, inbound, found, seen, outcome)
                if fault is not None:
                    to_park.append(parking.Parked(inbound, fault))
            positions.save(work.writes, seen)
            progress.save(work.writes, (inbound.record for inbound in batch), terms)
            notes.read(work.writes, judged, to_park)
            await work.save(connection)
            kept = await parking.save(connection, to_park)
            for inbound, fault in to_park:
                if fault.blocks and inbound.place not in kept:  # it was parked before, and its key may wait for nothing
                    await parking.go_on(connection, inbound.source, inbound.key)
        ended = now_ns()
        for inbound, fault in to_park:
            record = inbound.record
            new = (record.topic, record.partition, record.offset) in kept
            outcome.count(inbound, "parked" if new else "repeat")
            if new and not fault.blocks:
                self._disown(inbound, fault)
        self._observe(len(batch), perf_counter() - begun, outcome)
        spans.record(started, ended, work.emitted)

    async def _judge(self, connection: Connection, batch: Sequence[Inbound]) -> tuple[Positions, list[Verdict]]:
        """What each record is by its number. One that is parked or discarded already has had its turn; only a batch
        with bad records, with events of open numbers or with gaps asks for those, which is rare."""
        seen = await positions.lock(connection, batch, self._compacted)
        asked = [inbound for inbound in batch if inbound.fault is not None or (seen.any_open and seen.is_open(inbound))]
        known = await parking.known(connection, asked) if asked else set()
        verdicts = _verdicts(batch, seen, known)
        if Verdict.GAP in verdicts:
            judged = zip(batch, verdicts, strict=True)
            beyond = [inbound for inbound, verdict in judged if verdict in {Verdict.GAP, Verdict.LATE}]
            if again := await parking.known(connection, beyond):
                # Put aside because their numbers were too far ahead, which they are no longer.
                seen = await positions.lock(connection, batch, self._compacted)
                verdicts = _verdicts(batch, seen, known | again)
        return seen, verdicts

    def _disown(self, inbound: Inbound, fault: Fault) -> None:
        """Alarms: somebody writes what is not his, or a producer has begun its numbers anew."""
        self._shop.metrics.disowned.labels(inbound.source, fault.code).inc()
        topic, partition, offset = inbound.place
        log.error("record_disowned", topic=topic, partition=partition, offset=offset, reason=fault.code)

    def _decide(
        self,
        work: UnitOfWork,
        spans: ProcessSpans,
        inbound: Inbound,
        fault: Fault | None,
        seen: Positions,
        outcome: _Outcome,
    ) -> Fault | None:
        """Why the record must be parked: for `fault`, or for what follows; None if it is handled."""
        if fault is None and inbound.message is None:
            outcome.count(inbound, "unknown_type")
            return None
        if fault is not None and not fault.blocks:
            return fault
        fault = BEHIND if seen.is_blocked(inbound) else fault or self._apply(work, spans, inbound)
        if fault is None:
            outcome.done(inbound)
        else:
            seen.block(inbound)
            seen.reopen(inbound)
        return fault

    def _apply(self, work: UnitOfWork, spans: ProcessSpans, inbound: Inbound) -> Fault | None:
        message = inbound.message
        assert message is not None, "what has no message has a fault"
        assert inbound.occurred_at is not None, "what has a message has a time"
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
            self._count(type_, name).inc(count)
        now = datetime.now(UTC)  # the machine's: a moved clock moves no time of recording either
        for topic, fresh in outcome.fresh.items():
            recorded = [each.recorded_at for each in fresh if each.recorded_at is not None]
            self._effects(topic).observe_all([max(0.0, (now - at).total_seconds()) for at in recorded])
            for step, took in walked(fresh, now - timedelta(seconds=seconds), now).items():
                self._hops(topic, step).observe_all(took)
        told = {Verdict.GAP: metrics.gaps, Verdict.FIRST: metrics.first_seen_late, Verdict.LATE: metrics.gaps_filled}
        for (verdict, topic), count in outcome.verdicts.items():
            if verdict in told and not (verdict in MISSING and topic in self._compacted):
                told[verdict].labels(topic).inc(count)

    async def drain(self, limit: int = DRAIN_LIMIT) -> int:
        """Handles parked records whose turn has come: an operator retries them, or the record before them is gone.

        Each has a transaction of its own. At most `limit` of them per call: so a long queue neither looks like a task
        that hangs nor holds up a shutdown. Returns 0 once there is nothing to do.
        """
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            ready = await parking.ready(connection)
        taken = 0
        for candidate in ready:
            more: bool | None = True
            while more and taken < limit:
                more = await self._settle(candidate)
                taken += more is not None
            self._shop.wake_relay()
        return taken

    async def _settle(self, candidate: parking.Ready) -> bool | None:
        """True if the key's next record may have its turn; None if nothing could be done now."""
        try:
            try:
                return await self._settle_once(candidate, None)
            except parking.IncompleteError as error:
                whole = await self._read_again(error.record)
                return None if whole is None else await self._settle_once(candidate, None, whole)
        except Exception as error:
            if not is_bad_data(error):
                raise
            fault = Fault("database_refused", f"SQLSTATE {reason_of(error)}")
            return await self._noted(candidate.source, lambda notes: self._settle_once(candidate, fault, notes=notes))

    async def _read_again(self, record: parking.StoredRecord) -> parking.StoredRecord | None:
        """The record with all of its value; marked if Kafka has it no more, None while Kafka is silent or refuses."""
        try:
            found = await self._fetch(record.topic, record.partition, record.offset)
        except (KafkaError, TimeoutError, OSError, Trouble) as error:
            reason = str(error) if isinstance(error, Trouble) else type(error).__name__
            log.warning("record_not_read_again", topic=record.topic, reason=reason)
            return None
        if found is None or parking.digest(found) != record.digest:
            return record._replace(gone=True)
        return record._replace(value=found.value, incomplete=False)

    async def _settle_once(
        self,
        candidate: parking.Ready,
        fault: Fault | None,
        whole: parking.StoredRecord | None = None,
        notes: NoteBook | None = None,
    ) -> bool:
        started, begun = now_ns(), perf_counter()
        work = self._shop.unit_of_work()
        spans = ProcessSpans(self._shop.tracer)
        outcome = _Outcome()
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection, connection.transaction():
            record = await parking.take(connection, candidate)
            if record is None:
                return False
            if whole is not None and whole.id == record.id:
                record = whole
            elif record.incomplete and record.vouched and fault is None:
                raise parking.IncompleteError(record)
            inbound = decode(record, self._contracts, LIMIT_OF_RETRY if record.vouched else MAX_VALUE)
            fault = fault or parking.missing(record) or inbound.fault
            repeat = False
            if fault is None and inbound.message is not None:
                seen = await positions.lock(connection, [inbound], self._compacted)
                repeat, fault = _turn(record, inbound, seen)
                if fault is None and not repeat:
                    await work.load(connection, self._handlers[type(inbound.message)].needs(inbound.message))
                    fault = self._apply(work, spans, inbound)
                if fault is None:
                    positions.save(work.writes, seen)
                    await work.save(connection)
            await parking.settle(connection, record, fault)
            await (notes or self._notes).settled(connection, inbound, record.digest, fault)
        outcome.count(inbound, "parked_again" if fault else "repeat" if repeat else "done_after_parking")
        if fault is not None and not fault.blocks and record.blocks:
            self._disown(inbound, fault)
        self._observe(1, perf_counter() - begun, outcome)
        spans.record(started, now_ns(), work.emitted)
        return candidate.id is None and (fault is None or not fault.blocks)


def _verdicts(batch: Sequence[Inbound], seen: Positions, known: set[Place]) -> list[Verdict]:
    return [Verdict.REPEAT if known and inbound.place in known else seen.advance(inbound) for inbound in batch]


def _turn(record: parking.StoredRecord, inbound: Inbound, seen: Positions) -> tuple[bool, Fault | None]:
    """What a parked record is, now that it has its turn: a repeat, or a fault by its number.

    What an operator wants handled although it is no event of its key by its number is handled. Otherwise nothing leaves
    the parking table for a repeat unless its own event was handled: it may have waited for long.
    """
    if seen.is_proven_repeat(inbound):
        return True, None
    if record.failure in {fault.code for fault in NO_EVENT.values()}:
        seen.accept(inbound)
        return False, None
    verdict = seen.advance(inbound)
    if verdict is Verdict.REPEAT:
        return False, FORK
    if verdict is Verdict.SUPERSEDED and record.blocks:  # by nothing but what waits behind it
        seen.accept(inbound)
        return False, None
    return False, NO_EVENT.get(verdict)
