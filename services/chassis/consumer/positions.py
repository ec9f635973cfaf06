"""How far each key was read: inbox, order check and gap check in one row per (source, key)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from chassis.consumer.inbound import Inbound
from chassis.postgres.database import Connection
from chassis.postgres.writes import Part, Writes

_LOCK = """
select p.* from unnest($1::text[], $2::text[]) as wanted(source, key)
cross join lateral (
    select source, key, sequence, blocked from position
    where source = wanted.source and key = wanted.key for update
) p
"""
"""Locks row after row in the order given, which is the order of locks. PostgreSQL plans a plain join anew for every
batch, and would scan the whole of a table that has just begun to grow."""
_COLUMNS = ("source text", "key text", "sequence bigint", "blocked boolean")
_INSERT = """
insert into position (source, key, sequence, blocked)
select u.source, u.key, u.sequence, u.blocked from {rows}
"""
_ADDED = Part("positions_added", f"{_INSERT} on conflict do nothing returning true", _COLUMNS, exact=True)
_MOVED = Part(
    "positions_moved",
    f"{_INSERT} on conflict (source, key) do update set sequence = excluded.sequence, blocked = excluded.blocked"
    " returning true",
    _COLUMNS,
)


_CATCH_UP = """
update position set sequence = $3 where source = $1 and key = $2 and (sequence = $3 - 1 or ($4 and sequence < $3))
"""


class Verdict(Enum):
    """How a record's sequence relates to the last one seen of its key."""

    NEXT = "next"
    REPEAT = "repeat"
    GAP = "gap"
    LATE = "late"
    UNNUMBERED = "unnumbered"


class _Position:
    __slots__ = ("blocked", "changed", "sequence", "stored")

    def __init__(self, sequence: int, blocked: bool, stored: bool) -> None:
        self.sequence = sequence
        self.blocked = blocked
        self.stored = stored
        self.changed = False


class Positions:
    """The positions of a batch, locked until its commit."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], _Position] = {}

    def set(self, source: str, key: str, sequence: int, blocked: bool) -> None:
        """Takes over a stored row."""
        self._rows[source, key] = _Position(sequence, blocked, stored=True)

    def advance(self, inbound: Inbound) -> Verdict:
        """Moves the key's position to this record, unless it is a repeat.

        A bad record moves nothing: its number may be as wrong as the rest of it, and the genuine event of that number
        would then pass for a repeat. For the same reason a type that is not read here moves the position by one at
        most.
        """
        if inbound.key is None or inbound.sequence < 1:
            return Verdict.UNNUMBERED
        row = self._row(inbound.source, inbound.key)
        last, sequence = row.sequence, inbound.sequence
        if sequence <= last:
            return Verdict.REPEAT
        if inbound.message is None and (inbound.fault is not None or sequence != last + 1):
            return Verdict.UNNUMBERED
        row.sequence = sequence
        row.changed = True
        if sequence == last + 1:
            return Verdict.NEXT
        if row.blocked:  # the missing ones are parked
            return Verdict.NEXT
        return Verdict.GAP if last else Verdict.LATE

    def is_blocked(self, inbound: Inbound) -> bool:
        """True if an earlier record of the key is parked."""
        row = self._rows.get((inbound.source, inbound.key or ""))
        return row is not None and row.blocked

    def block(self, inbound: Inbound) -> None:
        """Makes later records of this key queue. A record without a key blocks nobody."""
        if inbound.key is not None:
            row = self._row(inbound.source, inbound.key)
            row.changed = row.changed or not row.blocked
            row.blocked = True

    def changed(self, *, stored: bool) -> list[tuple[str, str, int, bool]]:
        """The rows to write, in lock order."""
        return sorted(
            (source, key, row.sequence, row.blocked)
            for (source, key), row in self._rows.items()
            if row.changed and row.stored is stored
        )

    def _row(self, source: str, key: str) -> _Position:
        row = self._rows.get((source, key))
        if row is None:
            row = self._rows[source, key] = _Position(0, blocked=False, stored=False)
        return row


async def lock(connection: Connection, batch: Sequence[Inbound]) -> Positions:
    """Locks and reads the positions of all keys in the batch by one statement."""
    wanted = sorted({(inbound.source, inbound.key) for inbound in batch if inbound.key is not None})
    positions = Positions()
    sources, keys = [source for source, _ in wanted], [key for _, key in wanted]
    for source, key, sequence, blocked in await connection.fetch(_LOCK, sources, keys):
        positions.set(source, key, sequence, blocked)
    return positions


async def catch_up(connection: Connection, inbound: Inbound) -> None:
    """Counts the number of a parked record that was handled after all, if it could not be read when it came.

    Otherwise a replay would handle it a second time. Call it in the transaction of its effect.
    """
    if inbound.key is not None and inbound.sequence > 0:
        readable = inbound.message is not None
        await connection.execute(_CATCH_UP, inbound.source, inbound.key, inbound.sequence, readable)


def save(writes: Writes, positions: Positions) -> None:
    """Writes what moved. If another consumer has added the same new key first, the write fails and the batch is done
    again."""
    writes.add(_MOVED, positions.changed(stored=True))
    writes.add(_ADDED, positions.changed(stored=False))
