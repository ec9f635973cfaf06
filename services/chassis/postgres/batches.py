"""The transaction of a batch: of records, or of deadlines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from chassis.postgres.database import MAY_BE_OUTAGES, Connection

BEGIN = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan;"
COMMIT, ROLLBACK = "COMMIT;", "ROLLBACK;"


@asynccontextmanager
async def batch_transaction(connection: Connection) -> AsyncIterator[None]:
    """Commits, or rolls back whatever is raised. Each statement keeps one plan for all batches.

    PostgreSQL would plan a statement with arrays anew for every batch, because it takes an array for ten rows before it
    sees it: 7 % of the time of a batch of two. Lists are no batches: what they are asked for decides how they are best
    read.
    """
    await connection.execute(BEGIN)
    try:
        yield
    except BaseException:
        with suppress(*MAY_BE_OUTAGES):  # the connection is gone, and its transaction with it
            await connection.execute(ROLLBACK)
        raise
    await connection.execute(COMMIT)
