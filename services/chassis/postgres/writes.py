"""Everything that a transaction writes, in one statement: one round trip, however many tables it touches.

A round trip costs client and server more than most writes do. So whoever has something to write adds a part, a
data-modifying statement of its own with its rows, and the parts become the CTEs of one statement. PostgreSQL runs all
of them on one snapshot, in the order in which they were added: the counts at the end ask for them in that order.

A batch hands its rows over as one array per column. A command, which mostly writes one row per table, hands over plain
values: they cost client and server less than arrays of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import asyncpg

from chassis.postgres.database import Connection
from chassis.pure.states import ConcurrentUpdateError


class Part(NamedTuple):
    """An insert, update or delete with `returning`, in which `{rows}` stands for a table `u` of the rows to write.

    `columns` are those of `u`, each with its type, such as `id uuid`; `u.place` counts the rows from 1. A part reads
    what an earlier one returns by its `name`. `exact`: it touches as many rows as it is given if nobody else was first;
    `otherwise` is what `execute` raises if somebody was.
    """

    name: str
    statement: str
    columns: tuple[str, ...]
    exact: bool = False
    otherwise: type[Exception] = ConcurrentUpdateError


class Writes:
    """The parts of one transaction."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._rows: list[Sequence[Sequence[Any]]] = []

    def add(self, part: Part, rows: Sequence[Sequence[Any]]) -> None:
        """Writes these rows, if there are any."""
        if rows:
            self._parts.append(part)
            self._rows.append(rows)

    async def execute(self, connection: Connection) -> None:
        """Writes all parts within the caller's transaction.

        Raises what the part says, mostly `ConcurrentUpdateError`, if one has touched another number of rows than
        expected.
        """
        if not self._parts:
            return
        counts = await connection.fetchrow(_counting(tuple(self._parts), self._single), *self._arguments())
        assert counts is not None, "a select without from has one row"
        for part, rows, count in zip(self._parts, self._rows, counts, strict=True):
            if part.exact and count != len(rows):
                raise part.otherwise

    async def commit(self, connection: Connection) -> None:
        """Writes all parts as a transaction of its own, without BEGIN and COMMIT: two round trips less.

        The statement compares the rows that each part has touched and ends itself with `lost_race()` if somebody else
        was first. Raises `ConcurrentUpdateError`; then nothing is written.
        """
        single = self._single
        expected = (len(rows) for part, rows in zip(self._parts, self._rows, strict=True) if part.exact and not single)
        try:
            await connection.execute(_guarded(tuple(self._parts), single), *self._arguments(), *expected)
        except asyncpg.SerializationError:
            raise ConcurrentUpdateError from None

    @property
    def _single(self) -> bool:
        """One row per part. A mixture goes as a batch: each form of a statement must be planned by every connection."""
        return all(len(rows) == 1 for rows in self._rows)

    def _arguments(self) -> list[Any]:
        if self._single:
            return [value for rows in self._rows for value in rows[0]]
        return [column for rows in self._rows for column in zip(*rows, strict=True)]


@lru_cache(maxsize=1024)
def _counting(parts: tuple[Part, ...], single: bool) -> str:
    """`with a as (..), b as (..) select (select count(*) from a), (select count(*) from b)`."""
    counts = ", ".join(f"(select count(*) from {part.name})" for part in parts)  # noqa: S608 - names from code
    return f"{_written(parts, single)}\nselect {counts}"


@lru_cache(maxsize=1024)
def _guarded(parts: tuple[Part, ...], single: bool) -> str:
    """`with a as (..), b as (..) select case when (select count(*) from a) = $9 and .. then true else lost_race() end`.

    The expected numbers of rows are parameters too, after those of the parts, unless every one is 1.
    """
    place = sum(len(part.columns) for part in parts)
    conditions = []
    for part in parts:
        place += part.exact
        expected = ">= 0" if not part.exact else "= 1" if single else f"= ${place}"
        conditions.append(f"(select count(*) from {part.name}) {expected}")  # noqa: S608 - names from code
    return f"{_written(parts, single)}\nselect case when {' and '.join(conditions)} then true else lost_race() end"


def _written(parts: tuple[Part, ...], single: bool) -> str:
    first, ctes = 1, []
    for part in parts:
        rows = (_row if single else _table)(part.columns, first)
        ctes.append(f"{part.name} as ({part.statement.replace('{rows}', rows)})")
        first += len(part.columns)
    return "with " + ",\n".join(ctes)


def _row(columns: Sequence[str], first: int) -> str:
    named = ((number, *column.split()) for number, column in enumerate(columns, first))
    return f"(select {', '.join(f'${number}::{kind} as {name}' for number, name, kind in named)}, 1 as place) as u"


def _table(columns: Sequence[str], first: int) -> str:
    named = [column.split() for column in columns]
    arrays = ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(named, first))
    return f"unnest({arrays}) with ordinality as u({', '.join(name for name, _ in named)}, place)"
