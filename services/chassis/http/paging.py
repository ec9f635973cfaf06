"""The parameters that every list has: `cursor limit sort updated_since count`."""

# Without postponed annotations: FastAPI could not find the names that stand in a function made per list.

from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator

from chassis.http.problems import Problem
from chassis.pure.codes import Instant
from chassis.pure.paging import MOST, USUAL, BadCursor, Listing, Wish, place_of

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

    async def wish(
        cursor: Annotated[str | None, Query(max_length=MOST_OF_A_CURSOR, description=_CURSOR)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST, description="most items of a page")] = USUAL,
        sort: Annotated[
            str, AfterValidator(known), Query(json_schema_extra={"enum": choices}, description="`-`: descending")
        ] = listing.usual,
        updated_since: Annotated[Instant | None, Query(description=_SINCE)] = None,
        count: Annotated[bool, Query(description="also count what is on all pages, as `total`")] = False,
    ) -> Wish:
        try:
            after = None if cursor is None else place_of(cursor, listing, sort)
        except BadCursor:
            raise bad_cursor() from None
        return Wish(sort, after, limit, updated_since, count)

    return Depends(wish)


def bad_cursor() -> Problem:
    """422: nothing in this list ends where the cursor says."""
    return Problem(
        status=422,
        code="cursor_invalid",
        detail="The cursor is not one that this list has given in this order.",
        remedy="Take `next_cursor` of the page before as it is, with the same `sort`; or begin without a cursor.",
        field="cursor",
    )
