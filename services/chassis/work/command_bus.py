"""The command path: one command, one transaction, one answer per Idempotency-Key."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import Any

import asyncpg
from pydantic_core import to_json

from chassis.clock import Clock
from chassis.outbox.spans import record_created
from chassis.postgres.database import (
    ConcurrentUpdateError,
    Connection,
    is_environment_fault,
    reason_of,
)
from chassis.postgres.storage import Storage
from chassis.pure.decision import Actor, Handler, Refused
from chassis.telemetry.metrics import Metrics
from chassis.telemetry.tracing import Tracer, current, now_ns
from chassis.work.unit_of_work import Cause, UnitOfWork

ATTEMPTS = 4
"""A command that loses a deadlock or a race is tried again this often before its caller hears of it."""

_KEEP = """
insert into idempotency (key, fingerprint, answer) values ($1, $2, $3)
on conflict do nothing returning true
"""
_ANSWERED = "select fingerprint, answer from idempotency where key = $1"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Hashes: of the caller's key with its scope (organisation, method and path), and of the body it came with."""

    key: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """A command's answer; `replayed` if an earlier request with the same key had it made."""

    answer: Mapping[str, Any] = field(default_factory=dict)
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

    def __init__(
        self,
        pool: asyncpg.Pool,
        storage: Storage,
        handlers: Mapping[type[Any], Handler],
        reference: Any,
        clock: Clock,
        tracer: Tracer,
        metrics: Metrics,
        wake_relay: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._storage = storage
        self._handlers = handlers
        self._reference = reference
        self._clock = clock
        self._tracer = tracer
        self._metrics = metrics
        self._wake_relay = wake_relay
        self._count = cache(metrics.commands.labels)
        self._seconds = cache(metrics.handler_seconds.labels)

    async def execute(self, command: Any, actor: Actor, key: IdempotencyKey) -> Done | Refused:
        """Runs one command to its end. Environment faults beyond a few attempts are raised to the caller."""
        name = type(command).__name__
        for attempt in range(1, ATTEMPTS + 1):
            try:
                done = await self._once(command, actor, key)
            except _RefusedError as refusal:
                self._count(name, refusal.refused.code).inc()
                return refusal.refused
            except Exception as error:
                if not may_succeed_again(error) or attempt == ATTEMPTS:
                    self._count(name, "failed").inc()
                    raise
                self._metrics.retries.labels("command", reason_of(error)).inc()
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
            else:
                self._count(name, "replayed" if done.replayed else "done").inc()
                self._wake_relay()
                return done
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _once(self, command: Any, actor: Actor, key: IdempotencyKey) -> Done:
        handler = self._handlers[type(command)]
        now = self._clock.now()
        span = current.get()
        work = UnitOfWork(self._storage, self._reference, self._tracer, now)
        started = now_ns()
        async with self._pool.acquire(timeout=5) as connection:
            try:
                async with connection.transaction():
                    await work.load(connection, handler.needs(command))
                    begun = perf_counter()
                    decision = work.decide(handler, command, Cause(actor, now, span))
                    self._observe(type(command).__name__, decision, perf_counter() - begun)
                    if isinstance(decision, Refused):
                        raise _RefusedError(decision)
                    answer = to_json(dict(decision.answer)).decode()
                    work.writes.add("answer_kept", _KEEP, key.key, key.fingerprint, answer, rows=1)
                    await work.save(connection)
            except (_RefusedError, ConcurrentUpdateError, asyncpg.IntegrityConstraintViolationError):
                # Of a command that was done before, the state is no longer what it was meant for, and the key is taken.
                if (stored := await _stored(connection, key)) is not None:
                    return stored
                raise
        record_created(self._tracer, work.emitted, {span.trace_id: span}, started, now_ns())
        return Done(decision.answer)

    def _observe(self, name: str, decision: object, seconds: float) -> None:
        outcome = "refused" if isinstance(decision, Refused) else "done"
        self._seconds(name, outcome).observe(seconds)


def may_succeed_again(error: BaseException) -> bool:
    """An environment fault, or an id drawn at random that somebody else had drawn before."""
    return is_environment_fault(error) or isinstance(error, asyncpg.UniqueViolationError)


async def _stored(connection: Connection, key: IdempotencyKey) -> Done | None:
    """The answer that an earlier request with this key was given, if there was one."""
    row = await connection.fetchrow(_ANSWERED, key.key)
    if row is None:
        return None
    if row["fingerprint"] != key.fingerprint:
        raise _RefusedError(_REUSED)
    return Done(json.loads(row["answer"]), replayed=True)
