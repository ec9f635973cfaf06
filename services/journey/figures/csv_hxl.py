"""A table of a figure as CSV, with the tags of the Humanitarian Exchange Language (HXL 1.1) in its second row."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from journey.figures.publishing import Line, PublishedFigure, Value, columns
from journey.figures.shapes import ARRIVAL, DIMENSIONS, MONTH, NOT_RECORDED, UNKNOWN, Dims

MARKS: Final = {"as_of": "#date+reported", "definition": "#meta+definition+url"}
"""What every row says beside its numbers: the day by which it was counted, and where its words stand."""
LACKS: Final = {"not_recorded": "#meta+not_recorded"}
"""Where nobody is counted, so that nothing is withheld: the numbers that the row lacks."""


def csv_of(published: PublishedFigure, dims: Dims, rows: Iterable[Line]) -> str:
    """Names, tags, then a row per cell.

    A column has one kind of value by its tag, so a number that is withheld or not recorded is an empty cell, and so is
    a month that is not known. What no event tells says so in words, in a column that is tagged as being about the data.
    """
    figure = published.figure
    marks = MARKS | (LACKS if figure.measures else {})
    tags = {
        **{each: DIMENSIONS[each][1] for each in dims},
        **{each.name: each.hxl for each in columns(figure)},
        **{each.name: f"#meta+{each.name}+missing" for each in figure.missing},
        **marks,
    }
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows((tags.keys(), tags.values()))
    beside: Line = dict.fromkeys((each.name for each in figure.missing), NOT_RECORDED)
    beside |= {"as_of": published.as_of.isoformat(), "definition": f"/figures/{figure.id}"}
    for row in rows:
        lacks = " ".join(name for name, value in row.items() if value == NOT_RECORDED)
        told = {name: _cell(name, value) for name, value in row.items()} | beside | {"not_recorded": lacks}
        writer.writerow([told[name] for name in tags])
    return text.getvalue()


def _cell(name: str, value: Value) -> Value:
    return None if value == NOT_RECORDED or (name in {MONTH, ARRIVAL} and value == UNKNOWN) else value
