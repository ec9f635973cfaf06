"""What the API answers of figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from journey.figures.publishing import Line, PublishedFigure, columns
from journey.figures.shapes import NOT_RECORDED, Dims, Figure, Unit

NOTHING_BY = "total"
"""The name of the table that has no dimension."""
Rows = tuple[dict[str, str | int | float | None], ...]


def name_of(dims: Dims) -> str:
    """A table by its dimensions, as callers name it."""
    return ",".join(dims) or NOTHING_BY


class ColumnView(Answer):
    """A number that every row has, with its definition."""

    name: str
    definition: str
    unit: Unit
    hxl: str = Field(description="tag of the Humanitarian Exchange Language, as in the CSV")


class MissingView(Answer):
    """What belongs to the figure and no event tells. It is not 0."""

    name: str
    definition: str
    value: Literal["not recorded yet"] = Field(description="in place of any number")
    events: tuple[str, ...] = Field(description="events that would tell it, and do not exist; none: no event will")


class FigureItem(Answer):
    """A figure: what it counts, and which cross-tables of it are published."""

    figure: str = Field(description="what it is called in addresses, such as k1")
    title: str
    definition: str
    source: str
    unit: Unit
    tables: tuple[str, ...] = Field(description="what `by` can be; these and no others are published")
    columns: tuple[ColumnView, ...]
    missing: tuple[MissingView, ...]

    @classmethod
    def of(cls, figure: Figure) -> Self:
        """The words of a figure."""
        return cls.model_validate(words_of(figure))


class FigureList(Answer):
    """All figures, the promise of a job offer first."""

    items: tuple[FigureItem, ...]


class FigureView(FigureItem):
    """One table of a figure. A number below five, zero included, is null, and so is what could give it away; a group of
    fewer than five people has no row. Others are rounded to fives, each by itself, and shares are made of what is
    told."""

    as_of: date
    by: str
    rows: Rows

    @classmethod
    def made(cls, published: PublishedFigure, dims: Dims, rows: Iterable[Line]) -> Self:
        """Some rows of one table."""
        more = {"as_of": published.as_of, "by": name_of(dims), "rows": tuple(rows)}
        return cls.model_validate(words_of(published.figure) | more)


class WaitingItem(Answer):
    """Somebody whom the programme promises a job offer, who has arrived and has none that counts."""

    case_id: UUID
    case_ref: str | None = Field(description="what the person has on paper; null if no event has told it")
    country: str | None
    centre: str | None
    arrived_on: date
    days: int = Field(description="since the arrival")
    lost_offers: bool = Field(description="there was an offer: it was taken back, or was for an internship")


def words_of(figure: Figure) -> dict[str, object]:
    """What is said of a figure whatever its numbers are."""
    return {
        "figure": figure.id,
        "title": figure.title,
        "definition": figure.words,
        "source": figure.source,
        "unit": figure.unit,
        "tables": tuple(name_of(dims) for dims in figure.tables),
        "columns": tuple(
            ColumnView(name=each.name, definition=each.words, unit=each.unit, hxl=each.hxl) for each in columns(figure)
        ),
        "missing": tuple(
            MissingView(name=each.name, definition=each.words, value=NOT_RECORDED, events=each.events)
            for each in figure.missing
        ),
    }
