"""The counts of figures, for all of their tables, by one pass over the table `outcome`.

Three things make the pass cheap. What a number asks of a person is asked once, and not once per table. Tables are
added up from a few larger ones (`Figure.joints`), which have few rows by then. And where a figure counts parts of a
case, such as its deadlines, cases that are alike in them are counted as one, with a weight (`Figure.each`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


NOBODY: Final = Quantiles(0, None, None)
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


class Statement(NamedTuple):
    """SQL, and the names of its parameters in order. All of it is from code."""

    text: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Statement:
        """With a number in the place of each name."""
        names = list(dict.fromkeys(PARAMETER.findall(text)))
        return cls(PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text), tuple(names))


def statement(figure: Figure, inner: Figure | None = None) -> Statement:
    """What counts a figure, and `inner` with it, which counts some of its people."""
    if figure.each:
        return Statement.of(_weighted(figure))
    columns, counts = _counts(figure)
    if inner is not None:
        assert figure.inner is not None
        dimension, value, _ = figure.inner
        more, of_inner = _counts(inner, _prefix(inner), f"{figure.expression(dimension)} = '{value}'")
        columns, counts = columns + more, counts | of_inner
    by = [f"by_{each}" for each in figure.dimensions]
    told = ", ".join([*(f"{figure.expression(each)} as by_{each}" for each in figure.dimensions), *columns]) or "true"
    # `offset 0`: each of these is worked out once per person.
    people = f"(select {told} from outcome where {figure.where} offset 0) as person"  # noqa: S608 - from code
    named = [f"{sql} as {name}" for name, sql in counts.items()]
    if not figure.joints:
        wanted = ", ".join([*by, *named])
        return Statement.of(f"select {wanted} from {people} group by grouping sets ({_sets(figure.tables)})")  # noqa: S608
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in counts)
    joint = f"select {', '.join([*by, *named])} from {people} group by grouping sets ({_sets(figure.joints)})"  # noqa: S608
    added_up = (
        f"select {_told(figure.dimensions, dims)}, {sums} from joint where {_is_of(figure.dimensions, dims)} "  # noqa: S608
        f"group by grouping sets ({_sets(tables)})"
        for dims, tables in _by_joint(figure)
    )
    return Statement.of(f"with joint as materialized ({joint}) {' union all '.join(added_up)}")


def _weighted(figure: Figure) -> str:
    """People who are alike in what is counted are one row with a weight, per table; what there is of each such row is
    worked out once."""
    people = [each for each in figure.dimensions if each not in figure.several]
    by, alike = [f"by_{each}" for each in people], ", ".join(name for name, _ in figure.alike)
    told = ", ".join(f"{figure.expression(each)} as by_{each}" for each in people)
    of_alike = ", ".join(f"{sql} as {name}" for name, sql in figure.alike)
    levels = {tuple(each for each in dims if each in people) for dims in figure.tables}
    sets = ", ".join(f"({', '.join([*(f'by_{each}' for each in dims), alike])})" for dims in sorted(levels))
    parts = ", ".join(f"part.by_{each}" for each in figure.several)
    published = " or ".join(f"({_is_of(figure.dimensions, dims)})" for dims in figure.tables)
    counts = []
    for each in figure.numbers:
        counts.append(f"sum({f'people * {each.of}' if each.of else 'people'}){_filter(each.when)} as {each.name}")
        if each.of:
            counts.append(f"sum(people) filter (where {each.of} > 0) as {each.name}_whose")
    return (
        f"with alike as materialized (select {', '.join(by)}, {alike}, count(*) as people "  # noqa: S608 - from code
        f"from (select {told}, {of_alike} from outcome where {figure.where}) as person "
        f"group by grouping sets ({sets})), "
        f"part as materialized (select {alike}, each.* from (select distinct {alike} from alike) as kind "
        f"cross join lateral ({figure.each}) as each) "
        f"select {', '.join([*by, parts, *counts])} from alike join part using ({alike}) where {published} "
        f"group by {', '.join([*by, parts])}"
    )


def spreads_of(figure: Figure) -> Statement | None:
    """What tells medians and percentiles of a figure; None: it has none."""
    if not figure.spreads:
        return None
    told = [f"{figure.expression(each)} as by_{each}" for each in figure.dimensions]
    told += [f"{each.column} as {each.name}" for each in figure.spreads]
    wanted = [f"by_{each}" for each in figure.dimensions]
    for each in figure.spreads:
        wanted.append(f"count({each.name}) as {each.name}_known")
        wanted.append(f"percentile_disc({HALVES}) within group (order by {each.name}) as {each.name}")
    people = f"select {', '.join(told)} from {figure.spread_over} where {figure.where}"  # noqa: S608 - from code
    sets = _sets(figure.tables)
    return Statement.of(f"select {', '.join(wanted)} from ({people}) as person group by grouping sets ({sets})")  # noqa: S608


def _counts(figure: Figure, prefix: str = "", among: str = "") -> tuple[list[str], dict[str, str]]:
    """What is asked of each person, as columns, and what is counted of these. `among`: of whom alone."""
    columns, counts = [], {}
    for each in figure.numbers:
        name = f"{prefix}{each.name}"
        if each.of:
            columns.append(f"{f'case when {among} then {each.of} end' if among else each.of} as {name}_")
            counts[name] = f"sum({name}_)"
            counts[f"{name}_whose"] = f"count(*) filter (where {name}_ > 0)"
        elif asked := " and ".join(f"({which})" for which in (among, each.when) if which):
            columns.append(f"{asked} as {name}_")
            counts[name] = f"count(*) filter (where {name}_)"
        else:
            counts[name] = "count(*)"
    return columns, counts


def _filter(when: str) -> str:
    return f" filter (where {when})" if when else ""


def _prefix(inner: Figure) -> str:
    return f"{inner.id}_"


def _sets(tables: Iterable[Dims]) -> str:
    return ", ".join(f"({', '.join(f'by_{each}' for each in dims)})" for dims in tables)


def _told(dimensions: Dims, dims: Dims) -> str:
    """All dimensions, of which only some are known."""
    return ", ".join(f"by_{each}" if each in dims else f"null as by_{each}" for each in dimensions)


def _is_of(dimensions: Dims, dims: Dims) -> str:
    """Whether a row is of this table: it has a value of these dimensions and of no other."""
    return " and ".join(f"by_{each} is {'not ' if each in dims else ''}null" for each in dimensions)


def _by_joint(figure: Figure) -> Iterator[tuple[Dims, list[Dims]]]:
    """Each table that is made by the way, with those that are added up from it: the first that has their dimensions."""
    of = {dims: next(joint for joint in figure.joints if set(dims) <= set(joint)) for dims in figure.tables}
    for joint in figure.joints:
        yield joint, [dims for dims in figure.tables if of[dims] == joint]


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


def counted(figure: Figure, rows: Sequence[Row], spreads: Sequence[Row] = ()) -> Counted:
    """The tables of a figure from the rows of its statements."""
    return _counted(figure, figure.dimensions, rows, spreads)


def counted_within(inner: Figure, figure: Figure, rows: Sequence[Row]) -> Counted:
    """The tables of a figure that another one has counted with it: without rows of which it counts nobody."""
    prefix = _prefix(inner)
    return _counted(inner, figure.dimensions, [row for row in rows if row[f"{prefix}{inner.people}"]], (), prefix)


def _counted(
    figure: Figure, dimensions: Dims, rows: Iterable[Row], spreads: Iterable[Row], prefix: str = ""
) -> Counted:
    tables = figure.tables
    found = Counted({dims: {} for dims in tables}, {dims: {} for dims in tables}, {dims: {} for dims in tables})
    for dims, key, row in _placed(figure, dimensions, rows):
        numbers, whose = {}, {}
        for each in figure.numbers:
            numbers[each.name] = int(row[f"{prefix}{each.name}"] or 0)
            if each.of:
                whose[each.name] = int(row[f"{prefix}{each.name}_whose"] or 0)
        found.tables[dims][key], found.whose[dims][key] = numbers, whose
        found.spreads[dims][key] = {each.name: NOBODY for each in figure.spreads}
    for dims, key, row in _placed(figure, dimensions, spreads):
        found.spreads[dims][key] = {
            each.name: Quantiles(row[f"{each.name}_known"], *(row[each.name] or (None, None)))
            for each in figure.spreads
        }
    return found


def _placed(figure: Figure, dimensions: Dims, rows: Iterable[Row]) -> Iterator[tuple[Dims, tuple[str, ...], Row]]:
    """Which table a row is of, by what it has a value of; and where it stands there. Others are of no table."""
    of = {frozenset(dims): dims for dims in figure.tables}
    for row in rows:
        dims = of.get(frozenset(each for each in dimensions if row[f"by_{each}"] is not None))
        if dims is not None:
            yield dims, tuple(row[f"by_{each}"] for each in dims), row
