"""Which generations the data keys of a database are wrapped under: counts."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.postgres.database import Connection

FIRST_FORM = "(before generations)"
"""Of keys that the first generation of the file opens."""


async def counted(connection: Connection, finds: Sequence[str]) -> dict[str, int]:
    """How many living data keys are wrapped under each generation. `finds`: see `chassis.service.Wrapped`."""
    counts: dict[str, int] = {}
    for find in finds:
        statement = f"select generation, count(*) from ({find}) as found group by generation"  # noqa: S608 - from code
        for generation, count in await connection.fetch(statement):
            name = generation or FIRST_FORM
            counts[name] = counts.get(name, 0) + count
    return counts
