"""The routes of the programme's figures: what is published of each, and who behind the promise still waits."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Depends, Query
from starlette.responses import Response

from chassis.http.answering import answers, json_response
from chassis.http.api import CODE_LISTS, Now, Reading, acting_as
from chassis.http.auditing import personal
from chassis.http.paging import paged
from chassis.http.problems import Problem
from chassis.http.routes import new_router
from chassis.pure.decision import Actor
from chassis.pure.paging import Page, Wish
from journey import refusals
from journey.figures.answers import FigureItem, FigureList, FigureView, WaitingItem, name_of
from journey.figures.catalogue import FIGURES
from journey.figures.csv_hxl import csv_of
from journey.figures.promise import K1
from journey.figures.publishing import Line, PublishedFigure
from journey.figures.shapes import Dims, Figure
from journey.reference import Reference
from journey.resources import Promised
from journey.views import figures
from vocabulary.codes import Centre, Country
from vocabulary.roles import PROGRAMME_MANAGER

CSV: Final = "text/csv"

Manager = Annotated[Actor, acting_as(PROGRAMME_MANAGER)]
"""The programme's management: figures, and by case reference who waits for what was promised."""
Lists = Annotated[Reference, CODE_LISTS]

router = new_router(prefix="/figures", tags=["figures"])


async def _figure(figure: str) -> Figure:
    if figure not in FIGURES:
        raise Problem.of(refusals.FIGURE_NOT_FOUND)
    return FIGURES[figure]


Asked = Annotated[Figure, Depends(_figure)]
"""The figure that the path names."""


async def _shown(
    _actor: Manager,
    figure: Asked,
    reading: Reading,
    lists: Lists,
    now: Now,
    by: Annotated[
        str | None,
        Query(max_length=64, description="one of the figure's `tables`, such as `country,month`"),
    ] = None,
    country: Annotated[Country | None, Query(description="only rows of this country")] = None,
    month: Annotated[
        str | None, Query(pattern="^2[01][0-9]{2}-[01][0-9]$", description="only rows of this month")
    ] = None,
) -> tuple[PublishedFigure, Dims, list[Line]]:
    dims = next((each for each in figure.tables if by in {None, name_of(each)}), None)
    picked = {name: value for name, value in (("country", country), ("month", month)) if value is not None}
    if dims is None or not picked.keys() <= set(dims):
        raise Problem.of(refusals.not_published("; ".join(name_of(each) for each in figure.tables)))
    published = (await figures.published(reading, figure, lists, figures.day_of(now)))[figure.id]
    rows = [row for row in published.tables.get(dims, ()) if picked.items() <= row.items()]
    return published, dims, rows


Shown = Annotated[tuple[PublishedFigure, Dims, list[Line]], Depends(_shown)]
"""The rows of a table that were asked for. They are picked from what is published: a filter makes no new table."""


@router.get("", **answers(FigureList, 403))
async def list_figures(_actor: Manager) -> Response:
    """Every figure with its definition, and what belongs to it and is not recorded yet."""
    return json_response(FigureList(items=tuple(FigureItem.of(each) for each in FIGURES.values())))


async def _promised(_actor: Manager, lists: Lists, now: Now) -> Promised:
    return Promised.at(now, lists)


@router.get(f"/{K1.id}/waiting", **personal(Page[WaitingItem], 403))
async def list_waiting(
    reading: Reading,
    scope: Annotated[Promised, Depends(_promised)],
    wish: Annotated[Wish, paged(figures.WAITING)],
    country: Annotated[Country | None, Query(description="only people who return to it")] = None,
    centre: Annotated[Centre | None, Query(description="only people whom it has taken on last")] = None,
) -> Response:
    """Who has arrived and has no job offer that counts, by case reference, the longest wait first."""
    return json_response(await figures.waiting(reading, scope, wish, country=country, centre=centre))


AS_CSV: Final = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}
FIGURE: Final = answers(FigureView, 403, 404)


@router.get("/{figure}", response_model=FigureView, responses=AS_CSV | FIGURE["responses"])
async def read_figure(
    shown: Shown,
    format_: Annotated[
        Literal["json", "csv"], Query(alias="format", description="csv: with HXL tags in the second row")
    ] = "json",
) -> Response:
    """One of the published tables of a figure, with its definition."""
    if format_ == "json":
        return json_response(FigureView.made(*shown))
    published, dims, rows = shown
    return Response(csv_of(published, dims, rows), media_type=CSV)
