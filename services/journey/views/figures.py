"""The programme's figures, counted by the database and published by one rule; and who still waits for an offer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from time import monotonic
from typing import Any, Final, NamedTuple

import asyncpg

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Listing, Order, Page, Wish
from chassis.pure.zones import zone
from journey.figures.answers import WaitingItem
from journey.figures.catalogue import FIGURES, K18, kin
from journey.figures.operations import K19
from journey.figures.promise import K1, PROMISED_TO
from journey.figures.publishing import PublishedFigure, equity, publish
from journey.figures.query import Counted, Statement, counted, parameters, spreads_of, statement, together
from journey.figures.shapes import Figure
from journey.figures.work import K3
from journey.reference import Reference
from journey.resources import Promised
from journey.views.cases import ONE_SNAPSHOT
from journey.views.operations import operations
from journey.views.terms import within_term
from vocabulary.countries import GERMANY, TIME_ZONES, day_at

WAITING: Final = Listing(
    source="outcome",
    columns="case_ref, country, centre, arrived_on, lost_offers",
    orders={"arrived_on": Order("arrived_on", "text")},
    usual="arrived_on",
    counted=False,
)
"""Whoever has waited longest comes first. How many wait is told by K1."""
SPREADS: Final = {each.id: spreads for each in FIGURES.values() if (spreads := spreads_of(each)) is not None}
"""The SQL of the medians of figures that have any."""

KEPT_SECONDS: Final = 60.0
"""For K19, which counts nobody."""
BEGINS: Final = timedelta(hours=5)
"""When a new day of the figures begins, in Germany: the programme's desk opens with those of this morning."""


def day_of(now: datetime) -> date:
    """The day whose figures are told at this moment."""
    return day_at(GERMANY, now.astimezone(zone(TIME_ZONES[GERMANY])) - BEGINS)


@cache
def statement_of(figures: tuple[str, ...]) -> Statement:
    """The SQL that counts these figures, which are `together`."""
    return statement(*(FIGURES[each] for each in figures))


class _Kept(NamedTuple):
    """Figures of one day that count the same people, from the moment at which somebody began to count them.

    They stay as they are until the day is over. Each further count would tell whoever asks again which number has
    changed meanwhile, and so of a withheld one, at the moment at which it reaches five, that it is five.
    """

    today: date
    begun: float
    told: asyncio.Task[dict[str, PublishedFigure]]
    of_people: bool

    def is_good(self, today: date) -> bool:
        """Whether whoever asks now may have them, or wait for them."""
        failed = self.told.done() and (self.told.cancelled() or self.told.exception() is not None)
        fresh = self.of_people or monotonic() - self.begun < KEPT_SECONDS
        return self.today == today and fresh and not failed


_kept: dict[asyncpg.Pool, dict[str, _Kept]] = {}
"""Of the one database that a process has."""


async def published(documents: Documents, figure: Figure, lists: Reference, today: date) -> dict[str, PublishedFigure]:
    """All tables of a figure and of those that count the same people, by the ids of all of these. A process counts
    people once a day, when somebody asks first, and K19 once a minute, however many ask."""
    of = (K19,) if figure is K19 else kin(K1 if figure is K18 else figure)
    if not of:
        return {figure.id: PublishedFigure(figure, today, {})}
    if documents.pool not in _kept:
        _kept.clear()
    kept = _kept.setdefault(documents.pool, {})
    found = kept.get(of[0].id)
    if found is None or not found.is_good(today):
        counting = asyncio.create_task(_published(documents, of, lists, today), name=f"figures with {of[0].id}")
        found = kept[of[0].id] = _Kept(today, monotonic(), counting, figure is not K19)
    return await asyncio.shield(found.told)


async def _published(
    documents: Documents, of: Sequence[Figure], lists: Reference, today: date
) -> dict[str, PublishedFigure]:
    """What is counted leaves this function protected. K19 counts nobody."""
    if K19 in of:
        return {K19.id: await operations(documents, today)}
    found = await asyncio.to_thread(publish, await count(documents, of, lists, today), today)
    return found | {K18.id: equity(K18, found[K1.id], found[K3.id])} if K1 in of else found


async def count(
    documents: Documents, of: Sequence[Figure], lists: Reference, today: date
) -> list[tuple[Figure, Counted]]:
    """The exact counts, which are nobody's to see: of all these figures at the same moment."""
    values = parameters(today, lists.ends_case, {each.code: each.category for each in lists.assistance_codes})
    found: dict[str, Counted] = {}
    async with (
        documents.pool.acquire(timeout=LENT_WITHIN) as connection,
        connection.transaction(**ONE_SNAPSHOT),
    ):

        async def fetched(what: Statement | None) -> list[asyncpg.Record]:
            return [] if what is None else await connection.fetch(what.text, *(values[name] for name in what.names))

        for group in together(of):
            rows = await fetched(statement_of(tuple(each.id for each in group)))
            for figure in group:
                found[figure.id] = counted(figure, rows, await fetched(SPREADS.get(figure.id)), group)
    return [(figure, found[figure.id]) for figure in of]


async def waiting(
    documents: Documents, scope: Promised, wish: Wish, *, country: str | None, centre: str | None
) -> Page[WaitingItem]:
    """The people behind K1 who have arrived and have no offer that counts; of whom the term is over, nobody."""
    where = Where().add(PROMISED_TO.replace(":ends_case", "{}::text[]"), scope.ends_case)
    where.add("not promised").add("status <> 'over'").add("country = {}", country).add("centre = {}", centre)
    within_term(where, "outcome.id", "outcome", scope.terms, scope.now)
    return await documents.page(WAITING, where, wish, lambda row: _waiting(row, scope.today))


def _waiting(row: Any, today: date) -> WaitingItem:
    arrived_on = date.fromisoformat(row["arrived_on"])
    return WaitingItem(
        case_id=row["page_id"],
        case_ref=row["case_ref"],
        country=row["country"],
        centre=row["centre"],
        arrived_on=arrived_on,
        days=max(0, (today - arrived_on).days),
        lost_offers=row["lost_offers"],
    )
