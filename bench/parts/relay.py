"""The relay alone: 100,000 rows wait in the outbox, nothing else happens.

Ours is `chassis.outbox.relay.Relay` as the service wires it, with leader lock and low-water mark; `bare` reads, sends a
batch per partition and deletes, nothing else. The two keep different rows: ours were encoded for Kafka when they were
stored, which the hop pays for, bare's are when they are sent. `naive` waits for the acknowledgement of each row
(`send_and_wait`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bench import outbox
from bench.bench import Bench
from bench.child import Task
from bench.measure import (
    Figure,
    absolute,
    cpu,
    in_turn,
    rates,
    ratio,
)

TITLE = "relay"
ROWS = 100_000
NAIVE_ROWS = 3_000


def steps(repeats: int) -> int:
    """Three variants, after the outboxes that they begin with."""
    return 1 + 3 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures."""
    bench.tick(f"{ROWS:,} rows into outboxes")
    bench.warm_up()
    wired, plain = outbox.full(bench, ROWS), outbox.full(bench, ROWS, outbox.PLAIN)
    task = Task(dsn="", bootstrap="", events=ROWS, consume=False)
    samples = in_turn(
        {
            "ours": bench.once("ours", task, wired),
            "bare": bench.once("bare", task, plain),
            "naive": bench.once("naive", replace(task, events=NAIVE_ROWS), plain),
        },
        bench.repeats,
        bench.tick,
    )
    bench.drop(wired)
    bench.drop(plain)
    ours, bare, naive = samples.values()
    yield Figure("ours vs bare", ratio(rates(ours), rates(bare)), "x", must=0.8, hope=1.0)
    yield Figure("ours vs naive", ratio(rates(ours), rates(naive)), "x", must=25, hope=35)
    yield Figure("CPU per event, ours vs bare", ratio(cpu(ours), cpu(bare)), "x")
    yield from absolute(samples)
