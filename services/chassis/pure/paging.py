"""Lists in pages: what a caller asks for, what it gets, and the cursor between two pages."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, NamedTuple, TypeVar
from uuid import UUID
from zlib import crc32

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
    taken if no order is given, `-` before it for descending.
    """

    source: str
    id: str = "id"
    columns: str = "data"
    updated_at: str = "updated_at"
    orders: Mapping[str, Order] = field(default_factory=dict)
    usual: str = "id"
    id_type: Literal["uuid", "bigint"] = "uuid"

    def order(self, sort: str) -> Order:
        """The order of this name, without its sign. Raises `KeyError`."""
        return self.all_orders()[sort.removeprefix("-")]

    @property
    def mark(self) -> str:
        """Tells the cursors of this list from those of others."""
        return f"{crc32(self.source.encode()):08x}"

    def all_orders(self) -> Mapping[str, Order]:
        """Every order by name."""
        return {"id": Order(self.id, self.id_type), **self.orders, "updated_at": Order(self.updated_at, "timestamptz")}


class Place(NamedTuple):
    """Where a page ended: the last row's value of the order, as PostgreSQL writes it, and its id."""

    value: str
    id: UUID | int


@dataclass(frozen=True, slots=True)
class Wish:
    """Which page of a list: in which order (`-` for descending), after which place, how many, changed since when."""

    sort: str
    after: Place | None = None
    limit: int = USUAL
    updated_since: datetime | None = None
    count: bool = False


class BadCursor(ValueError):
    """A cursor that no page of this list, in this order, has given."""


def cursor_of(listing: Listing, sort: str, place: Place) -> str:
    """The place as opaque text; it holds list and order too, so that it cannot be taken for one of another."""
    text = json.dumps([listing.mark, sort, place.value, str(place.id)], ensure_ascii=False)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str, listing: Listing, sort: str) -> Place:
    """The place that a cursor of this list and order tells. Raises `BadCursor`."""
    try:
        _, _, value, id_ = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = Place(value, UUID(id_) if listing.id_type == "uuid" else _number(id_))
        given = cursor_of(listing, sort, place)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise BadCursor from None
    if cursor != given or not isinstance(value, str) or "\x00" in value:
        raise BadCursor
    return place


def _number(text: str) -> int:
    """The number of a row. Raises `ValueError` for what PostgreSQL gives to none."""
    number = int(text)
    if not 1 <= number < 2**63:
        raise ValueError(text)
    return number
