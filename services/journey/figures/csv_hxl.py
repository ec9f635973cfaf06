"""A table of a figure as CSV, with the tags of the Humanitarian Exchange Language (HXL 1.1) in its second row."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from journey.figures.publishing import Line, PublishedFigure, Value, columns
from journey.figures.shapes import ARRIVAL, DIMENSIONS, MONTH, NOT_RECORDED, UNKNOWN, Dims

MARKS: Final = (("as_of", "#date+reported"), ("definition", "#meta+definition+url"))
"""What every row says beside its numbers: the day by which it was counted, and where its words stand."""


def csv_of(published: PublishedFigure, dims: Dims, rows: Iterable[Line]) -> str:
    """Names, tags, then a row per cell.

    A column has one kind of value by its tag, so a number that is withheld or not recorded is an empty cell, and so is
    a month that is not known. What no event tells says so in words, in a column that is tagged as being about the data.
    """
    figure = published.figure
    told = columns(figure)
    names = [
        *dims,
        *(each.name for each in told),
        *(each.name for each in figure.missing),
        *(name for name, _ in MARKS),
    ]
    tags = [
        *(DIMENSIONS[each][1] for each in dims),
        *(each.hxl for each in told),
        *(f"#meta+{each.name}+missing" for each in figure.missing),
        *(tag for _, tag in MARKS),
    ]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows((names, tags))
    beside: Line = dict.fromkeys((each.name for each in figure.missing), NOT_RECORDED)
    beside |= {"as_of": published.as_of.isoformat(), "definition": f"/figures/{figure.id}"}
    for row in rows:
        values = {name: _cell(name, value) for name, value in row.items()} | beside
        writer.writerow([values[name] for name in names])
    return text.getvalue()


def _cell(name: str, value: Value) -> Value:
    return None if value == NOT_RECORDED or (name in {MONTH, ARRIVAL} and value == UNKNOWN) else value
