"""The command path: one command, one transaction, one answer per Idempotency-Key."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any

import asyncpg

from chassis.outbox.spans import record_created
from chassis.postgres.database import (
    ConcurrentUpdateError,
    Connection,
    is_outage,
    reason_of,
)
from chassis.pure.decision import Actor, Handler, Refused
from chassis.pure.resources import Seen
from chassis.pure.states import Need
from chassis.telemetry.tracing import current, now_ns
from chassis.work.unit_of_work import Cause, Part, UnitOfWork
from chassis.work.workshop import Workshop

ATTEMPTS = 4
"""A command that loses a deadlock or a race, or meets an outage, is tried this often before its caller hears of it."""

_KEEP = """
insert into idempotency (key, fingerprint, answer) values ($1, $2, $3)
on conflict do nothing returning true
"""
_ANSWERED = "select fingerprint, answer from idempotency where key = $1"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Two hashes: one of the caller's key with its scope (organisation, method, path), one of the body."""

    key: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """A command's answer as JSON text; `replayed` if an earlier request with the same key got it first."""

    answer: str
    replayed: bool = False


class _RefusedError(Exception):
    """Carries a refusal out of the transaction, which rolls back."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused


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
        self._count = cache(workshop.metrics.commands.labels)
        self._seconds = cache(workshop.metrics.handler_seconds.labels)

    async def execute(
        self, command: Any, actor: Actor, key: IdempotencyKey, seen: Seen | None = None
    ) -> Done | Refused:
        """Runs one command to its end, if what its caller has `seen` is still true.

        A key that was used before gets its stored answer, whatever has changed since. An outage that outlasts
        `ATTEMPTS` is raised to the caller.
        """
        name = type(command).__name__
        for attempt in range(1, ATTEMPTS + 1):
            try:
                done = await self._once(command, actor, key, seen, locked=attempt > 1)
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
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _once(self, command: Any, actor: Actor, key: IdempotencyKey, seen: Seen | None, *, locked: bool) -> Done:
        span = current.get()
        work = self._shop.unit_of_work()
        cause = Cause(actor, work.now, span)
        started = now_ns()
        async with self._shop.pool.acquire(timeout=5) as connection:
            try:
                needs = tuple(self._handlers[type(command)].needs(command))
                answer = None
                if not locked and seen is None and len(needs) == 1 and not needs[0].linked:
                    answer = await self._lightly(connection, work, command, cause, key, needs[0])
                if answer is None:
                    work = self._shop.unit_of_work()
                    answer = await self._locked(connection, work, command, cause, key, needs, seen)
            except (_RefusedError, ConcurrentUpdateError, asyncpg.IntegrityConstraintViolationError):
                # If this command was done before, it met a state it was not meant for, and its key is taken.
                if (stored := await _stored(connection, key)) is not None:
                    return stored
                raise
        record_created(self._shop.tracer, work.emitted, {span.trace_id: span}, started, now_ns())
        return Done(answer)

    async def _lightly(
        self, connection: Connection, work: UnitOfWork, command: Any, cause: Cause, key: IdempotencyKey, need: Need
    ) -> str | None:
        """Reads the command's one aggregate without a lock and writes it if nobody was first: two round trips.

        The writing statement checks the version that was read. Returns None, with nothing written, if the decision
        does not write the aggregate: then only a lock can hold the state that the decision rests on.
        """
        await work.look(connection, (need,))
        answer = self._decide(work, command, cause, None)
        if not work.is_changed(need):
            return None
        await work.stage(_kept(key, answer)).commit(connection)
        return answer

    async def _locked(
        self,
        connection: Connection,
        work: UnitOfWork,
        command: Any,
        cause: Cause,
        key: IdempotencyKey,
        needs: tuple[Need, ...],
        seen: Seen | None,
    ) -> str:
        """Locks what the decision rests on, waiting for whoever holds it, and writes, in one transaction."""
        async with connection.transaction():
            await work.load(connection, needs if seen is None else (*needs, *seen.needs()))
            if seen is not None:
                await work.look(connection, seen.beside(work.states))
            answer = self._decide(work, command, cause, seen)
            await work.stage(_kept(key, answer)).execute(connection)
        return answer

    def _decide(self, work: UnitOfWork, command: Any, cause: Cause, seen: Seen | None) -> str:
        """The answer as JSON. Raises `_RefusedError`."""
        if seen is not None and (stale := seen.refusal(work.states, work.context(cause.actor, work.now))):
            raise _RefusedError(stale)
        begun = perf_counter()
        decision = work.decide(self._handlers[type(command)], command, cause)
        refused = isinstance(decision, Refused)
        self._seconds(type(command).__name__, "refused" if refused else "done").observe(perf_counter() - begun)
        if isinstance(decision, Refused):
            raise _RefusedError(decision)
        if decision.answer is None:
            raise TypeError(f"the handler of {type(command).__name__} answers nothing")
        return decision.answer.model_dump_json()


def _kept(key: IdempotencyKey, answer: str) -> Part:
    return Part("answer_kept", _KEEP, (key.key, key.fingerprint, answer), 1)


def may_succeed_again(error: BaseException) -> bool:
    """True for an outage, and for a collision: somebody else has drawn the same random id."""
    return is_outage(error) or isinstance(error, asyncpg.UniqueViolationError)


async def _stored(connection: Connection, key: IdempotencyKey) -> Done | None:
    """The answer that an earlier request with this key was given, if there was one."""
    row = await connection.fetchrow(_ANSWERED, key.key)
    if row is None:
        return None
    if row["fingerprint"] != key.fingerprint:
        raise _RefusedError(_REUSED)
    return Done(row["answer"], replayed=True)
