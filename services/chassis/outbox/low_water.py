"""The exact low-water mark: below it every outbox id is final, so the relay need not look there again.

Without it the relay would wade through the dead rows of all it has published whenever an old snapshot keeps them from
being vacuumed. "The highest id seen" is no mark: a sequence hands out ids before their rows are visible, and a slower
transaction may still commit a lower one. So the mark moves in two looks. First: M, an id that was handed out, and V,
the transactions that hold a lock to write the outbox; every id up to M belongs to one of V or is decided. Second, once
none of V holds its lock: what a read then shows up to M is all there will ever be.
"""

from __future__ import annotations

from chassis.postgres.database import Connection

_LAST_ID = "select case when is_called then last_value else 0 end from outbox_id_seq"
_WRITERS = """
select virtualtransaction from pg_locks
where relation = 'outbox'::regclass and mode = 'RowExclusiveLock' and granted and pid <> pg_backend_pid()
"""


class LowWater:
    """`mark`: no id at or below it can still appear. Per round: `look`, read above `mark`, `settle`."""

    def __init__(self) -> None:
        self.mark = 0
        self._candidate = 0
        self._writers: set[str] = set()

    async def look(self, connection: Connection, at_most: int) -> None:
        """Chooses M, up to `at_most`, and V, or finds out which of V are gone.

        Any id that was handed out will do for M. The last one would be out of reach behind a long backlog.
        """
        if self._candidate == 0:
            self._candidate = min(at_most, await connection.fetchval(_LAST_ID))
            self._writers = await _writers(connection)
        elif self._writers:
            self._writers &= await _writers(connection)

    def settle(self, published_up_to: int) -> bool:
        """Moves the mark to M, and tells so, if M is final and a read made after `look` has been published up to M."""
        if not self._candidate or self._writers or published_up_to < self._candidate:
            return False
        self.mark = self._candidate
        self._candidate = 0
        return True


async def _writers(connection: Connection) -> set[str]:
    return {row["virtualtransaction"] for row in await connection.fetch(_WRITERS)}
