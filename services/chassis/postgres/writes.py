"""Everything that a transaction writes, in one statement: one round trip, however many tables it touches.

A round trip costs client and server more than most writes do. So whoever has something to write adds a part, a
data-modifying statement of its own, and the parts become the CTEs of one statement. PostgreSQL runs all of them on one
snapshot, in the order in which they were added: the counts at the end ask for them in that order.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import asyncpg

from chassis.postgres.database import ConcurrentUpdateError, Connection

_PARAMETER = re.compile(r"\$(\d+)")


class Writes:
    """The parts of one transaction."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, str, int]] = []
        self._arguments: list[Any] = []
        self._expected: list[int | None] = []

    def add(self, name: str, statement: str, *arguments: Any, rows: int | None = None) -> None:
        """One insert, update or delete with `returning`; parts added later may read what it returns by its `name`.

        `rows`: how many it touches if nobody else was first.
        """
        self._parts.append((name, statement, len(self._arguments)))
        self._arguments += arguments
        self._expected.append(rows)

    async def execute(self, connection: Connection) -> None:
        """Writes all parts within the caller's transaction.

        Raises `ConcurrentUpdateError` if a part has touched another number of rows than expected.
        """
        if not self._parts:
            return
        counts = await connection.fetchrow(_joined(tuple(self._parts)), *self._arguments)
        if counts is None:
            raise AssertionError("a select without from has one row")
        for count, expected in zip(counts, self._expected, strict=True):
            if expected is not None and count != expected:
                raise ConcurrentUpdateError

    async def commit(self, connection: Connection) -> None:
        """Writes all parts as a transaction of its own, without BEGIN and COMMIT: two round trips less.

        The statement compares the rows that each part has touched and ends itself with `lost_race()` if somebody else
        was first. Raises `ConcurrentUpdateError`; then nothing is written.
        """
        statement = _guarded(tuple(self._parts), tuple(rows is not None for rows in self._expected))
        expected = [rows for rows in self._expected if rows is not None]
        try:
            await connection.execute(statement, *self._arguments, *expected)
        except asyncpg.SerializationError:
            raise ConcurrentUpdateError from None


@lru_cache(maxsize=1024)
def _guarded(parts: tuple[tuple[str, str, int], ...], exact: tuple[bool, ...]) -> str:
    """`with a as (..), b as (..) select case when (select count(*) from a) = $9 and .. then true else lost_race() end`.

    The expected numbers of rows are parameters too, after those of the parts.
    """
    written = ",\n".join(f"{name} as ({_from(first, statement)})" for name, statement, first in parts)
    place = max((first + _parameters(statement) for _, statement, first in parts), default=0)
    conditions = []
    for (name, _, _), counted in zip(parts, exact, strict=True):
        place += counted
        conditions.append(f"(select count(*) from {name}) {f'= ${place}' if counted else '>= 0'}")  # noqa: S608
    return f"with {written}\nselect case when {' and '.join(conditions)} then true else lost_race() end"


def _parameters(statement: str) -> int:
    return max((int(number) for number in _PARAMETER.findall(statement)), default=0)


@lru_cache(maxsize=1024)
def _joined(parts: tuple[tuple[str, str, int], ...]) -> str:
    """`with a as (..), b as (..) select (select count(*) from a), (select count(*) from b)`."""
    written = ",\n".join(f"{name} as ({_from(first, statement)})" for name, statement, first in parts)
    counts = ", ".join(f"(select count(*) from {name})" for name, _, _ in parts)  # noqa: S608 - names from code
    return f"with {written}\nselect {counts}"


def _from(first: int, statement: str) -> str:
    """The statement with its parameters renumbered: the `first` numbers belong to earlier parts."""
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + first}", statement)
