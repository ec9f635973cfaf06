"""What the consumer path costs as the tables grow: 1 M cases in them, or 10 k.

The events are the same mix for both: half are second referrals of cases that are drawn at random from all that are
there, half are of new cases. `few` starts each repeat with a new copy of its tables; `many`, too large to be copied
each time, is given other cases in each repeat, so that none is warm from the repeat before. Checked after each run:
positions and stream numbers have grown by the new cases alone, whatever the number of events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import asyncpg

from bench import many, seed
from bench.bench import Bench
from bench.child import Task
from bench.measure import (
    Figure,
    Sample,
    absolute,
    cpu,
    in_turn,
    rates,
    ratio,
)

TITLE = "cost as work grows: 1 M cases in the tables vs 10 k"
EVENTS = 15_000
FEW_CASES, MANY_CASES = 10_000, 1_000_000
FEW, MANY = "10 k cases", "1 M cases"

KEYS = "select (select count(*) from position), (select count(*) from stream)"


def steps(repeats: int) -> int:
    """Topics, two databases, and every sample."""
    return 3 + 2 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures. Raises `RuntimeError` if positions or streams grow with events."""
    bench.tick("referrals into topics")
    task = Task(dsn="", bootstrap="", events=EVENTS, relay=False)
    few_source = _topic(bench, FEW_CASES, 0, 1)
    many_sources = [_topic(bench, MANY_CASES, group, bench.repeats) for group in range(bench.repeats)]
    bench.tick(f"{FEW_CASES:,} cases")
    few = many.database(bench, FEW_CASES, [few_source])
    bench.tick(f"{MANY_CASES:,} cases")
    lots = many.database(bench, MANY_CASES, many_sources)
    next_source = iter(many_sources)

    def of_few() -> Sample:
        dsn = bench.database(template=few.rpartition("/")[2])
        try:
            return _sample(bench, replace(task, dsn=dsn, source=few_source))
        finally:
            bench.drop(dsn)

    def of_many() -> Sample:
        return _sample(bench, replace(task, dsn=lots, source=next(next_source)))

    try:
        samples = in_turn({MANY: of_many, FEW: of_few}, bench.repeats, bench.tick)
    finally:
        bench.drop(few)
        bench.drop(lots)
    big, small = samples[MANY], samples[FEW]
    yield Figure("events/s with 1 M cases vs with 10 k", ratio(rates(big), rates(small)), "x", 0.8, 1.0)
    yield Figure("CPU per event with 1 M cases vs with 10 k", ratio(cpu(big), cpu(small)), "x")
    yield from absolute(samples)


def _topic(bench: Bench, cases: int, group: int, groups: int) -> str:
    name = bench.name("referrals")
    bench.wait(seed.create_topic(bench.bootstrap, name))
    bench.wait(seed.send(bench.bootstrap, name, many.referrals(EVENTS, cases, group, groups)))
    return name


def _sample(bench: Bench, task: Task) -> Sample:
    before = bench.wait(_keys(task.dsn))
    sample = bench.child("ours", task)
    grown = [now - then for now, then in zip(bench.wait(_keys(task.dsn)), before, strict=True)]
    if grown != [EVENTS - EVENTS // 2] * 2:
        raise RuntimeError(f"positions and streams have grown by {grown} with {EVENTS - EVENTS // 2} new cases")
    return sample


async def _keys(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(KEYS)
    finally:
        await connection.close()
    assert row is not None
    return list(row)
