"""Seals the rows of the audit, in order of id, beside all other work; and tells the outside how far, now and then.

A request does not wait for its seal: to chain rows inside of the commands' transactions would put all of them behind
one lock. Ids that are given out may commit late, so the relay's exact low-water mark (`outbox/low_water.py`) says up to
where no row can appear any more. Whichever worker has the advisory lock of the transaction seals; any other may at the
next step.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import asyncpg
import uuid_utils

from chassis.audit.chain import Row, beginning, digest_of
from chassis.outbox.append import Emitted, append
from chassis.outbox.low_water import LowWater
from chassis.postgres.database import LENT_TO_BACKGROUND_WITHIN, Connection
from chassis.postgres.writes import Part, Writes
from chassis.pure.audit import AuditSealed, chain_of
from chassis.pure.decision import Actor
from chassis.telemetry.logs import get_logger
from chassis.telemetry.tracing import Tracer
from chassis.vault.vault import KeyVault

LOCK = int.from_bytes(b"phaudit")
"""The advisory lock of whoever seals."""
BATCH = 500
EVERYTHING = sys.maxsize

_STANDING = """
select case when ids.is_called then ids.last_value else 0 end as last_id, clock_timestamp() as now,
       coalesce(seal.number, 0) as number, coalesce(seal.audit_id, 0) as sealed_to, seal.digest, seal.sealed_at,
       told.recorded_at as told_at
from audit_id_seq as ids
left join (select * from audit_seal order by number desc limit 1) as seal on true
left join stream as told on told.key = $1
"""
"""Where the chain stands, and when its end was told last."""
_ROWS = """
select id, at, person, role, org, action, subjects, outcome, ground from audit
where id > $1 and id <= $2 order by id limit $3
"""
_SEALED = Part(
    "audit_sealed",
    """
insert into audit_seal (number, audit_id, digest, generation, mac)
select u.number, u.audit_id, u.digest, u.generation, u.mac from {rows} order by u.place returning true
""",
    ("number bigint", "audit_id bigint", "digest bytea", "generation text", "mac bytea"),
    exact=True,
)

_TOLD = Part(
    "audit_told",
    "insert into audit_told (number) select u.number from {rows} on conflict do nothing returning true",
    ("number bigint",),
)
"""The audit is cut at an end that was told, and nowhere else (`audit/cut.py`)."""

log = get_logger(__name__)


class AuditSealer:
    """Of one worker. `head` is the service's own event that tells up to where the audit is sealed, at most every
    `tell`; without one nothing is told."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        vault: KeyVault,
        tracer: Tracer,
        actor: Actor,
        service: str,
        *,
        head: type[AuditSealed] | None,
        tell: timedelta,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._tracer = tracer
        self._actor = actor
        self._service = service
        self._chain = chain_of(service)
        self._head = head
        self._tell = tell
        self._low_water = LowWater("audit")
        self._more = True
        self._broken = False

    async def step(self) -> int:
        """Seals up to one batch; returns how many rows."""
        async with self._pool.acquire(timeout=LENT_TO_BACKGROUND_WITHIN) as connection:
            stands = await self._look(connection)
            if (
                stands["last_id"] == self._low_water.mark
                and not self._more
                and not self._is_due(stands, stands["sealed_at"])
            ):
                return 0
            try:
                async with connection.transaction():
                    return await self._seal(connection)
            except asyncpg.UniqueViolationError:
                # Somebody else has written into `audit_seal`. Nobody is kept from work; rows stay unsealed, and old.
                if not self._broken:
                    log.error("audit_chain_broken", remedy="Run `ph audit verify` for this service.")
                self._broken = True
                return 0

    async def _look(self, connection: Connection) -> asyncpg.Record:
        found = await connection.fetchrow(_STANDING, str(self._chain))
        assert found is not None, "a sequence has one row"
        return found

    def _is_due(self, stands: asyncpg.Record, sealed_at: datetime | None) -> bool:
        """Whether the chain has grown since its end was told, which was long ago."""
        if self._head is None or sealed_at is None:
            return False
        told_at = stands["told_at"]
        return told_at is None or told_at < min(sealed_at, stands["now"] - self._tell)

    async def _seal(self, connection: Connection) -> int:
        if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
            return 0
        await self._low_water.look(connection, EVERYTHING)
        self._low_water.settle(EVERYTHING)
        stands = await self._look(connection)
        mark = self._low_water.mark
        rows = [Row(*each) for each in await connection.fetch(_ROWS, stands["sealed_to"], mark, BATCH)]
        self._more = len(rows) == BATCH
        number, digest = stands["number"], stands["digest"] or beginning(self._service)
        seals = []
        for row in rows:
            number += 1
            digest = digest_of(digest, number, row)
            seals.append((number, row.id, digest, *self._vault.countersigned(digest)))
        writes = Writes()
        writes.add(_SEALED, seals)
        if self._head is not None and self._is_due(stands, stands["now"] if seals else stands["sealed_at"]):
            event = self._head(chain_id=self._chain, number=number, digest=digest.hex())
            trace = self._tracer.root()
            told = Emitted(event, str(self._chain), str(uuid_utils.uuid7()), self._actor, trace, "")
            append(writes, [told], stands["now"])
            writes.add(_TOLD, [(number,)])
        await writes.execute(connection)
        return len(seals)
