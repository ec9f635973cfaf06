"""The programme's figures, counted by the database and published by one rule; and who still waits for an offer."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any, Final

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents, Where
from chassis.pure.paging import Listing, Order, Page, Wish
from journey.figures.answers import WaitingItem
from journey.figures.catalogue import FIGURES, K18
from journey.figures.promise import K1, PROMISED_TO
from journey.figures.publishing import PublishedFigure, equity, publish
from journey.figures.query import Counted, counted, parameters, statement
from journey.figures.shapes import Figure
from journey.figures.work import K3
from journey.reference import Reference
from journey.resources import Promised
from journey.views.terms import within_term

WAITING: Final = Listing(
    source="outcome",
    columns="case_ref, country, centre, arrived_on, lost_offers",
    orders={"arrived_on": Order("arrived_on", "text")},
    usual="arrived_on",
)
"""Whoever has waited longest comes first."""
STATEMENTS: Final = {each.id: statement(each) for each in FIGURES.values() if each.numbers}
"""The SQL of each figure, and the names of its parameters."""


async def published(documents: Documents, figure: Figure, lists: Reference, today: date) -> PublishedFigure:
    """All tables of a figure. What is counted leaves this function protected."""
    if figure is K18:
        k1, k3 = [await published(documents, each, lists, today) for each in (K1, K3)]
        return equity(figure, k1, k3)
    if figure.id not in STATEMENTS:
        return PublishedFigure(figure, today, {})
    found = await count(documents, figure, lists, today)
    return await asyncio.to_thread(publish, figure, found, today)


async def count(documents: Documents, figure: Figure, lists: Reference, today: date) -> Counted:
    """The exact counts, which are nobody's to see."""
    text, names = STATEMENTS[figure.id]
    values = parameters(today, lists.ends_case, {each.code: each.category for each in lists.assistance_codes})
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection:
        rows = await connection.fetch(text, *(values[name] for name in names))
    return counted(figure, rows)


async def waiting(
    documents: Documents, scope: Promised, wish: Wish, *, country: str | None, centre: str | None
) -> Page[WaitingItem]:
    """The people behind K1 who have arrived and have no offer that counts."""
    where = Where().add(PROMISED_TO.replace(":ends_case", "{}::text[]"), scope.ends_case)
    where.add("not promised").add("country = {}", country).add("centre = {}", centre)
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
