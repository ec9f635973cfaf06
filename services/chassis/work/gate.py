"""Closed while the database is known to have forgotten what it told the world: then nothing is read and decided here.

The relay finds that out and writes it to `halt`; each process of the service looks there. What a database that was put
back says may no longer be so, and who is answered from it acts on that. An operator settles it, and the gate stays
closed until what was erased or taken back since has its effect again: while there is a row of `repeat`.
"""

from __future__ import annotations

from chassis.postgres.database import Connection

_HALTS = "select kind from halt union all select 'database' where exists (select from repeat)"


class DatabaseRestoredError(ConnectionError):
    """An outage, as long as it lasts: the database that this service needs is not there, an earlier one is."""


class Gate:
    """Of one process. `publishes`: it has a relay, and is not ready while the broker lacks what it had acknowledged."""

    def __init__(self, *, publishes: bool = True) -> None:
        self._publishes = publishes
        self.closed = False

    def require(self) -> None:
        """Raises `DatabaseRestoredError` while closed."""
        if self.closed:
            raise DatabaseRestoredError

    async def look(self, connection: Connection) -> bool:
        """Opens or closes; True if nothing is lost, as far as this process is concerned."""
        kinds = {row["kind"] for row in await connection.fetch(_HALTS)}
        self.closed = "database" in kinds
        return not (kinds if self._publishes else self.closed)
