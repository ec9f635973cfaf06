"""How far each key was read: inbox, order check and gap check in one row per (source, key).

A repeat is an event that was handled, not a number that was seen. So a position keeps three things besides its number:
what lies open below it (`ranges`), the last handled events by number and id (`recent`), and the latest time at which
one was recorded. The producer makes that time grow with the number, so an event that is newer than all that was seen
cannot have been handled, whatever its number says.

Of a compacted topic records vanish before they are read, all but the last of each key. A number that was passed is open
there as anywhere, but only what is newer than all that was seen may still be handled under it: an older word must not
come after the one that holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from chassis.consumer import ranges, recent
from chassis.consumer.inbound import Inbound
from chassis.postgres.database import Connection
from chassis.postgres.writes import Part, Writes

MAX_GAP = 1000
"""Numbers that may be missing before an event of a known key. The busiest key of the chain has a few hundred events in
its whole life: whoever skips a thousand counts something else."""
LEAD = timedelta(seconds=1)
"""How far the producers' clocks may be ahead of ours. An event from further ahead is handled like any other, but counts
as recorded now: it must not make all that follows look old."""

_LOCK = """
select p.* from unnest($1::text[], $2::text[]) as wanted(source, key)
cross join lateral (
    select source, key, sequence, open::text, recent, last_recorded, blocked from position
    where source = wanted.source and key = wanted.key for update
) p
"""
"""Locks row after row in the order given, which is the order of locks. PostgreSQL plans a plain join anew for every
batch, and would scan the whole of a table that has just begun to grow."""
_COLUMNS = (
    "source text",
    "key text",
    "sequence bigint",
    "open text",
    "recent bytea",
    "last_recorded timestamptz",
    "blocked boolean",
)
_INSERT = """
insert into position (source, key, sequence, open, recent, last_recorded, blocked)
select u.source, u.key, u.sequence, u.open::int8multirange, u.recent, u.last_recorded, u.blocked from {rows}
"""
_ADDED = Part("positions_added", f"{_INSERT} on conflict do nothing returning true", _COLUMNS, exact=True)
_MOVED = Part(
    "positions_moved",
    f"{_INSERT} on conflict (source, key) do update set sequence = excluded.sequence, open = excluded.open,"
    " recent = excluded.recent, last_recorded = excluded.last_recorded, blocked = excluded.blocked returning true",
    _COLUMNS,
)

_Row = tuple[str, str, int, str, bytes, datetime | None, bool]


class Verdict(Enum):
    """What a record's number says of it, by what was seen of its key."""

    NEXT = "next"
    REPEAT = "repeat"
    """It was handled."""
    GAP = "gap"
    """Numbers before it are missing."""
    FIRST = "first"
    """The key is first seen beyond 1: the consumer started late."""
    LATE = "late"
    """It fills a gap: what was missing, parked or not read before."""
    FORK = "fork"
    """Another event was handled under its number."""
    TOO_FAR = "too far"
    """Its number is further ahead than events can be missing."""
    SUPERSEDED = "superseded"
    """It was not handled, and a newer one was, on a topic where only the last word counts."""
    UNNUMBERED = "unnumbered"
    """Its number counts for nothing."""


class _Position:
    __slots__ = ("blocked", "changed", "last_recorded", "open", "recent", "sequence", "stored")

    def __init__(
        self,
        sequence: int = 0,
        open_: str = ranges.NONE,
        recent_: bytes = b"",
        last_recorded: datetime | None = None,
        blocked: bool = False,
    ) -> None:
        self.sequence = sequence
        self.open = open_
        self.recent = recent_
        self.last_recorded = last_recorded
        self.blocked = blocked
        self.stored = False
        self.changed = False

    def is_open(self, number: int) -> bool:
        return number <= self.sequence and self.open != ranges.NONE and ranges.has(self.open, number)

    def knows(self, inbound: Inbound) -> bool | None:
        """True if this very event was handled, False if another was under its number, None if nothing tells."""
        return recent.is_same(self.recent, inbound.sequence, inbound.id)

    def has_handled(self, inbound: Inbound) -> bool:
        """Whether an event whose number was handled is the one that was."""
        known = self.knows(inbound)
        return known if known is not None else not self.is_newer(inbound)

    def is_newer(self, inbound: Inbound) -> bool:
        """Whether the event was surely recorded after all that was seen."""
        recorded, last = inbound.recorded_at, self.last_recorded
        return recorded is not None and last is not None and recorded > last

    def note(self, inbound: Inbound, latest: datetime) -> None:
        """Takes this event for handled."""
        self.changed = True
        self.recent = recent.added(self.recent, inbound.sequence, inbound.id)
        recorded, last = inbound.recorded_at, self.last_recorded
        if recorded is not None and (last is None or recorded > last):
            self.last_recorded = recorded if recorded <= latest else latest - LEAD


