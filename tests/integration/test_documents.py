"""The reading side on a real database: pages in every order, counted, since when, and never by a scan."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import BadCursor, Listing, Order, Place, Wish
from chassis.pure.resources import Seen
from chassis.pure.states import by_id
from tests.support.records import record
from tests.support.toy import Sell, Till
from tests.support.toy_app import TILL
from tests.support.toy_runtime import KEY, ToyRuntime

TILLS = Listing("till", columns="id", orders={"total": Order("(data ->> 'total')::int", "int")})
SORTS = [sign + name for name in TILLS.all_orders() for sign in ("", "-")]


@pytest.fixture
async def tills(toy: ToyRuntime) -> list[UUID]:
    """Eleven tills with totals that some have in common, told at different times."""
    ids = [uuid4() for _ in range(11)]
    for number, id_ in enumerate(ids):
        toy.advance(seconds=1)
        await toy.command(Sell(id_, number // 3))
    return ids


PLACES: dict[str, Place] = {}
"""By the cursors that stand for them here."""


def kept(place: Place) -> str:
    PLACES[str(len(PLACES))] = place
    return str(len(PLACES) - 1)


async def read_all(documents: Documents, sort: str, limit: int, where: Any = Where, **wish: Any) -> list[UUID]:
    found: list[UUID] = []
    after: Place | None = None
    while True:
        page = await documents.page(TILLS, where(), Wish(sort, kept, after, limit, **wish), lambda row: row["id"])
        assert page.limit == limit
        assert len(page.items) <= limit
        found += page.items
        if page.next_cursor is None:
            return found
        after = PLACES[page.next_cursor]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 3, 11, 100])
async def test_pages_are_the_list_in_order_without_gap_or_repeat(
    toy: ToyRuntime, tills: list[UUID], sort: str, limit: int
) -> None:
    keys = {
        "id": lambda id_: id_,
        "updated_at": lambda id_: (tills.index(id_), id_),
        "total": lambda id_: (tills.index(id_) // 3, id_),
    }
    expected = sorted(tills, key=keys[sort.removeprefix("-")], reverse=sort.startswith("-"))
    assert await read_all(toy.workshop.documents, sort, limit) == expected


async def test_what_comes_between_two_pages_moves_none_of_them(toy: ToyRuntime, tills: list[UUID]) -> None:
    documents = toy.workshop.documents
    first = await documents.page(TILLS, Where(), Wish("total", kept, None, 5), lambda row: row["id"])
    assert first.next_cursor is not None
    await asyncio.gather(*(toy.command(Sell(uuid4(), 0)) for _ in range(4)))
    rest = Wish("total", kept, PLACES[first.next_cursor], 100)
    second = await documents.page(TILLS, Where(), rest, lambda row: row["id"])
    assert {*first.items, *second.items} >= set(tills)
    assert len({*first.items, *second.items}) == len(first.items) + len(second.items)


async def test_a_count_is_of_all_pages_and_only_on_request(toy: ToyRuntime, tills: list[UUID]) -> None:
    documents = toy.workshop.documents
    counted = Where().add("(data ->> 'total')::int >= {}", 1)
    page = await documents.page(TILLS, counted, Wish("id", kept, None, 2, count=True), lambda row: row["id"])
    assert (len(page.items), page.total) == (2, 8)
    assert page.next_cursor is not None
    later = Wish("id", kept, PLACES[page.next_cursor], 2, count=True)
    counted = Where().add("(data ->> 'total')::int >= {}", 1)
    assert (await documents.page(TILLS, counted, later, lambda row: row["id"])).total == 8
    assert (await documents.page(TILLS, Where(), Wish("id", kept), lambda row: row["id"])).total is None


async def test_only_what_has_changed_since(toy: ToyRuntime, tills: list[UUID]) -> None:
    await toy.command(Sell(tills[2], 1))
    since = toy.clock.now() - timedelta(seconds=3)
    assert set(await read_all(toy.workshop.documents, "updated_at", 2, updated_since=since)) == {tills[2], *tills[-3:]}


async def test_what_had_to_wait_for_a_lock_has_changed_when_it_was_written(
    toy: ToyRuntime, tills: list[UUID], pool: asyncpg.Pool
) -> None:
    """Whoever asks while three wait, and from then on for what has changed since, hears of all three."""
    command, event, seen = tills[:3]
    sold = record({"till_id": str(event), "amount": 1}, type_="ph.shop.Sold.v1", key=event, sequence=1, offset=1)
    async with pool.acquire() as holder:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("update till set version = version + 1 where id = any($1)", tills[:3])
        waiting = [
            asyncio.create_task(toy.command(Sell(command, 1))),
            asyncio.create_task(toy.dispatcher.handle([sold])),
            asyncio.create_task(toy.command(Sell(seen, 1), seen=Seen(TILL, seen, ["*"], KEY))),
        ]
        async with asyncio.timeout(10):
            while await pool.fetchval("select count(*) from pg_locks where not granted") < len(waiting):
                await asyncio.sleep(0.01)
        asked = toy.clock.now()
        await transaction.commit()
    await asyncio.gather(*waiting)
    assert set(await read_all(toy.workshop.documents, "updated_at", 2, updated_since=asked)) == set(tills[:3])


@pytest.mark.parametrize("value", ["x", "", "2026", "99999999999999999999"])
async def test_a_place_that_is_of_no_such_type_is_refused(toy: ToyRuntime, tills: list[UUID], value: str) -> None:
    wish = Wish("updated_at" if value == "2026" else "total", kept, Place(value, tills[0]))
    with pytest.raises(BadCursor):
        await toy.workshop.documents.page(TILLS, Where(), wish, lambda row: row["id"])


async def test_a_condition_without_a_value_is_none_and_values_never_become_sql() -> None:
    where = Where().add("a = {}", None).add("b").add("c between {} and {}", "x'; drop table till", 2)
    assert str(where) == "b and c between $1 and $2"
    assert where.values == ["x'; drop table till", 2]
    assert str(Where()) == "true"


async def test_looking_locks_nothing_and_waits_for_nobody(
    toy: ToyRuntime, pool: asyncpg.Pool, tills: list[UUID]
) -> None:
    async with pool.acquire() as other, other.transaction():
        await other.execute("update till set version = version + 1 where id = $1", tills[0])
        async with asyncio.timeout(5):
            states = await toy.workshop.documents.states([by_id(Till, tills[0]), by_id(Till, uuid4())])
    assert [till.id for till in (states.get(Till, tills[0]),) if till] == [tills[0]]
