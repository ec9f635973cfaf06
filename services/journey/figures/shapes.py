"""What a figure is: its words, its numbers, and the cross-tables that are published of it, which are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Dims = tuple[str, ...]
Fact = tuple[str, ...]
"""What a number of a table counts, whichever figure it stands in."""
Unit = Literal[
    "persons",
    "offers",
    "referrals",
    "courses",
    "measures",
    "duties",
    "records",
    "times",
    "seconds",
    "hours",
    "days",
    "per cent",
    "ratio",
]

TOTAL: Final[Dims] = ()
UNKNOWN: Final = "unknown"
MONTH: Final = "month"
"""Of the day that makes the figure's cohorts."""
ARRIVAL: Final = "arrival_month"
"""Of the arrival, in figures whose cohorts are made by another day: who has not come is `unknown` there."""
SMALL: Final = 5
"""Fewer people than this are a group that can tell of a person (docs/domain.md: small-numbers)."""
NOT_RECORDED: Final = "not recorded yet"

DIMENSIONS: Final[Mapping[str, tuple[str, str]]] = {
    MONTH: ("{day}", "#date+month"),
    ARRIVAL: ("left(arrived_on, 7)", "#date+month+arrival"),
    "country": ("country", "#country+code"),
    "centre": ("centre", "#org+centre+code"),
    "desk": ("desk", "#org+desk+code"),
    "sex": ("sex", "#beneficiary+sex"),
    "age_band": ("age_band", "#beneficiary+age"),
    "target_group": ("target_group", "#beneficiary+group"),
    "return_type": ("return_type", "#beneficiary+return_type"),
    "vulnerable": ("vulnerable", "#beneficiary+vulnerable"),
    "occupation_major": ("{major}", "#beneficiary+isco08+major"),
    "occupation_minor": ("{minor}", "#beneficiary+isco08+minor"),
    "deadline_type": ("duty ->> 1", "#meta+deadline"),
    "category": ("category", "#activity+category"),
    "comparison": ("", "#meta+comparison"),
    "service": ("", "#meta+service"),
}
"""Per dimension: what a row of the table `outcome` says of it, and its HXL tag. `{day}`, `{major}` and `{minor}` are
those of the figure."""


@dataclass(frozen=True, slots=True)
class Number:
    """One count per cell of a table.

    It counts the people for whom `when` is true, or adds up `of`, of which each person has so many: both are SQL over a
    row of `outcome`, or over a part (`Figure.each`); `:dN` (that many days before today) and names of lists stand for
    parameters. `within`: the numbers that are never smaller, since what is counted here is counted there; what is
    left of them can tell of a person too.
    """

    name: str
    words: str
    when: str = ""
    of: str = ""
    unit: Unit = "persons"
    within: tuple[str, ...] = ()
    hxl: str = ""
    """Its HXL tag, if the usual one would say less."""


@dataclass(frozen=True, slots=True)
class Share:
    """One number as a share of another, in whole per cent of what is published of both."""

    name: str
    words: str
    part: str
    whole: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 90th percentile of what a column holds, told where five people at least lie on either side.

    Each person counts once: of somebody who has several values in a row, the largest. `of`: the number of the figure
    that counts the same, if one does; where that is withheld, so is this.
    """

    name: str
    words: str
    column: str
    unit: Unit = "days"
    of: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column that is about no person, so that nothing of it is withheld."""

    name: str
    words: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Missing:
    """What belongs to the figure and no event tells: "not recorded yet", never 0. `events`: what would tell it."""

    name: str
    words: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `where`: whom it counts; `day`: the day that makes its cohorts."""

    id: str
    title: str
    words: str
    source: str
    unit: Unit = "persons"
    where: str = "true"
    day: str = "arrived_on"
    occupation: str = "occupation"
    numbers: tuple[Number, ...] = ()
    shares: tuple[Share, ...] = ()
    spreads: tuple[Spread, ...] = ()
    measures: tuple[Measure, ...] = ()
    missing: tuple[Missing, ...] = ()
    tables: tuple[Dims, ...] = (TOTAL,)
    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Numbers that are the sum of others."""
    people: str = "people"
    """The number that says how many people a row is about: of fewer than five there is none."""
    several: Dims = ()
    """Dimensions by which one person can be counted in several rows of a table."""
    inner: tuple[str, str, Figure] | None = None
    """Another figure that counts those of these people who have this value of this dimension."""
    joints: tuple[Dims, ...] = ()
    """Larger tables, made by the way, from which `tables` are added up: each is a part of one of them. None: each table
    is counted from the people. Only for what adds up: one person stands in one row. A pass over the people takes the
    longer the more of these there are, and hardly longer for one that has more rows, while these are some hundreds."""
    each: str = ""
    """What is counted of a person where it is several things: SQL of a row per value of `several`, from `alike`."""
    alike: tuple[tuple[str, str], ...] = ()
    """What `each` is made of, names and SQL: people of whom all of it is the same are counted as one."""
    spread_over: str = "outcome"
    """Where the rows of its spreads come from."""

    @property
    def within(self) -> tuple[tuple[str, str], ...]:
        """Which number is a part of which."""
        return tuple((each.name, whole) for each in self.numbers for whole in each.within)

    @property
    def left(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Numbers of people that are what others leave of a sum: of which sum, and the others. Nobody counts them."""
        people = {each.name for each in self.numbers if not each.of}
        return {last: (whole, tuple(more)) for whole, (*more, last) in self.sums if {whole, *more, last} <= people}

    def facts(self, dims: Dims) -> dict[str, Fact]:
        """What each number of a table counts: the same people, alike, by the same values."""
        by = [self.expression(each) for each in dims]
        return {each.name: (self.each, self.where, each.when, each.of, *by) for each in self.numbers}

    @property
    def dimensions(self) -> Dims:
        """All that its tables have."""
        return tuple(dict.fromkeys(dimension for dims in self.tables for dimension in dims))

    def expression(self, dimension: str) -> str:
        """What a row says of a dimension, as SQL; what nobody knows is `unknown`."""
        groups = "case when {0} collate \"C\" < ':' then left({0}, {1}) else {0} end"
        column = DIMENSIONS[dimension][0].format(
            day=f"left({self.day}, 7)",
            major=groups.format(self.occupation, 1),
            minor=groups.format(self.occupation, 3),
        )
        return f"coalesce({column}, '{UNKNOWN}')"
