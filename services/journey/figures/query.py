"""The counts of figures, for all of their tables, by one pass over the table `outcome`.

Figures of the same people are counted together. What makes that cheap: what a number asks of a person is asked once,
and not once per table, and not at all where other numbers say it (`Figure.left`). Tables are added up from a few larger
ones (`Figure.joints`), which have few rows by then. And where a figure counts parts of a case, such as its deadlines,
cases that are alike in them are counted as one, with a weight (`Figure.each`).
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
    """How many people have a value, the median of these and the 90th percentile; None where nobody has one."""

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


def together(figures: Iterable[Figure]) -> list[tuple[Figure, ...]]:
    """Figures of the same people, in groups of which one pass counts each. The first of a group says whom it counts, by
    which day and by which occupation."""
    figures = tuple(figures)
    within = {each.inner[2].id for each in figures if each.inner is not None}
    groups: list[tuple[Figure, ...]] = []
    for figure in figures:
        if figure.id in within:
            continue
        inner = () if figure.inner is None or figure.inner[2] not in figures else figure.inner[2:]
        place = next((place for place, group in enumerate(groups) if _as_one(group[0], figure)), len(groups))
        before = groups[place] if place < len(groups) else ()
        groups[place : place + 1] = [(*before, figure, *inner)]
    return groups


def _as_one(one: Figure, other: Figure) -> bool:
    """Whether what is asked of a person for both is asked once."""
    return not one.each and not other.each and _asked(one) == _asked(other)


def _asked(figure: Figure) -> tuple[str, str, str]:
    return figure.where, figure.day, figure.occupation


def statement(figure: Figure, *others: Figure) -> Statement:
    """What counts a figure, and others with it (`together`)."""
    if figure.each:
        return Statement.of(_weighted(figure))
    figures = (figure, *others)
    columns: list[str] = []
    counts: dict[str, str] = {}
    for each in figures:
        more, of_figure = _counts(each, _prefix(figure, each), _among(figure, each))
        columns, counts = columns + more, counts | of_figure
    dimensions, joints, tables = _dimensions(figures), _joints(figures), _tables(figures)
    by = [f"by_{each}" for each in dimensions]
    told = ", ".join([*(f"{figure.expression(each)} as by_{each}" for each in dimensions), *columns]) or "true"
    # `offset 0`: each of these is worked out once per person.
    people = f"(select {told} from outcome where {figure.where} offset 0) as person"  # noqa: S608 - from code
    named = [f"{sql} as {name}" for name, sql in counts.items()]
    joint = f"select {', '.join([*by, *named])} from {people} group by grouping sets ({_sets(joints)})"  # noqa: S608
    if joints == tables:
        return Statement.of(joint)
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in counts)
    added_up = (
        f"select {_told(dimensions, dims)}, {sums} from joint where {_is_of(dimensions, dims)} "  # noqa: S608
        f"group by grouping sets ({_sets(of_joint)})"
        for dims, of_joint in _by_joint(joints, tables)
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
    by = [f"by_{each}" for each in figure.dimensions]
    told = [f"{figure.expression(each)} as by_{each}" for each in figure.dimensions]
    told += [f"{each.column} as {each.name}" for each in figure.spreads]
    wanted = [*by]
    for each in figure.spreads:
        wanted.append(f"count({each.name}) as {each.name}_known")
        wanted.append(f"percentile_disc({HALVES}) within group (order by {each.name}) as {each.name}")
    people = f"select {', '.join(['id', *told])} from {figure.spread_over} where {figure.where}"  # noqa: S608 - from code
    if figure.spread_over == "outcome":
        sets = f"grouping sets ({_sets(figure.tables)})"
        return Statement.of(f"select {', '.join(wanted)} from ({people}) as person group by {sets}")  # noqa: S608
    largest = ", ".join(f"max({each.name}) as {each.name}" for each in figure.spreads)
    sets = ", ".join(f"({', '.join(['id', *(f'by_{each}' for each in dims)])})" for dims in figure.tables)
    once = f"select {', '.join(by)}, {largest} from ({people}) as part group by grouping sets ({sets})"  # noqa: S608
    return Statement.of(f"select {', '.join(wanted)} from ({once}) as person group by {', '.join(by)}")  # noqa: S608


def _counts(figure: Figure, prefix: str, among: str) -> tuple[list[str], dict[str, str]]:
    """What is asked of each person, as columns, and what is counted of these. `among`: of whom alone."""
    columns, counts = [], {}
    for each in figure.numbers:
        name = f"{prefix}{each.name}"
        if each.name in figure.left:
            continue
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


def _among(outer: Figure, figure: Figure) -> str:
    """Whom of these people a figure counts; empty: all."""
    if outer.inner is None or outer.inner[2] is not figure:
        return ""
    dimension, value, _ = outer.inner
    return f"{outer.expression(dimension)} = '{value}'"


def _filter(when: str) -> str:
    return f" filter (where {when})" if when else ""


def _prefix(outer: Figure, figure: Figure) -> str:
    """Of the names of a figure's numbers in a statement that counts several figures."""
    return "" if figure is outer else f"{figure.id}_"


