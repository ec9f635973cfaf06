"""The command path: one command, one transaction, one answer per Idempotency-Key."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from time import monotonic, perf_counter
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from chassis.audit.rows import DONE, WRITTEN, Who
from chassis.outbox.spans import record_created
from chassis.postgres.database import LENT_WITHIN, Connection, is_outage, reason_of
from chassis.postgres.writes import Part, Writes
from chassis.pure.decision import Actor, Decision, Handler, Refused
from chassis.pure.resources import UNSHOWN, Seen
from chassis.pure.states import ConcurrentUpdateError, Need
from chassis.pure.subjects import subjects_in
from chassis.telemetry.tracing import SpanContext, current, now_ns
from chassis.work.unit_of_work import Cause, UnitOfWork
from chassis.work.workshop import Workshop

ATTEMPTS = 4
"""A command that loses a deadlock or a race, or meets an outage, is tried this often before its caller hears of it."""

CONTENDED_SECONDS = 1.0
"""How long an aggregate is locked at once after somebody has lost a race for it."""
MAX_CONTENDED = 1000

_KEPT = Part(
    "answer_kept",
    """
insert into idempotency (key, fingerprint, answer) select u.key, u.fingerprint, u.answer from {rows}
on conflict do nothing returning true
""",
    ("key bytea", "fingerprint bytea", "answer json"),
    exact=True,
)
_ANSWERED = "select fingerprint, answer from idempotency where key = $1"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Two hashes: one of the caller's key with its scope (organisation, person, method, path), one of the body.

    `others`: what the body's hash may have been under keys of other generations.
    """

    key: bytes
    fingerprint: bytes
    others: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A command's answer as JSON text; `replayed` if an earlier request with the same key got it first."""

    answer: str
    replayed: bool = False


class Audit(NamedTuple):
    """Who is to be noted for a command, and how the subjects that it is about are called where they are named."""

    who: Who
    field: str


class _RefusedError(Exception):
    """Carries a refusal out of the transaction, which rolls back."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused


class _Call(NamedTuple):
    """One request to carry out a command."""

    command: Any
    handler: Handler
    needs: tuple[Need, ...]
    actor: Actor
    key: IdempotencyKey
    seen: Seen | None
    span: SpanContext
    audit: Audit | None = None

    @property
    def only_need(self) -> Need | None:
        """The one aggregate that the command is about, if it is one, found by its id."""
        match self.needs:
            case (need,) if self.seen is None and not need.linked:
                return need
        return None


class _Contended:
    """Aggregates about which callers have lately got in each other's way: there the lock is taken at once."""

    def __init__(self) -> None:
        self._until: dict[UUID, float] = {}

    def note(self, need: Need) -> None:
        """Somebody was not first."""
        self._until.pop(need.id, None)
        self._until[need.id] = monotonic() + CONTENDED_SECONDS
        if len(self._until) > MAX_CONTENDED:
            del self._until[next(iter(self._until))]

    def __contains__(self, need: Need) -> bool:
        return self._until.get(need.id, float("-inf")) > monotonic()


_REUSED = Refused(
    code="idempotency_key_reused",
    detail="This Idempotency-Key was used with another body.",
    remedy="Send a new key for a new intent; repeat a key only with the very same body.",
    field="Idempotency-Key",
    status=422,
)


