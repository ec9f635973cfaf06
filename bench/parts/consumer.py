"""The consumer path: a topic of referrals becomes files, deadlines, positions and outbox rows. Nothing is published.

Ours is the whole counselling service process as it is shipped (`ours`), with its relay kept waiting for the leader's
lock; `bare` is the same work by hand. Spans are built and dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

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

TITLE = "consumer path"
EVENTS = 30_000


def steps(repeats: int) -> int:
    """The variants, after the topic."""
    return 1 + 3 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures."""
    bench.tick("referrals into a topic")
    bench.warm_up()
    topic = bench.topic(EVENTS, EVENTS // 2)
    task = Task(dsn="", bootstrap="", source=topic, events=EVENTS, relay=False)
    variants = {name: bench.once(name, task) for name in ("ours", "bare")}
    variants["bare, 2 loops"] = bench.once("bare", replace(task, options={"loops": 2}))
    samples = in_turn(variants, bench.repeats, bench.tick)
    ours, bare, loops = samples.values()
    yield Figure("ours vs bare", ratio(rates(ours), rates(bare)), "x", must=0.8, hope=1.0)
    yield Figure("ours (two group members) vs bare with 2 loops", ratio(rates(ours), rates(loops)), "x")
    yield Figure("CPU per event, ours vs bare", ratio(cpu(ours), cpu(bare)), "x")
    yield from absolute(samples)
