"""A figure as it is published: protected counts, shares of these, and spreads of groups that are large enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from journey.figures.protection import Published, Told, protected
from journey.figures.query import NOBODY, Counted, Quantiles
from journey.figures.shapes import SMALL, Dims, Figure, Unit

Value = float | int | str | None
Line = dict[str, Value]
"""One cell: its dimensions, counts, shares and spreads by name. None: withheld, or nothing to divide by."""
COMPARISON: Final = "comparison"
COMPARED: Final = (
    ("sex", "female", "male"),
    ("vulnerable", "yes", "no"),
    ("return_type", "forced", "voluntary_assisted"),
)
"""The groups that K18 compares."""


class Column(NamedTuple):
    """A column of every table of a figure, with its definition and its HXL tag."""

    name: str
    words: str
    unit: Unit
    hxl: str


def columns(figure: Figure) -> tuple[Column, ...]:
    """Counts, then shares, then medians and percentiles; or what is measured of no person."""
    unit: Unit = "ratio" if figure.unit == "ratio" else "per cent"
    sign = "ratio" if figure.unit == "ratio" else "pct"
    return (
        *(Column(each.name, each.words, each.unit, each.hxl or _tag(each.name)) for each in figure.numbers),
        *(Column(each.name, each.words, unit, _tag(each.name, sign)) for each in figure.shares),
        *(
            Column(f"{each.name}_{what}", f"{words}, {each.words}", each.unit, _tag(each.name, what, each.unit))
            for each in figure.spreads
            for what, words in (("median", "median"), ("p90", "90th percentile"))
        ),
        *(Column(each.name, each.words, each.unit, _tag(each.name, each.unit)) for each in figure.measures),
    )


def _tag(*parts: str) -> str:
    return "+".join(("#indicator", *parts, "num"))


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """All tables of a figure, by their dimensions."""

    figure: Figure
    as_of: date
    tables: Mapping[Dims, tuple[Line, ...]]


def publish(found: Sequence[tuple[Figure, Counted]], as_of: date) -> dict[str, PublishedFigure]:
    """What may be seen of the counts of figures of the same people, by the ids of these."""
    together = zip(found, protected(found), strict=True)
    return {figure.id: _publish(figure, counted, counts, as_of) for (figure, counted), counts in together}


def _publish(figure: Figure, found: Counted, counts: Published, as_of: date) -> PublishedFigure:
    tables: dict[Dims, tuple[Line, ...]] = {}
    for dims, table in counts.items():
        lines = []
        for key in sorted(table):
            numbers, spreads = table[key], found.spreads[dims][key]
            line: dict[str, Any] = {**dict(zip(dims, key, strict=True)), **numbers}
            for share in figure.shares:
                line[share.name] = _share(numbers[share.part], numbers[share.whole])
            for spread in figure.spreads:
                of = NOBODY if spread.of and numbers[spread.of] is None else spreads[spread.name]
                line[f"{spread.name}_median"], line[f"{spread.name}_p90"] = _spread(of)
            lines.append(line)
        tables[dims] = tuple(lines)
    return PublishedFigure(figure, as_of, tables)


def _share(part: Told, whole: Told) -> int | None:
    """In whole per cent, of the numbers as they are told: it tells nothing that they do not."""
    return None if part is None or not whole else round(100 * part / whole)


def _spread(of: Quantiles) -> tuple[int | None, int | None]:
    """Each where five people at least lie on either side of it: each of them has one value."""
    return (of.median if of.known >= 2 * SMALL else None, of.ninetieth if of.known >= 10 * SMALL else None)


def equity(figure: Figure, k1: PublishedFigure, k3: PublishedFigure) -> PublishedFigure:
    """K18: the shares of one group divided by those of another."""
    lines = []
    for dimension, one, other in COMPARED:
        line: Line = {COMPARISON: f"{one}:{other}"}
        for of in (k1, k3):
            by = {each[dimension]: each for each in of.tables[(dimension,)]}
            for share in of.figure.shares:
                line[f"{of.figure.id}_{share.name}"] = _ratio(by.get(one), by.get(other), share.name)
        lines.append(line)
    return PublishedFigure(figure, k1.as_of, {(COMPARISON,): tuple(lines)})


def _ratio(one: Line | None, other: Line | None, name: str) -> float | None:
    of_one, of_other = (None if line is None else line[name] for line in (one, other))
    if not isinstance(of_one, int) or not isinstance(of_other, int) or of_other == 0:
        return None
    return round(of_one / of_other, 2)
