"""Lists: what every one of them can be sorted by."""

from __future__ import annotations

from chassis.pure.paging import Listing, Order


def test_every_list_can_be_sorted_by_id_and_by_change_and_comes_by_id_unless_it_says_otherwise() -> None:
    listing = Listing("till", orders={"total": Order("total", "int")})
    assert list(listing.all_orders()) == ["id", "total", "updated_at"]
    assert (listing.usual, Listing("till", usual="total").usual) == ("id", "total")
    assert listing.order("-total") == listing.order("total") == Order("total", "int")
    assert listing.order("updated_at") == Order("updated_at", "timestamptz")
