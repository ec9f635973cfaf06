"""From the programme's figures as they are published to the pages that show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from chassis.http.problems import Problem
from journey import refusals
from journey.figures.catalogue import FIGURES
from journey.figures.publishing import Line, PublishedFigure, Value, columns
from journey.figures.shapes import DIMENSIONS, TOTAL, Dims, Unit
from journey.figures.shapes import Figure as Counted
from journey.pages.known_cases import documents_of, filters_of, following, now_of, reference_of, wish_of
from journey.pages.menu import PROMISED
from journey.pages.models import Bar, Figure, FigurePage, FiguresPage, ListPage, Stuck, Table
from journey.pages.visits import Visit
from journey.resources import Promised
from journey.views import figures

WITHHELD: Final = "withheld"
NO_ROW: Final = "Fewer than five people, nobody included, or withheld beside a small group."
BY_COUNTRY: Final = ("country",)
UNITS: Final[Mapping[Unit, str]] = {"seconds": " s", "hours": " h", "days": " d", "per cent": " %"}


class KnownFigures:
    """The figures as they are published: what is withheld there is not here either."""

    async def all(self, visit: Visit, country: str) -> FiguresPage:
        """All of them, in total or of one country."""
        absent = [each for each in FIGURES.values() if country and each.tables and BY_COUNTRY not in each.tables]
        shown = [each for each in FIGURES.values() if each not in absent]
        known: dict[str, PublishedFigure] = {}
        for counted in shown:
            if counted.id not in known:
                known |= await self._published(visit, counted)
        return FiguresPage(
            as_of=figures.day_of(now_of(visit)),
            country=country,
            filters=filters_of(visit, {"country": country}, BY_COUNTRY),
            figures=tuple(figure_of(known[each.id], _line(known[each.id], country)) for each in shown),
            absent=f"Not told per country: {', '.join(each.id.upper() for each in absent)}." if absent else "",
        )

    async def one(self, visit: Visit, name: str) -> FigurePage:
        """One with all of its tables. Raises `Problem` 404 if there is none."""
        if name not in FIGURES:
            raise Problem.of(refusals.FIGURE_NOT_FOUND)
        published = (await self._published(visit, FIGURES[name]))[name]
        tables = tuple(table_of(published, dims) for dims in published.tables if dims != TOTAL)
        return FigurePage(published.as_of, figure_of(published, _line(published, "")), tables)

    async def waiting(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """Who has arrived and has no job offer that counts."""
        page = await figures.waiting(
            documents_of(visit),
            Promised.at(now_of(visit), reference_of(visit)),
            await wish_of(visit, figures.WAITING),
            country=wish.get("country"),
            centre=wish.get("centre"),
        )
        return ListPage(
            title="Waiting for an offer",
            says="Returnees from Germany who have arrived and have no job offer that counts: the people behind K1.",
            path=PROMISED.path,
            filters=filters_of(visit, wish, ("country", "centre")),
            items=tuple(
                Stuck(
                    case_id=str(each.case_id),
                    reference=each.case_ref or "",
                    country=each.country or "",
                    centre=each.centre or "",
                    what="a job offer, after one that does not count" if each.lost_offers else "a job offer",
                    whose="placement officer",
                    since=datetime.combine(each.arrived_on, time(), UTC),
                    late=timedelta(days=each.days),
                )
                for each in page.items
            ),
            following=following(visit, PROMISED.path, page.next_cursor),
            linked=False,
            deadlines=False,
            since="Arrived",
            late="Waits",
        )

    async def _published(self, visit: Visit, counted: Counted) -> dict[str, PublishedFigure]:
        today = figures.day_of(now_of(visit))
        return await figures.published(documents_of(visit), counted, reference_of(visit), today)


def _line(published: PublishedFigure, country: str) -> Line | None:
    """The row that a card shows. None: there is none, for nobody or for fewer than five people."""
    rows = published.tables.get(BY_COUNTRY if country else TOTAL, ())
    return next((row for row in rows if not country or row["country"] == country), None)


def figure_of(published: PublishedFigure, line: Line | None) -> Figure:
    """A figure with the numbers of one cell. Pure."""
    counted = published.figure
    told = columns(counted) if line is not None else ()
    shares = _shares(counted)
    return Figure(
        id=counted.id,
        title=counted.title,
        definition=counted.words,
        source=counted.source,
        bars=tuple(_bar(each.words, line[each.name]) for each in told if line is not None and each.name in shares),
        numbers=tuple(
            (each.words, _text(line[each.name], each.unit))
            for each in told
            if line is not None and each.name not in shares
        ),
        missing=tuple(each.words for each in counted.missing),
        says=NO_ROW if line is None and counted.numbers and TOTAL in counted.tables else "",
    )


def table_of(published: PublishedFigure, dims: Dims) -> Table:
    """A cross-table, with a bar for each share. Pure."""
    rows = published.tables[dims]
    shares = _shares(published.figure)
    known = {each.name: each for each in columns(published.figure)}
    names = [name for name in (rows[0] if rows else {}) if name not in dims]

    def cells(row: Line) -> Iterator[str | Bar]:
        yield from (str(row[each]) for each in dims)
        for name in names:
            unit: Unit = known[name].unit if name in known else "persons"
            yield _bar("", row[name]) if name in shares else _text(row[name], unit)

    return Table(
        id="by-" + "-".join(dims),
        title=f"By {_and(each.replace('_', ' ') for each in dims)}",
        columns=(*_titles(dims), *(known[name].words if name in known else name.replace("_", " ") for name in names)),
        heads=len(dims),
        rows=tuple(tuple(cells(row)) for row in rows),
    )


def _shares(counted: Counted) -> frozenset[str]:
    """The columns that are drawn; a ratio is none."""
    return frozenset(each.name for each in counted.shares) if counted.unit != "ratio" else frozenset()


def _titles(dims: Dims) -> Iterator[str]:
    return (each.replace("_", " ") if each in DIMENSIONS else each for each in dims)


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)


def _bar(label: str, value: Value) -> Bar:
    if isinstance(value, int | float):
        return Bar(label, min(1.0, max(0.0, value / 100)), f"{value} %")
    return Bar(label, None, WITHHELD)


def _text(value: Value, unit: Unit) -> str:
    if isinstance(value, str):
        return value
    return WITHHELD if value is None else f"{value}{UNITS.get(unit, '')}"
