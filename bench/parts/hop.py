"""The whole hop: consume, commit, publish, acknowledged by Kafka; traced, spans built and dropped.

Ours is the whole counselling service process as it is shipped; `bare` the same work by hand; `naive` a FastStream
handler per message. What they measure is comparable only because they do the same, so a small topic goes through each
of them first, and what they leave behind must be equal. `naive, 6 workers` is naive with FastStream's `max_workers`:
one message per partition at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bench import equal
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
from bench.seed import PARTITIONS

TITLE = "whole hop"
EVENTS = 30_000
NAIVE_EVENTS = 1_500
CHECKED_EVENTS = 300
VARIANTS = 5


def steps(repeats: int) -> int:
    """The variants, after the check and the topics."""
    return 2 + VARIANTS * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures. Raises `equal.Differs` if the variants do not do the same work."""
    bench.tick("do all variants leave the same behind?")
    equal.check(bench, ("ours", "bare", "naive"), CHECKED_EVENTS)
    bench.tick("referrals into topics")
    bench.warm_up()
    task = Task(dsn="", bootstrap="", source=bench.topic(EVENTS, EVENTS // 2), events=EVENTS)
    few = replace(task, source=bench.topic(NAIVE_EVENTS, NAIVE_EVENTS // 2), events=NAIVE_EVENTS)
    samples = in_turn(
        {
            "ours": bench.once("ours", task),
            "bare": bench.once("bare", task),
            "bare, 2 loops": bench.once("bare", replace(task, options={"loops": 2})),
            "naive": bench.once("naive", few),
            "naive, 6 workers": bench.once("naive", replace(few, options={"workers": PARTITIONS})),
        },
        bench.repeats,
        bench.tick,
    )
    ours, bare, loops, naive, workers = samples.values()
    yield Figure("ours vs bare", ratio(rates(ours), rates(bare)), "x", must=0.8, hope=1.0)
    yield Figure("ours vs naive", ratio(rates(ours), rates(naive)), "x", must=25, hope=45)
    yield Figure(
        "CPU per event, all processes, ours vs bare",
        ratio(cpu(ours), cpu(bare)),
        "x",
        must=1.25,
        hope=1.0,
        at_most=True,
    )
    yield Figure("ours (two group members) vs bare with 2 loops", ratio(rates(ours), rates(loops)), "x")
    yield Figure("bare vs naive", ratio(rates(bare), rates(naive)), "x")
    yield Figure("ours vs naive with 6 workers", ratio(rates(ours), rates(workers)), "x")
    yield Figure("CPU per event, naive vs ours", ratio(cpu(naive), cpu(ours)), "x")
    yield from absolute(samples)
