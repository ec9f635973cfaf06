"""The reading side: aggregates and lists outside of commands, by plain SELECTs that lock nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.storage import Storage
from chassis.pure.paging import BadCursor, Listing, Page, Place, Wish
from chassis.pure.states import Need, States

T = TypeVar("T")


class Where:
    """Conditions with numbered parameters. Their texts are constants of the code; values never enter them."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._conditions: list[str] = []

    def add(self, condition: str, *values: Any) -> Where:
        """A condition whose every `{}` stands for one value; none if all values are None."""
        if not values or any(value is not None for value in values):
            places = []
            for value in values:
                self.values.append(value)
                places.append(f"${len(self.values)}")
            self._conditions.append(condition.format(*places))
        return self

    def __str__(self) -> str:
        return " and ".join(self._conditions) or "true"


class Documents:
    """One service's aggregates, to be looked at."""

    def __init__(self, pool: asyncpg.Pool, storage: Storage) -> None:
        self.pool = pool
        self._storage = storage

    async def states(self, needs: Iterable[Need]) -> States:
        """Every aggregate needed, as it was last committed."""
        states = self._storage.states()
        async with self.pool.acquire(timeout=LENT_WITHIN) as connection:
            await self._storage.read(connection, states, needs)
        return states

    async def id_of_linked(self, state: type[Any], id_: UUID) -> UUID | None:
        """The id of the aggregate whose links contain `id_`: an API finds by it which aggregate a command is about."""
        async with self.pool.acquire(timeout=LENT_WITHIN) as connection:
            found: UUID | None = await connection.fetchval(self._storage.id_by_link[state], id_)
        return found

    async def page(self, listing: Listing, where: Where, wish: Wish, item: Callable[[asyncpg.Record], T]) -> Page[T]:
        """The part of a list that is wished for. Raises `BadCursor` if it begins where no page can have ended."""
        where.add(f"{listing.updated_at} >= {{}}", wish.updated_since)
        total = await self._count(listing, where) if wish.count else None
        order, descending = listing.order(wish.sort), wish.sort.startswith("-")
        if wish.after is not None:
            sign = "<" if descending else ">"
            value = f"{{}}::text::{order.type}"
            # Says nothing new, but an index on the order alone answers it.
            where.add(f"{order.expression} {sign}= {value}", wish.after.value)
            where.add(f"({order.expression}, {listing.id}) {sign} ({value}, {{}}::{listing.id_type})", *wish.after)
        direction = "desc" if descending else "asc"
        query = (
            f"select {listing.columns}, ({order.expression})::text as page_value, {listing.id} as page_id "  # noqa: S608
            f"from {listing.source} where {where} "
            f"order by {order.expression} {direction}, {listing.id} {direction} limit {wish.limit + 1:d}"
        )
        try:
            rows = await self._fetch(query, where)
        except asyncpg.DataError:
            if wish.after is None:
                raise
            raise BadCursor from None
        shown = rows[: wish.limit]
        place = Place(shown[-1]["page_value"], shown[-1]["page_id"]) if len(rows) > wish.limit else None
        return Page(
            items=tuple(item(row) for row in shown),
            next_cursor=None if place is None else wish.cursor_of(place),
            limit=wish.limit,
            total=total,
        )

    async def _count(self, listing: Listing, where: Where) -> int:
        query = f"select count(*) from {listing.source} where {where}"  # noqa: S608 - from code
        [row] = await self._fetch(query, where)
        count: int = row[0]
        return count

    async def _fetch(self, query: str, where: Where) -> list[asyncpg.Record]:
        """The rows by a plan for the values at hand.

        A named statement comes to have one plan for all values. For an organisation that has few rows it would read
        the whole table, in the order of the list, to fill a page.
        """
        async with self.pool.acquire(timeout=LENT_WITHIN) as connection:
            statement = await connection.prepare(query, name="")
            rows: list[asyncpg.Record] = await statement.fetch(*where.values)
            return rows
