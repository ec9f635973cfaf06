"""The counts of a figure, for all of its tables, by one statement over the table `outcome`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, Protocol

from journey.figures.promise import NDAYS
from journey.figures.shapes import Dims, Figure

PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z]\w*)")
HALVES: Final = "array[0.5, 0.9]"


class Quantiles(NamedTuple):
    """How many have a value, the median of these and the 90th percentile; None where nobody has one."""

    known: int
    median: int | None
    ninetieth: int | None


Tables = dict[Dims, dict[tuple[str, ...], dict[str, int]]]
"""The tables of a figure: by their dimensions, then by the values of these, then by the name of the number."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the database says of a figure, exactly. Nothing of it is public before it was protected."""

    tables: Tables
    whose: Tables
    """Of how many people a number is that counts something else."""
    spreads: dict[Dims, dict[tuple[str, ...], dict[str, Quantiles]]]


class Row(Protocol):
    """A record of the database."""

    def __getitem__(self, name: str) -> Any:
        """The value of a column."""


def statement(figure: Figure) -> tuple[str, tuple[str, ...]]:
    """The SQL of a figure, and the names of its parameters in order. All of it is from code."""
    dimensions = figure.dimensions
    by = [f"by_{each}" for each in dimensions]
    groups = ", ".join(f"({', '.join(f'by_{each}' for each in dims)})" for dims in figure.tables)
    counts = [f"{each.sql} as {each.name}" for each in figure.numbers]
    counts += [f"{each.whose} as {each.name}_whose" for each in figure.numbers if each.whose]
    for each in figure.spreads:
        counts.append(f"count({each.column}) as {each.name}_known")
        counts.append(f"percentile_disc({HALVES}) within group (order by {each.column}) as {each.name}")
    which = [f"grouping({', '.join(by)}) as which"] if by else ["0 as which"]
    told = ", ".join([f"{figure.expression(each)} as by_{each}" for each in dimensions])
    inner = f"select *{', ' if told else ''}{told} from {figure.rows} where {figure.where}"  # noqa: S608 - from code
    text = f"select {', '.join([*which, *by, *counts])} from ({inner}) as counted group by grouping sets ({groups})"  # noqa: S608
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        name = found[1]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return PARAMETER.sub(numbered, text), tuple(names)


def parameters(today: date, ends_case: Iterable[str], categories: Mapping[str, str]) -> dict[str, Any]:
    """What the names in the SQL of figures stand for: days before today, and code lists.

    `ends_case`: the reasons of `fail_reasons` that end a case; `categories`: that of each code of `assistance_codes`.
    """
    return {
        **{f"d{days}": (today - timedelta(days=days)).isoformat() for days in NDAYS},
        "ends_case": sorted(ends_case),
        "measures": list(categories),
        "categories": list(categories.values()),
    }


def counted(figure: Figure, rows: Iterable[Row]) -> Counted:
    """The tables of a figure from the rows of its statement."""
    dimensions = figure.dimensions
    of_bits = {_bits(dimensions, dims): dims for dims in figure.tables}
    tables = figure.tables
    found = Counted({dims: {} for dims in tables}, {dims: {} for dims in tables}, {dims: {} for dims in tables})
    for row in rows:
        dims = of_bits[row["which"]]
        key = tuple(row[f"by_{each}"] for each in dims)
        found.tables[dims][key] = {each.name: int(row[each.name] or 0) for each in figure.numbers}
        found.whose[dims][key] = {each.name: int(row[f"{each.name}_whose"]) for each in figure.numbers if each.whose}
        found.spreads[dims][key] = {
            each.name: Quantiles(row[f"{each.name}_known"], *(row[each.name] or (None, None)))
            for each in figure.spreads
        }
    return found


def _bits(dimensions: Dims, dims: Dims) -> int:
    """What `grouping` says of a table: a bit per dimension, set where it is not grouped by."""
    return sum(1 << (len(dimensions) - 1 - place) for place, each in enumerate(dimensions) if each not in dims)
