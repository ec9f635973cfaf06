"""The exact low-water mark: no outbox id at or below it can still appear, so the relay need not read there again. The
sealer of the audit asks the same of its rows.

While an old snapshot keeps dead rows from being vacuumed, a relay without a mark would wade through everything it has
published. The highest id that it has seen is no mark: a sequence hands out ids before their rows are visible, and a
slower transaction may still commit a lower one. So the mark moves in two looks. The first notes M, an id that was
handed out, and V, the transactions that hold a lock to write the outbox: every id up to M belongs to one of V, or is
committed or rolled back. The second look finds that none of V holds its lock any more: what a read then shows up to M
is all there will ever be.
"""

from __future__ import annotations

from chassis.postgres.database import Connection

_LAST_ID = "select case when is_called then last_value else 0 end from {table}_id_seq"
_WRITERS = """
select virtualtransaction from pg_locks where relation = '{table}'::regclass and mode = 'RowExclusiveLock'
"""


class LowWater:
    """`mark`: no id at or below it can still appear. Per round: `look`, read above `mark`, `settle`.

    `table`: whose ids they are, handed out one by one (CACHE 1).
    """

    def __init__(self, table: str = "outbox") -> None:
        self._last_id, self._of_writers = _LAST_ID.format(table=table), _WRITERS.format(table=table)
        self.mark = 0
        self._candidate = 0
        self._writers: set[str] = set()

    async def look(self, connection: Connection, at_most: int) -> None:
        """The first call chooses M (`at_most` or less) and V; later calls find out which of V are gone.

        Any id that was handed out can be M. Behind a long backlog the relay would not reach the last one for long.
        """
        if self._candidate == 0:
            self._candidate = min(at_most, await connection.fetchval(self._last_id))
            self._writers = await self._writing(connection)
        elif self._writers:
            self._writers &= await self._writing(connection)

    def settle(self, published_up_to: int) -> bool:
        """Moves the mark to M and returns True, if none of V is left and a read after `look` was published up to M."""
        if not self._candidate or self._writers or published_up_to < self._candidate:
            return False
        self.mark = self._candidate
        self._candidate = 0
        return True

    async def _writing(self, connection: Connection) -> set[str]:
        return {row["virtualtransaction"] for row in await connection.fetch(self._of_writers)}
