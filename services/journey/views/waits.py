"""The lists of cases that are stuck, and of people whom nobody has seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, get_args

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Listing, Order, Page, Wish
from journey.domain.journey import Stage
from journey.resources import AllWaits
from journey.views.shapes import WaitItem
from journey.views.terms import within_term
from journey.views.titles import WAITS

_ORDERS: Final = {"late_at": Order("late_at", "timestamptz"), "since": Order("since", "timestamptz")}
STUCK: Final = Listing(source="journey_wait", columns="*", orders=_ORDERS, usual="late_at")
LOST: Final = Listing(
    source="journey_wait", columns="*", orders={"lost_at": Order("lost_at", "timestamptz"), **_ORDERS}, usual="lost_at"
)
LONGEST: Final = {
    f"{stage}_waits_seconds": "select coalesce(extract(epoch from $1::timestamptz - min(since)), 0)::float8 "  # noqa: S608 - from code
    f"from journey_wait where stage = '{stage}'"
    for stage in get_args(Stage)
}
"""For how long a case in each stage has waited at most; $1 is now."""
HALF: Final = {
    f"{stage}_half_wait_seconds": "select coalesce(extract(epoch from $1::timestamptz - percentile_disc(0.5) within "  # noqa: S608 - from code
    f"group (order by since)), 0)::float8 from journey_wait where stage = '{stage}'"
    for stage in get_args(Stage)
}
"""For how long half of what is waited for in each stage has been at least."""
WAITING: Final = {
    f"{stage}_waits": f"select count(*)::float8 from journey_wait where stage = '{stage}' and since <= $1"  # noqa: S608 - from code
    for stage in get_args(Stage)
}
"""What is waited for in each stage: things, of which a case can wait for several."""
_AGES: Final = """
select stage, count(distinct case_id) as cases, count(distinct case_id) filter (where late_at <= $1) as stuck,
       percentile_disc(0.5) within group (order by since) as half, min(since) as longest
from journey_wait group by stage
"""


class Age(NamedTuple):
    """How long cases in a stage have waited. `half`: since when half of what is waited for is, or longer."""

    stage: Stage
    cases: int
    stuck: int
    half: datetime
    longest: datetime


async def ages(documents: Documents, now: datetime) -> tuple[Age, ...]:
    """Of each stage in which a case waits, in the order of the way."""
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        found = {row["stage"]: row for row in await connection.fetch(_AGES, now)}
    return tuple(Age(*found[stage]) for stage in get_args(Stage) if stage in found)


class Wanted(NamedTuple):
    """Which of them are asked for; None lets all pass. `hours`: only what has been waited for at least so long."""

    country: str | None = None
    centre: str | None = None
    deadline_type: str | None = None
    hours: int | None = None


async def stuck(documents: Documents, scope: AllWaits, wish: Wish, *, wanted: Wanted) -> Page[WaitItem]:
    """What is late: a deadline is over, or the time that journey states for it."""
    return await documents.page(STUCK, _where(scope, wanted).add("late_at <= {}", scope.now), wish, _item)


async def lost(documents: Documents, scope: AllWaits, wish: Wish, *, wanted: Wanted) -> Page[WaitItem]:
    """Who was referred and should have been seen by a day that was named, and was not."""
    return await documents.page(LOST, _where(scope, wanted).add("lost_at <= {}", scope.now), wish, _item)


def _where(scope: AllWaits, wanted: Wanted) -> Where:
    since = None if wanted.hours is None else scope.now - timedelta(hours=wanted.hours)
    where = Where().add("country = {}", wanted.country).add("centre = {}", wanted.centre)
    where.add("deadline_type = {}", wanted.deadline_type).add("since <= {}", since)
    return within_term(where, "journey_wait.case_id", "journey", scope.terms, scope.now)


def _item(row: Any) -> WaitItem:
    known = {name: row[name] for name in WaitItem.model_fields if name != "title"}
    return WaitItem(**known, title=WAITS[row["what"]])
