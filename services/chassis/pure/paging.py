"""Lists in pages: what a caller asks for, what it gets, and the place where a page ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer

T = TypeVar("T")

MOST = 100
USUAL = 50


class Page(Answer, Generic[T]):
    """Some of a list."""

    items: tuple[T, ...]
    next_cursor: str | None = Field(description="send it as `cursor` for what follows; null at the end")
    limit: int = Field(description="most items of this page")
    total: int | None = Field(description="how many there are on all pages, if `count=true` was asked; else null")


class Order(NamedTuple):
    """A way to sort a list: an SQL expression that is never null, and its type."""

    expression: str
    type: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that can be read in pages: SQL from the code, never from a caller.

    `source` is what follows `from`, `columns` what is selected, `id` the expression that tells its rows apart.
    `orders` come by the name that a caller gives. Any list can also be sorted by `id` and by `updated_at`. `usual` is
    taken if no order is given, `-` before it for descending. `counted`: callers may ask how many there are.
    """

    source: str
    id: str = "id"
    columns: str = "data"
    updated_at: str = "updated_at"
    orders: Mapping[str, Order] = field(default_factory=dict)
    usual: str = "id"
    counted: bool = True
    id_type: Literal["uuid", "bigint"] = "uuid"

    def order(self, sort: str) -> Order:
        """The order of this name, without its sign. Raises `KeyError`."""
        return self.all_orders()[sort.removeprefix("-")]

    def all_orders(self) -> Mapping[str, Order]:
        """Every order by name."""
        return {"id": Order(self.id, self.id_type), **self.orders, "updated_at": Order(self.updated_at, "timestamptz")}


class Place(NamedTuple):
    """Where a page ended: the last row's value of the order, as PostgreSQL writes it, and its id."""

    value: str
    id: UUID | int


@dataclass(frozen=True, slots=True)
class Wish:
    """Which page of a list: in which order (`-` for descending), after which place, how many, changed since when.

    `cursor_of` makes the cursor to what follows a place: only its caller can go on with it.
    """

    sort: str
    cursor_of: Callable[[Place], str]
    after: Place | None = None
    limit: int = USUAL
    updated_since: datetime | None = None
    count: bool = False


class BadCursor(ValueError):
    """A place that no page of this list can have ended at."""
