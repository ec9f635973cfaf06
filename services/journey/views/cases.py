"""One case as it is stored: its document and its rows of the ledger, as they were at one moment."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents
from journey.domain.journey import Journey
from journey.ledger import FAULT
from journey.views.trace import LedgerRow

MOST_ROWS: Final = 5000
"""Records of one case that are shown: a hundred times as many as a case has."""
ONE_SNAPSHOT: Final[dict[str, Any]] = {"isolation": "repeatable_read", "readonly": True}
_FOUND: Final = "select data from journey where id = $1 or links @> array[$1::uuid] order by id = $1 desc limit 1"
_ROWS: Final = f"""
select {", ".join(LedgerRow._fields[:-1])}, {FAULT} from ledger where case_id = $1 order by told_at desc limit $2
"""  # noqa: S608 - names from the code

_journey: TypeAdapter[Journey] = TypeAdapter(Journey)


class Stored(NamedTuple):
    """What is stored of a case. `cut`: it has more records than are shown, the oldest of which are left out."""

    journey: Journey
    rows: tuple[LedgerRow, ...]
    cut: bool


async def stored(documents: Documents, id_: UUID) -> Stored | None:
    """The case with this id, or that is found by it; None if there is none."""
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection, connection.transaction(**ONE_SNAPSHOT):
        data = await connection.fetchval(_FOUND, id_)
        if data is None:
            return None
        journey = _journey.validate_json(data)
        rows = await connection.fetch(_ROWS, journey.id, MOST_ROWS + 1)
    return Stored(journey, tuple(LedgerRow(*row) for row in rows[:MOST_ROWS]), len(rows) > MOST_ROWS)