class CommandBus:
    """Executes commands of one service."""

    def __init__(self, workshop: Workshop, handlers: Mapping[type[Any], Handler]) -> None:
        self._shop = workshop
        self._handlers = handlers
        self._contended = _Contended()
        self._count = cache(workshop.metrics.commands.labels)
        self._seconds = cache(workshop.metrics.handler_seconds.labels)

    async def execute(
        self,
        command: Any,
        actor: Actor,
        key: IdempotencyKey,
        seen: Seen | None = None,
        audit: Audit | None = None,
    ) -> Done | Refused:
        """Runs one command to its end, if what its caller has `seen` is still true.

        A key that was used before gets its stored answer, whatever has changed since. An outage that outlasts
        `ATTEMPTS` is raised to the caller. With `audit`, what is done is noted in the command's own transaction;
        what is refused or repeated is not.
        """
        handler = self._handlers[type(command)]
        call = _Call(command, handler, tuple(handler.needs(command)), actor, key, seen, current.get(), audit)
        return await self._tried(type(command).__name__, partial(self._once, call))

    async def do(
        self, name: str, key: IdempotencyKey, work: Callable[[Connection], Awaitable[str | Refused]]
    ) -> Done | Refused:
        """Does what is no command on aggregates, in one transaction, with the same promise to its key.

        `work` gives the answer as JSON text; if it refuses, nothing that it has written stays.
        """
        return await self._tried(name, partial(self._done, key, work))

    async def _tried(self, name: str, once: Callable[[], Awaitable[Done]]) -> Done | Refused:
        attempt = 0
        while True:
            attempt += 1
            try:
                done = await once()
            except _RefusedError as refusal:
                self._count(name, refusal.refused.code).inc()
                return refusal.refused
            except Exception as error:
                if not may_succeed_again(error) or attempt == ATTEMPTS:
                    self._count(name, "failed").inc()
                    raise
                self._shop.metrics.retries.labels("command", reason_of(error)).inc()
                if not isinstance(error, ConcurrentUpdateError):  # who lost a race waits for the lock instead
                    await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
            else:
                self._count(name, "replayed" if done.replayed else "done").inc()
                self._shop.wake_relay()
                return done

    async def _once(self, call: _Call) -> Done:
        started = now_ns()
        async with self._shop.pool.acquire(timeout=LENT_WITHIN) as connection:
            try:
                work = await self._lightly(connection, call) or await self._locked(connection, call)
            except (_RefusedError, ConcurrentUpdateError, asyncpg.IntegrityConstraintViolationError):
                # If this command was done before, it met a state it was not meant for, and its key is taken.
                if (stored := await _stored(connection, call.key)) is not None:
                    return stored
                raise
        record_created(self._shop.tracer, work.emitted, {call.span.trace_id: call.span}, started, now_ns())
        return Done(work.answer)

    async def _done(self, key: IdempotencyKey, work: Callable[[Connection], Awaitable[str | Refused]]) -> Done:
        async with self._shop.pool.acquire(timeout=LENT_WITHIN) as connection:
            if (stored := await _stored(connection, key)) is not None:
                return stored
            try:
                async with connection.transaction():
                    answer = await work(connection)
                    if isinstance(answer, Refused):
                        raise _RefusedError(answer)
                    kept = Writes()
                    kept.add(_KEPT, [(key.key, key.fingerprint, answer)])
                    await kept.execute(connection)
            except (_RefusedError, ConcurrentUpdateError):
                # The first request with this key may have committed meanwhile.
                if (stored := await _stored(connection, key)) is not None:
                    return stored
                raise
        return Done(answer)

    async def _lightly(self, connection: Connection, call: _Call) -> UnitOfWork | None:
        """Reads the command's one aggregate without a lock and writes it if nobody was first: two round trips.

        The writing statement checks the version that was read. Returns None, with nothing written, where only a lock
        tells what holds: the command is about several aggregates; callers compete for this one; a rule refuses, and the
        first request with this key may be about to commit; the decision does not write the aggregate.
        """
        need = call.only_need
        if need is None or need in self._contended:
            return None
        work = self._shop.unit_of_work()
        await work.look(connection, (need,))
        if isinstance(self._decide(work, call), Refused) or not work.is_changed(need):
            return None
        try:
            await _staged(work, call).commit(connection)
        except ConcurrentUpdateError:
            self._contended.note(need)
            raise
        return work

    async def _locked(self, connection: Connection, call: _Call) -> UnitOfWork:
        """Locks what the decision rests on, waiting for whoever holds it, and writes, in one transaction."""
        work = self._shop.unit_of_work()
        async with connection.transaction():
            await work.load(connection, call.needs if call.seen is None else (*call.needs, *call.seen.needs()))
            stale = None
            if call.seen is not None:
                await work.look(connection, call.seen.beside(work.states))
                stale = call.seen.refusal(work.states, work.context(call.actor, work.now))
                if stale not in (None, UNSHOWN):
                    raise _RefusedError(stale)
            decision = self._decide(work, call)
            if isinstance(decision, Refused):
                raise _RefusedError(decision)
            if stale is not None:
                raise _RefusedError(stale)
            await _staged(work, call).execute(connection)
        return work

    def _decide(self, work: UnitOfWork, call: _Call) -> Decision | Refused:
        begun = perf_counter()
        decision = work.decide(call.handler, call.command, Cause(call.actor, work.now, call.span))
        outcome = "refused" if isinstance(decision, Refused) else "done"
        name = type(call.command).__name__
        self._seconds(name, outcome).observe(perf_counter() - begun)
        if isinstance(decision, Decision) and decision.answer is None:
            raise TypeError(f"the handler of {name} answers nothing")
        return decision


def _staged(work: UnitOfWork, call: _Call) -> Writes:
    kept = (_KEPT, [(call.key.key, call.key.fingerprint, work.answer)])
    if call.audit is None:
        return work.stage(kept)
    who, field = call.audit
    about = subjects_in((call.command, work.answered, *(each.event for each in work.emitted)), field)
    return work.stage(kept, (WRITTEN, [who.row(about, DONE)]))


def may_succeed_again(error: BaseException) -> bool:
    """True for an outage, and for a collision: somebody else has drawn the same random id."""
    return is_outage(error) or isinstance(error, asyncpg.UniqueViolationError)


async def _stored(connection: Connection, key: IdempotencyKey) -> Done | None:
    """The answer that an earlier request with this key was given, if there was one."""
    row = await connection.fetchrow(_ANSWERED, key.key)
    if row is None:
        return None
    if row["fingerprint"] not in (key.fingerprint, *key.others):
        raise _RefusedError(_REUSED)
    return Done(row["answer"], replayed=True)
