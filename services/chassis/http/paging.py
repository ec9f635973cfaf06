"""The parameters that every list has: `cursor limit sort updated_since count`."""

# Without postponed annotations: FastAPI could not find the names that stand in a function made per list.

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import AfterValidator

from chassis.http.cursors import Cursors
from chassis.pure.codes import Instant
from chassis.pure.paging import MOST, USUAL, Listing, Wish

MOST_OF_A_CURSOR = 1024
"""Characters: room for an order by 120 letters of any script."""
_CURSOR = "next_cursor of the page before"
_SINCE = (
    "only what has changed at this time or later; ask from half a minute before the last answer, nothing is missed then"
)


def paged(listing: Listing) -> Any:
    """A dependency: which page of this list the caller wishes for."""
    choices = [sign + name for name in listing.all_orders() for sign in ("", "-")]

    def known(sort: str) -> str:
        if sort not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}")
        return sort

    def counting(count: bool) -> bool:
        if count and not listing.counted:
            raise ValueError("may not be true in this list: leave `count` out")
        return count

    async def wish(
        request: Request,
        cursor: Annotated[str | None, Query(max_length=MOST_OF_A_CURSOR, description=_CURSOR)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST, description="most items of a page")] = USUAL,
        sort: Annotated[
            str, AfterValidator(known), Query(json_schema_extra={"enum": choices}, description="`-`: descending")
        ] = listing.usual,
        updated_since: Annotated[Instant | None, Query(description=_SINCE)] = None,
        count: Annotated[
            bool,
            AfterValidator(counting),
            Query(description="also count what is on all pages, as `total`", include_in_schema=listing.counted),
        ] = False,
    ) -> Wish:
        cursors = await Cursors.of(request, listing, sort)
        after = None if cursor is None else cursors.opened(cursor)
        return Wish(sort, cursors.sealed, after, limit, updated_since, count)

    return Depends(wish)
