"""Writes the rows of what is shown, refused or repeated: each is committed before its answer is sent.

One insert writes the rows of all requests that wait at a time: while it runs, the next ones gather. So a process that
answers many lists at once pays for few inserts.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from chassis.audit.rows import WRITTEN
from chassis.postgres.database import LENT_WITHIN, is_outage, told
from chassis.postgres.writes import Writes
from chassis.telemetry.logs import get_logger

MOST = 500
"""Rows of one insert."""

Row = tuple[Any, ...]

log = get_logger(__name__)


class AuditUnavailableError(Exception):
    """The row cannot be written now, so what it would tell of must not be shown."""


class Auditor:
    """One per process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, row: Row) -> None:
        """Returns once the row is committed. Raises `AuditUnavailableError` if it cannot be."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((row, written))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all(), name="audit")
        await written

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            error = await self._write([row for row, _ in batch])
            for _, written in batch:
                if written.done():  # who waited has gone
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(error)

    async def _write(self, rows: list[Row]) -> Exception | None:
        writes = Writes()
        writes.add(WRITTEN, rows)
        try:
            async with self._pool.acquire(timeout=LENT_WITHIN) as connection:
                await writes.execute(connection)
        except Exception as error:  # noqa: BLE001 - each request that waits raises it
            if not is_outage(error):
                return error
            log.warning("audit_not_written", count=len(rows), **told(error))
            return AuditUnavailableError()
        return None
