"""The loops of a worker besides consumer and relay, and the steps of the housekeeping ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

import asyncpg

from chassis.clock import Clock
from chassis.consumer import parking
from chassis.operators.retention import sweep
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, LENT_WITHIN, is_outage, reason_of, told
from chassis.postgres.own_connection import OwnConnection
from chassis.pure.retention import Agreed
from chassis.service import Watched
from chassis.telemetry.logs import get_logger
from chassis.telemetry.metrics import Metrics
from chassis.vault import rotation
from chassis.vault.vault import KeyVault
from chassis.waiting import is_set_within
from chassis.work.calendar import Calendar
from chassis.work.deadline_mover import DeadlineMover
from chassis.work.gate import Gate
from chassis.work.standing import Standing

LONGEST_PAUSE_SECONDS = 5.0
"""Between two attempts during an outage."""

_GAUGES = """
select (select count(*) from outbox),
       (select extract(epoch from clock_timestamp() - created_at) from outbox order by id limit 1),
       (select count(*) from parked where state <> 'discarded'),
       (select count(*) from position where blocked),
       (select extract(epoch from clock_timestamp() - min(parked_at)) from parked where state <> 'discarded'),
       (select count(*) from deadline where due_at <= $1 and not missed),
       (select extract(epoch from $1 - min(due_at)) from deadline where due_at <= $1 and not missed),
       (select count(*) from audit where id > sealed.up_to),
       (select extract(epoch from clock_timestamp() - at) from audit where id > sealed.up_to order by id limit 1),
       (select extract(epoch from clock_timestamp() - at) from parked_change order by id limit 1),
       (select extract(epoch from clock_timestamp() - at) from report),
       (select count(*) from repeat)
from (select coalesce((select audit_id from audit_seal order by number desc limit 1), 0)) as sealed(up_to)
"""

log = get_logger(__name__)


class Loop:
    """Calls `step` again and again, without a pause while it finds work; the liveness probe reads its progress.

    `longest_pause`: between two attempts during an outage.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[int]],
        pause_seconds: float,
        metrics: Metrics,
        longest_pause: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        self.name = name
        self._step = step
        self._pause = pause_seconds
        self._longest = longest_pause
        self._metrics = metrics
        self._stop = asyncio.Event()
        self.last_progress = monotonic()

    def stop(self) -> None:
        """Return from `run` after the current step."""
        self._stop.set()

    async def run(self) -> None:
        """Survives an outage with growing pauses, and says once what it is; raises any other error."""
        failures = 0
        while not self._stop.is_set():
            pause = self._pause
            try:
                if await self._step():
                    pause = 0
                failures = 0
            except Exception as error:
                if not is_outage(error):
                    raise
                failures += 1
                if failures == 1:
                    log.warning("loop_interrupted", task=self.name, **told(error))
                pause = min(self._longest, self._pause * 2 ** min(failures, 6)) * random.uniform(0.5, 1)
                self._metrics.retries.labels(self.name, reason_of(error)).inc()
            self.last_progress = monotonic()
            if pause:
                await is_set_within(self._stop, pause)


_SET_UP = "select min(applied_at) from schema_migration"


async def observe(pool: asyncpg.Pool, clock: Clock, metrics: Metrics) -> int:
    """Reads the gauges that live in the database: one statement."""
    async with pool.acquire(timeout=LENT_WITHIN) as connection:
        row = await connection.fetchrow(_GAUGES, clock.now())
    if row is not None:
        gauges = (
            metrics.outbox_rows,
            metrics.outbox_oldest,
            metrics.parked_records,
            metrics.parked_keys,
            metrics.parked_oldest,
            metrics.deadlines_overdue,
            metrics.deadlines_oldest,
            metrics.audit_unsealed,
            metrics.audit_unsealed_oldest,
            metrics.operations_untold_oldest,
            metrics.report_age,
            metrics.repeats_waiting,
        )
        for gauge, value in zip(gauges, row, strict=True):
            gauge.set(float(value or 0))
    return 0


async def count(pool: asyncpg.Pool, clock: Clock, metrics: Metrics, watched: Sequence[Watched]) -> int:
    """Counts what the service wants to show: a statement each."""
    async with pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
        for each in watched:
            metrics.watched.labels(each.what).set(await connection.fetchval(each.count, clock.now()))
    return 0


async def look(pool: asyncpg.Pool, gate: Gate) -> int:
    """Opens or closes the gate: one statement."""
    async with pool.acquire(timeout=LENT_WITHIN) as connection:
        await gate.look(connection)
    return 0


async def renew(standing: Standing, connection: OwnConnection) -> int:
    """Reads what holds: one statement, on a connection that no command can keep busy."""
    async with asyncio.timeout(LENT_WITHIN), connection.lent() as lent:
        await standing.renew(lent)
    return 0


async def keep_calendar(calendar: Calendar, mover: DeadlineMover | None) -> int:
    """Takes a new file of days, beside the loop; a worker moves the deadlines that hang on it."""
    await asyncio.to_thread(calendar.renew)
    if mover is not None:
        await mover.follow()
    return 0


async def keep_keys(vault: KeyVault) -> int:
    """Takes a new key file, beside the loop."""
    await asyncio.to_thread(vault.renew)
    return 0


async def watch_keys(pool: asyncpg.Pool, vault: KeyVault, clock: Clock, metrics: Metrics) -> int:
    """Shows how old the generation of keys is that seals, and which others should be gone. No process rotates or
    destroys keys: it has no right to write the file, which lies with those who keep the escrow."""
    async with pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
        begun = await connection.fetchval(_SET_UP)
    now = clock.now()
    metrics.keys_sealing.set(rotation.sealing_for(vault.ring, now, begun).total_seconds())
    metrics.keys_due.set(len(rotation.due(vault.ring, now)))
    return 0


async def forget(pool: asyncpg.Pool, agreed: Agreed) -> int:
    """Ends what belongs to no subject and is older than its term, and questions to operators that have settled
    themselves."""
    async with pool.acquire(timeout=LENT_WITHIN) as connection:
        await sweep(connection, agreed)
        await parking.settle_what_was_read(connection)
    return 0
