"""A table of a figure as CSV, with the tags of the Humanitarian Exchange Language in its second row."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

from journey.figures.publishing import Line, columns
from journey.figures.shapes import DIMENSIONS, NOT_RECORDED, Dims, Figure


def csv_of(figure: Figure, dims: Dims, rows: Iterable[Line]) -> str:
    """Names, tags, then a row per cell. An empty value is withheld; what no event tells says so in words."""
    told = columns(figure)
    names = [*dims, *(each.name for each in told), *(each.name for each in figure.missing)]
    tags = [
        *(DIMENSIONS[each][1] for each in dims),
        *(each.hxl for each in told),
        *(f"#indicator+{each.name}+missing" for each in figure.missing),
    ]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows((names, tags))
    missing = dict.fromkeys((each.name for each in figure.missing), NOT_RECORDED)
    for row in rows:
        writer.writerow([{**row, **missing}[name] for name in names])
    return text.getvalue()
