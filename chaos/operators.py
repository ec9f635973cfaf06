"""What operators do with parked records, by the code behind `ph parked`: look, retry, discard."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from chaos.prices import FORGED
from chaos.world import World
from chassis.operators import parked
from chassis.operators.parked import ParkedRow

RETRIED = 0.6
"""The share of the heads that an operator retries at each look."""
TRY_SECONDS = 30
UNREADABLE = frozenset(
    {
        "json_invalid",
        "schema_violated",
        "type_missing",
        "sequence_invalid",
        "key_missing",
        "key_mismatch",
        "id_invalid",
        "body_missing",
        "no_basket",
    }
)
"""Failures that no retry can mend. A basket that is not there was forgotten, with the shop's database put back."""
NO_EVENT = frozenset({"wrong_source", "wrong_topic", "fork", "number_too_far"})
"""Failures of what is no event of its key: an operator who retries it vouches for it."""
STANDS_STILL = "unreadable"
"""Failure of a batch that cannot be unpacked, with which its partition stands still."""
PAGE = 10_000


class StuckError(Exception):
    """Records that cannot be got rid of."""


@asynccontextmanager
async def _connected(world: World, service: str) -> AsyncIterator[asyncpg.Connection]:
    options = {"application_name": "chaos"}
    connection = await asyncpg.connect(world.dsn[service], timeout=5, command_timeout=10, server_settings=options)
    try:
        yield connection
    finally:
        connection.terminate()


async def decide_unreadable(world: World, service: str, *, again: bool) -> int:
    """Retries, or discards, every batch that could not be unpacked. Returns how many."""
    async with _connected(world, service) as connection:
        rows = [row for row in await _heads(connection) if row.failure == STANDS_STILL]
        await (_retry if again else _discard)(world, connection, rows)
        return len(rows)


async def look(world: World, service: str, dice: random.Random, *, discard: float) -> int:
    """One look at what is parked: retries most heads and discards a share of the others. Returns how many."""
    async with _connected(world, service) as connection:
        heads = [row for row in await _heads(connection) if row.failure != STANDS_STILL]  # whose fault decides on it
        again = [row for row in heads if row.failure not in NO_EVENT and dice.random() < RETRIED]
        others = [row for row in heads if row not in again and dice.random() < discard]
        await _retry(world, connection, again)
        await _discard(world, connection, others)
        return len(again) + len(others)


async def get_rid_of_all(world: World, service: str, seconds: float) -> None:
    """Retries what can be mended and discards everything else, until nothing is parked. Raises `StuckError`."""
    until = time.monotonic() + seconds
    forged = {(sent.topic, sent.partition, sent.offset) for sent in world.ledger.priced if sent.kind in FORGED}
    async with _connected(world, service) as connection:
        await _until_tried(connection)
        while (await parked.counts(connection)).records:
            # Whoever waits behind may be at fault as well, which shows when its turn has come.
            heads = await _heads(connection)
            for_good = [row for row in heads if row.failure in UNREADABLE or _place(row) in forged]
            await _discard(world, connection, for_good)
            await _retry(world, connection, [row for row in heads if row not in for_good])
            if time.monotonic() > until:
                told = [f"{row.topic} {row.key} {row.failure} {row.state}" for row in heads[:5]]
                raise StuckError(f"parked for good in {service}: {'; '.join(told) or 'what waits behind nothing'}")
            await asyncio.sleep(0.3)


async def _heads(connection: asyncpg.Connection) -> list[ParkedRow]:
    rows = await parked.list_parked(connection, limit=PAGE)
    return [row for row in rows if row.head and row.state == "parked"]


async def _until_tried(connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(TRY_SECONDS):
        while await connection.fetchval("select count(*) from parked where state = 'retry'"):
            await asyncio.sleep(0.2)


async def _retry(world: World, connection: asyncpg.Connection, rows: Sequence[ParkedRow]) -> None:
    if rows:
        await parked.retry(connection, [row.id for row in rows], "chaos")


async def _discard(world: World, connection: asyncpg.Connection, rows: Sequence[ParkedRow]) -> None:
    if rows:
        decided = await parked.discard(connection, [row.id for row in rows], "chaos", "part of the chaos")
        world.ledger.discarded |= _places(decided.outcomes)


def _places(outcomes: Sequence[parked.Outcome]) -> set[tuple[str, int, int]]:
    rows = [outcome.row for outcome in outcomes if outcome.changed and outcome.row is not None]
    return {_place(row) for row in rows}


def _place(row: ParkedRow) -> tuple[str, int, int]:
    return row.topic, row.partition, row.record_offset