def _sets(tables: Iterable[Dims]) -> str:
    return ", ".join(f"({', '.join(f'by_{each}' for each in dims)})" for dims in tables)


def _told(dimensions: Dims, dims: Dims) -> str:
    """All dimensions, of which only some are known."""
    return ", ".join(f"by_{each}" if each in dims else f"null as by_{each}" for each in dimensions)


def _is_of(dimensions: Dims, dims: Dims) -> str:
    """Whether a row is of this table: it has a value of these dimensions and of no other."""
    return " and ".join(f"by_{each} is {'not ' if each in dims else ''}null" for each in dimensions)


def _dimensions(figures: Iterable[Figure]) -> Dims:
    return tuple(dict.fromkeys(dimension for each in figures for dimension in each.dimensions))


def _tables(figures: Iterable[Figure]) -> list[Dims]:
    """All tables of these figures, each once, whatever the order of its dimensions."""
    return list({frozenset(dims): dims for each in figures for dims in each.tables}.values())


def _joints(figures: Sequence[Figure]) -> list[Dims]:
    """From which the tables of all of these are added up, without those that are a part of another, and of those only
    the dimensions of these figures."""
    known = _dimensions(figures)
    of_all = [dims for each in figures for dims in each.joints or each.tables]
    of = {frozenset(dims) & set(known): tuple(each for each in dims if each in known) for dims in of_all}
    alone = not any(each.joints for each in figures)
    return [dims for dims in of.values() if alone or not any(set(dims) < larger for larger in of)]


def _by_joint(joints: Sequence[Dims], tables: Iterable[Dims]) -> Iterator[tuple[Dims, list[Dims]]]:
    """Each joint with the tables that are added up from it: the smallest that has their dimensions."""
    of = {dims: min((each for each in joints if set(dims) <= set(each)), key=len) for dims in tables}
    for joint in joints:
        if of_joint := [dims for dims in of if of[dims] == joint]:
            yield joint, of_joint


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


def counted(figure: Figure, rows: Sequence[Row], spreads: Sequence[Row] = (), group: Sequence[Figure] = ()) -> Counted:
    """The tables of a figure from the rows of its statements. `group`: the figures that the statement counts; of one
    that counts some of its people there are no rows of which it counts nobody."""
    outer, *_ = group = group or (figure,)
    prefix = _prefix(outer, figure)
    left = {} if figure.each else figure.left
    names = [(each.name, f"{prefix}{each.name}", bool(each.of)) for each in figure.numbers if each.name not in left]
    people = f"{prefix}{figure.people}"
    tables = figure.tables
    found = Counted({dims: {} for dims in tables}, {dims: {} for dims in tables}, {dims: {} for dims in tables})
    for dims, key, row in _placed(figure, _dimensions(group), rows):
        if figure is not outer and not row[people]:
            continue
        numbers = {name: int(row[told] or 0) for name, told, _ in names}
        for name, (whole, others) in left.items():
            numbers[name] = numbers[whole] - sum(numbers[other] for other in others)
        found.tables[dims][key] = {each.name: numbers[each.name] for each in figure.numbers}
        found.whose[dims][key] = {name: int(row[f"{told}_whose"] or 0) for name, told, several in names if several}
        found.spreads[dims][key] = {each.name: NOBODY for each in figure.spreads}
    for dims, key, row in _placed(figure, figure.dimensions, spreads):
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