class Positions:
    """The positions of a batch, locked until its commit. `compacted`: topics in which records vanish, and the last word
    of each key counts."""

    def __init__(self, compacted: Collection[str] = ()) -> None:
        self._compacted = compacted
        self._rows: dict[tuple[str, str], _Position] = {}
        self._latest = datetime.now(UTC) + LEAD
        self.any_open = False
        """Whether there are open numbers at all. Mostly there are not, and nobody need ask for one."""

    def take_over(self, source: str, key: str, *stored: Any) -> None:
        """A stored row, its columns as `_LOCK` reads them."""
        row = self._rows[source, key] = _Position(*stored)
        row.stored = True
        if row.open != ranges.NONE:
            self.any_open = True

    def is_open(self, inbound: Inbound) -> bool:
        """Whether this is an event that is read here, whose number was passed and not handled."""
        row = self._rows.get((inbound.source, inbound.key or ""))
        return row is not None and inbound.message is not None and row.is_open(inbound.sequence)

    def advance(self, inbound: Inbound) -> Verdict:
        """Judges the record by its number, and takes it for handled unless it is a repeat or no event of this key.

        `reopen` takes that back. A bad record moves nothing: its number may be as wrong as the rest of it, and the
        genuine event of that number must not pass for a repeat. For the same reason a type that is not read here moves
        the position by one at most, and its number stays open.
        """
        if inbound.key is None or inbound.sequence < 1:
            return Verdict.UNNUMBERED
        row = self._row(inbound.source, inbound.key)
        last, number = row.sequence, inbound.sequence
        if inbound.message is None:
            return _unread(row, inbound)
        if number <= last:
            if not row.is_open(number):
                return Verdict.REPEAT if row.has_handled(inbound) else Verdict.FORK
            if inbound.source in self._compacted and not row.is_newer(inbound):
                return Verdict.SUPERSEDED
            row.open = ranges.without(row.open, number)
            row.note(inbound, self._latest)
            return Verdict.LATE
        if number > last + 1:
            if last and number - last > MAX_GAP:
                return Verdict.TOO_FAR
            row.open = ranges.with_(row.open, last + 1, number)
        row.sequence = number
        row.note(inbound, self._latest)
        if number == last + 1 or row.blocked:  # of a blocked key the missing ones are parked
            return Verdict.NEXT
        return Verdict.GAP if last else Verdict.FIRST

    def is_proven_repeat(self, inbound: Inbound) -> bool:
        """Whether this very event was handled, beyond what number and time say."""
        row = self._rows.get((inbound.source, inbound.key or ""))
        return row is not None and not row.is_open(inbound.sequence) and row.knows(inbound) is True

    def accept(self, inbound: Inbound) -> None:
        """Takes the event for handled because an operator vouches for it, whatever its number."""
        if inbound.key is None:
            return
        row, number = self._row(inbound.source, inbound.key), inbound.sequence
        if row.is_open(number):
            row.open = ranges.without(row.open, number)
        elif number > row.sequence + 1:
            row.open = ranges.with_(row.open, row.sequence + 1, number)
        row.sequence = max(row.sequence, number)
        row.note(inbound, self._latest)

    def reopen(self, inbound: Inbound) -> None:
        """The number of this event, which was parked after all, is not handled."""
        if inbound.key is not None and inbound.message is not None:
            row = self._row(inbound.source, inbound.key)
            row.open = ranges.with_(row.open, inbound.sequence, inbound.sequence + 1)
            row.recent = recent.without(row.recent, inbound.sequence, inbound.id)

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

    def changed(self, *, stored: bool) -> list[_Row]:
        """The rows to write, in lock order."""
        return sorted(
            (source, key, row.sequence, row.open, row.recent, row.last_recorded, row.blocked)
            for (source, key), row in self._rows.items()
            if row.changed and row.stored is stored
        )

    def _row(self, source: str, key: str) -> _Position:
        row = self._rows.get((source, key))
        if row is None:
            row = self._rows[source, key] = _Position()
        return row


def _unread(row: _Position, inbound: Inbound) -> Verdict:
    """A bad record is a repeat only if it can be told that its event was handled; else it is parked, however old its
    number. A type that is not read here has nothing to lose."""
    last, number = row.sequence, inbound.sequence
    if inbound.fault is None:
        if number == last + 1:
            row.sequence = number
            row.open = ranges.with_(row.open, number, number + 1)
            row.changed = True
            return Verdict.NEXT
        return Verdict.REPEAT if number <= last else Verdict.UNNUMBERED
    readable = inbound.id != "" and inbound.recorded_at is not None
    if readable and number <= last and not row.is_open(number) and row.has_handled(inbound):
        return Verdict.REPEAT
    return Verdict.UNNUMBERED


async def lock(connection: Connection, batch: Sequence[Inbound], compacted: Collection[str] = ()) -> Positions:
    """Locks and reads the positions of all keys in the batch by one statement."""
    wanted = sorted({(inbound.source, inbound.key) for inbound in batch if inbound.key is not None})
    positions = Positions(compacted)
    sources, keys = [source for source, _ in wanted], [key for _, key in wanted]
    for row in await connection.fetch(_LOCK, sources, keys):
        positions.take_over(*row)
    return positions


def save(writes: Writes, positions: Positions) -> None:
    """Writes what moved. If another consumer has added the same new key first, the write fails and the batch is done
    again."""
    writes.add(_MOVED, positions.changed(stored=True))
    writes.add(_ADDED, positions.changed(stored=False))
