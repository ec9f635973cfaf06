"""K1, the programme's headline: who has a job offer how many days after arrival.

Nothing is suppressed here: both roles that may read it may read every case that it counts, so a blank would hide
nothing from them. Cohorts with counts of 1 to 4 are marked, so that nobody publishes them by mistake; what leaves
the programme belongs into a reporting service that suppresses them (domain notes D13).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import asyncpg

from placement.candidate_answers import SMALL, Cohort, Counts, Summary, TargetCount
from placement.domain.progress import TARGET_DAYS
from placement.views import Scope
from vocabulary.terms import TargetGroup

COUNTED: Final[TargetGroup] = "RETURNEE_DE"
"""The target group that the programme promises a job offer."""

_COHORTS = """
select left(arrived_on, 7) as month, days,
       count(*) as arrived, count(first_offer_on) as with_offer, count(employed_on) as employed,
       count(*) filter (where arrived_on::date + days < $2) as elapsed,
       count(*) filter (where arrived_on::date + days < $2
                          and first_offer_on::date <= arrived_on::date + days) as offered,
       count(*) filter (where arrived_on::date + days >= $2 and first_offer_on is not null) as running_offered
from candidate cross join unnest($3::int[]) as days
where ($1::text[] is null or country = any($1)) and arrived_on is not null and target_group = $4
group by 1, 2 order by 1, 2
"""


async def summary(database: asyncpg.Pool, scope: Scope) -> Summary:
    """The counts of some countries together, or of all."""
    rows = await database.fetch(_COHORTS, scope.countries, scope.today, TARGET_DAYS, COUNTED)
    months = [(month, counts(list(group))) for month, group in groupby(rows, key=lambda row: row["month"])]
    return Summary(
        countries=scope.countries,
        target_group=COUNTED,
        as_of=scope.today,
        total=added(each for _, each in months),
        cohorts=[Cohort(month=month, small_cells=has_small_cells(each), **each.model_dump()) for month, each in months],
    )


def counts(rows: Sequence[asyncpg.Record]) -> Counts:
    """One month: its rows differ by target only."""
    first = rows[0]
    return Counts(
        arrived=first["arrived"],
        with_offer=first["with_offer"],
        employed=first["employed"],
        targets=[
            TargetCount(
                days=row["days"],
                elapsed=row["elapsed"],
                offered=row["offered"],
                running=row["arrived"] - row["elapsed"],
                running_offered=row["running_offered"],
            )
            for row in rows
        ],
    )


def added(months: Iterable[Counts]) -> Counts:
    """All months together."""
    total = Counts(arrived=0, with_offer=0, employed=0, targets=[_none(days) for days in TARGET_DAYS])
    for each in months:
        total = Counts(
            arrived=total.arrived + each.arrived,
            with_offer=total.with_offer + each.with_offer,
            employed=total.employed + each.employed,
            targets=[_sum(*pair) for pair in zip(total.targets, each.targets, strict=True)],
        )
    return total


def has_small_cells(of: Counts) -> bool:
    """Whether a count can point to a person."""
    cells = [of.arrived, of.with_offer, of.employed]
    for target in of.targets:
        cells += [target.elapsed, target.offered, target.running, target.running_offered]
    return any(0 < cell < SMALL for cell in cells)


def _none(days: int) -> TargetCount:
    return TargetCount(days=days, elapsed=0, offered=0, running=0, running_offered=0)


def _sum(one: TargetCount, other: TargetCount) -> TargetCount:
    return TargetCount(
        days=one.days,
        elapsed=one.elapsed + other.elapsed,
        offered=one.offered + other.offered,
        running=one.running + other.running,
        running_offered=one.running_offered + other.running_offered,
    )
