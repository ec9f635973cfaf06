"""Ends what is due by its rules, a few subjects at a time, beside all other work; every day, and when an operator asks.

A run goes through the kinds in order and through the subjects of each by id, and keeps how far it has come in the
transaction that ends them. So a run that was cut off goes on where it was, two workers share none, and what is done
twice changes nothing. Whoever has a hold set while a batch begins is left out: it is asked again under the locks.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg

from chassis.audit.cut import cut
from chassis.audit.rows import DONE, WRITTEN, Who
from chassis.operators.retention import AUDIT, SYSTEM, Line, ask, line_of, some_due, still_due
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection, reason_of
from chassis.postgres.writes import Part, Writes
from chassis.pure.decision import Refused
from chassis.pure.retention import Agreed, Kept, TermOver
from chassis.telemetry.logs import get_logger
from chassis.vault.vault import KeyVault
from chassis.work.unit_of_work import Cause
from chassis.work.workshop import Workshop

BATCH = 100
EVERY = timedelta(days=1)
MEASURED_SECONDS = 300.0
NOBODY = UUID(int=0)

_LAST = "select max(asked_at) from retention_run where asked_by = $1"
_LAST_ENDED = "select coalesce(max(ended_at), min(asked_at)) from retention_run"
"""Before the first has ended, since when one was to."""
_OPEN = """
select id, asked_by, kind, after, report from retention_run where ended_at is null and asked_at <= $1
order by id limit 1 for update skip locked
"""
"""After a restore a run is asked for some time ahead."""
_GOES_ON = "update retention_run set kind = $2, after = $3, report = $4 where id = $1"
_ENDED = "update retention_run set ended_at = $2 where id = $1"

log = get_logger(__name__)


class Retention:
    """Of one worker."""

    def __init__(self, workshop: Workshop, agreed: Agreed, vault: KeyVault | None, service: str) -> None:
        self._shop = workshop
        self._agreed = agreed
        self._vault = vault
        self._service = service
        self._measured = float("-inf")

    async def step(self) -> int:
        """Ends one batch of the run that is open, or begins that of the day; returns how many subjects it has ended."""
        async with self._shop.pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            now = self._shop.clock.now()
            last = await connection.fetchval(_LAST, SYSTEM)
            if last is None or last + EVERY <= now:
                await ask(connection, SYSTEM, "every day", now)
            # Before the batch, too: one that fails again and again must not hide for how long no run has ended.
            await self._tell_when_one_has_ended(connection)
            async with connection.transaction():
                run = await connection.fetchrow(_OPEN, now)
                ended = 0 if run is None else await self._go_on(connection, dict(run), now)
            await self._tell_when_one_has_ended(connection)
            if monotonic() - self._measured >= MEASURED_SECONDS:
                self._measured = monotonic()
                await self._measure(connection, now)
            return ended

    async def _tell_when_one_has_ended(self, connection: Connection) -> None:
        self._shop.metrics.retention_run_at.set((await connection.fetchval(_LAST_ENDED)).timestamp())

    async def _measure(self, connection: Connection, now: datetime) -> None:
        """Shows what is due. A count that takes too long is left out: it must not keep a run from going on."""
        for kind in self._agreed.kinds:
            try:
                self._show(await line_of(connection, self._agreed, kind, now), now)
            except (asyncpg.QueryCanceledError, TimeoutError) as error:
                log.warning("retention_not_measured", kind=kind.kind, reason=reason_of(error))

    async def _go_on(self, connection: Connection, run: dict[str, Any], now: datetime) -> int:
        kinds = [each for each in self._agreed.kinds if isinstance(each, Kept)]
        names = [each.kind for each in kinds]
        report: dict[str, int] = json.loads(run["report"])
        place = names.index(run["kind"]) if run["kind"] in names else 0
        after = run["after"] or NOBODY
        for kind in kinds[place:]:
            found, ended, upto = await self._end_some(connection, kind, now, after, run["asked_by"])
            if ended:
                report[kind.kind] = report.get(kind.kind, 0) + ended
                self._shop.metrics.retention_ended.labels(kind.kind, kind.effect).inc(ended)
            if found:
                await connection.execute(_GOES_ON, run["id"], kind.kind, upto, json.dumps(report))
                return found
            after = NOBODY
        if removed := await self._cut_audit(connection, run["asked_by"]):
            report[AUDIT.kind] = report.get(AUDIT.kind, 0) + removed
            self._shop.metrics.retention_ended.labels(AUDIT.kind, AUDIT.effect).inc(removed)
        await connection.execute(_GOES_ON, run["id"], None, None, json.dumps(report))
        await connection.execute(_ENDED, run["id"], now)
        log.info("retention_run", count=sum(report.values()))
        self._measured = float("-inf")
        return 0

    async def _end_some(
        self, connection: Connection, kind: Kept, now: datetime, after: UUID, by: str
    ) -> tuple[int, int, UUID]:
        """How many subjects were found, how many of them have ended, and up to which id."""
        subjects = await some_due(connection, self._agreed, kind, now, after, BATCH)
        if not subjects:
            return 0, 0, after
        messages = [TermOver(kind.kind, each) for each in subjects]
        work = self._shop.unit_of_work()
        await work.load(connection, [need for each in messages for need in kind.handler.needs(each)])
        still = await still_due(connection, self._agreed, kind, now, subjects)
        ended = []
        for each in messages:
            if each.id not in still:
                continue
            decision = work.decide(kind.handler, each, Cause(self._shop.actor, now, self._shop.tracer.root()))
            if isinstance(decision, Refused):
                raise TypeError(f"the end of a term was refused: {decision.code}")
            if decision.states or decision.erased or kind.rows:
                ended.append(each.id)
        if kind.rows:
            work.writes.add(Part("ended", kind.rows, ("id uuid",)), [(each,) for each in ended])
        if ended and self._vault is not None:
            work.writes.add(WRITTEN, [_who(self._vault, by, self._shop.actor.org, kind.kind).row(ended, DONE)])
        await work.save(connection)
        return len(subjects), len(ended), subjects[-1]

    async def _cut_audit(self, connection: Connection, by: str) -> int:
        """How many rows of the audit have gone; that they have is a row itself, which names nobody."""
        rules = self._agreed.rules.get(AUDIT.kind)
        if self._vault is None or not rules:
            return 0
        [rule] = rules
        removed = await cut(connection, self._vault, self._service, rule.term)
        if removed:
            writes = Writes()
            writes.add(WRITTEN, [_who(self._vault, by, self._shop.actor.org, AUDIT.kind).row([], DONE)])
            await writes.execute(connection)
        return removed

    def _show(self, line: Line, now: datetime) -> None:
        metrics = self._shop.metrics
        oldest = 0.0 if line.oldest is None else (now - line.oldest).total_seconds()
        metrics.retention_due.labels(line.kind).set(line.due)
        metrics.retention_overdue.labels(line.kind).set(line.overdue)
        metrics.retention_held.labels(line.kind).set(line.held)
        metrics.retention_oldest.labels(line.kind).set(oldest)


def _who(vault: KeyVault, by: str, org: str, kind: str) -> Who:
    """Whose row it is that records of a kind have ended."""
    return Who(vault.marks(by.encode())[0], SYSTEM if by == SYSTEM else "operator", org, f"retention:{kind}")
