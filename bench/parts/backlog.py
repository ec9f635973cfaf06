"""The relay behind a backlog: the next 50,000 rows of a million that wait, and of a hundred thousand; and the last
rows against the first of a hundred thousand under a snapshot so old that nothing deleted can be vacuumed.

After each run the part refills the backlog and vacuums it, as autovacuum would in time; it measures neither. Under the
old snapshot as many new rows are written while the relay publishes as it publishes, by a server-side INSERT on a
connection of its own. `bare`, which has no low-water mark, shows there what the mark is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bench import outbox
from bench.bench import Bench
from bench.child import Task
from bench.measure import (
    Figure,
    Sample,
    Spread,
    absolute,
    in_turn,
    rates,
    ratio,
)

TITLE = "relay behind a backlog"
MANY = 1_000_000
FEW = 100_000
FROM_BACKLOG = 50_000
UNDER_SNAPSHOT = 100_000
WAITING = 20_000
"""Rows that wait from the beginning to the end under the old snapshot."""


def steps(repeats: int) -> int:
    """Four variants, after the outboxes."""
    return 1 + 4 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures."""
    bench.tick(f"{MANY:,} rows into an outbox")
    bench.warm_up()
    many, few, waiting = (outbox.full(bench, rows) for rows in (MANY, FEW, WAITING))
    waiting_plain = outbox.full(bench, WAITING, outbox.PLAIN)

    def from_backlog(dsn: str, rows: int) -> Callable[[], Sample]:
        def run() -> Sample:
            bench.adopt(dsn)
            sample = bench.child("ours", Task(dsn=dsn, bootstrap="", events=FROM_BACKLOG, consume=False))
            bench.wait(outbox.fill(dsn, outbox.OURS, rows))
            return sample

        return run

    held = Task(dsn="", bootstrap="", events=UNDER_SNAPSHOT, consume=False)
    samples = in_turn(
        {
            "1 M rows waiting": from_backlog(many, MANY),
            "100 k rows waiting": from_backlog(few, FEW),
            "old snapshot, new rows coming": bench.once("held", held, waiting),
            "old snapshot, new rows coming, bare": bench.once(
                "held", replace(held, options={"bare": 1}), waiting_plain
            ),
        },
        bench.repeats,
        bench.tick,
    )
    for dsn in (many, few, waiting, waiting_plain):
        bench.drop(dsn)
    of_many, of_few, ours, bare = samples.values()
    yield Figure("1 M rows waiting vs 100 k", ratio(rates(of_many), rates(of_few)), "x", must=0.7, hope=1.0)
    yield Figure("old snapshot, end vs start of 100 k rows", _end_vs_start(ours), "x", must=0.7, hope=1.0)
    yield Figure("old snapshot, end vs start, bare (no low-water mark)", _end_vs_start(bare), "x")
    yield from absolute(samples)


def _end_vs_start(samples: Sequence[Sample]) -> Spread:
    return ratio([sample.extra["end"] for sample in samples], [sample.extra["start"] for sample in samples])
