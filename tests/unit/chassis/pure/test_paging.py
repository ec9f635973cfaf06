"""Cursors: opaque, of one order, and never a way to say something else."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.pure.paging import BadCursor, Listing, Order, Place, cursor_of, place_of

ID = UUID(int=7)
TILLS = Listing("till")
SHOPS = Listing("shop")
NUMBERED = Listing("queue", id_type="bigint")
OF = TILLS.mark


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), st.uuids())
def test_a_cursor_brings_back_its_place(value: str, id_: UUID) -> None:
    assert place_of(cursor_of(TILLS, "-due_at", Place(value, id_)), TILLS, "-due_at") == Place(value, id_)


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_a_cursor_of_numbered_rows_brings_back_its_number(id_: int) -> None:
    cursor = cursor_of(NUMBERED, "id", Place(str(id_), id_))
    assert place_of(cursor, NUMBERED, "id") == Place(str(id_), id_)
    with pytest.raises(BadCursor):
        place_of(cursor, TILLS, "id")


@pytest.mark.parametrize("id_", ["x", str(ID), "1.5", str(2**63), "-1", "0"])
def test_a_number_that_no_row_has_is_refused(id_: str) -> None:
    with pytest.raises(BadCursor):
        place_of(encoded(f'["{NUMBERED.mark}", "id", "x", "{id_}"]'), NUMBERED, "id")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "next",
        "é",
        "AAAA",
        encoded("null"),
        encoded("[]"),
        encoded(f'["{OF}", "id", "x"]'),
        encoded(f'["{OF}", "id", 1, "{ID}"]'),
        encoded(f'["{OF}", "id", "x", "y"]'),
        encoded(f'["{OF}", "id", "x", 7]'),
        encoded(f'["{OF}", "id", "a\\u0000b", "{ID}"]'),
        encoded(f'["{OF}", "id", "x", "{ID}", "more"]'),
        cursor_of(TILLS, "id", Place("x", ID)) + "!",
        encoded(f'["{OF}","id","x","{ID}"]'),
        cursor_of(TILLS, "-id", Place("x", ID)),
        cursor_of(TILLS, "updated_at", Place("x", ID)),
        cursor_of(SHOPS, "id", Place("x", ID)),
    ],
)
def test_what_no_page_has_given_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        place_of(cursor, TILLS, "id")


def test_every_list_can_be_sorted_by_id_and_by_change_and_comes_by_id_unless_it_says_otherwise() -> None:
    listing = Listing("till", orders={"total": Order("total", "int")})
    assert list(listing.all_orders()) == ["id", "total", "updated_at"]
    assert (listing.usual, Listing("till", usual="total").usual) == ("id", "total")
    assert listing.order("-total") == listing.order("total") == Order("total", "int")
    assert listing.order("updated_at") == Order("updated_at", "timestamptz")
