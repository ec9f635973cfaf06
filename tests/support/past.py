"""Databases that tests make anew beside a broker that remembers: their service has told nothing yet."""

from __future__ import annotations

import asyncpg

from chassis.kafka.past import Reader, opened, reader_of
from chassis.outbox import telling
from chassis.outbox.lineage import Told
from tests.support.logins import settings_for


def reader(bootstrap: str) -> Reader:
    """A reader as the runtime has it."""
    return reader_of(settings_for(bootstrap), "test-lineage")


async def adopt(dsn: str, bootstrap: str, *topics: str) -> None:
    """Takes what stands in these topics for told by this database: other tests' databases have told it."""
    async with opened(reader(bootstrap)) as past:
        ends = {place: Told(bounds.end) for place, bounds in (await past.bounds(topics)).items() if bounds}
    connection = await asyncpg.connect(dsn)
    try:
        if await connection.fetchval("select to_regclass('lineage')") is None:
            return  # of an earlier build
        await telling.write(connection, ends)
    finally:
        await connection.close()
