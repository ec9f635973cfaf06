"""What tracing costs: the whole hop of the shipped service, with every event traced, one in ten, and none.

Spans are encoded as OTLP by the exporter that the service uses, in the process of the service, and sent over HTTP to a
process that drops them. The clock stops when the last span has been sent, not when the last event is done: else the
exporter's queue, which holds the spans of more than 16,000 events, would hide much of the work. Sampling is decided
where an event is made, so one in ten of the incoming events carries a sampled context; in the untraced runs none does,
as if the whole chain were not traced. Spans that a full queue drops are work that was not done; the share that has
arrived is reported beside the rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bench import sink
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

TITLE = "tracing"
EVENTS = 30_000
SPANS_PER_EVENT = 2
"""`process` and `create`."""


def steps(repeats: int) -> int:
    """Three variants, after the topics."""
    return 1 + 3 * repeats


def run(bench: Bench) -> Iterable[Figure]:
    """Measures."""
    bench.tick("referrals into topics")
    bench.warm_up()

    def topic(traced_every: int) -> str:
        return bench.topic(EVENTS, EVENTS // 2, traced_every)

    with sink.running() as endpoint:
        none = Task(dsn="", bootstrap="", source=topic(0), events=EVENTS, spans="none")
        traced = replace(none, source=topic(1), spans="otlp", endpoint=endpoint)
        some = replace(traced, source=topic(10))
        samples = in_turn(
            {
                "untraced": bench.once("ours", none),
                "traced 100 %, OTLP": bench.once("ours", traced),
                "traced 10 %, OTLP": bench.once("ours", some),
            },
            bench.repeats,
            bench.tick,
        )
    untraced, every, tenth = samples.values()
    yield Figure("traced 100 % vs untraced", ratio(rates(every), rates(untraced)), "x", must=0.5, hope=0.6)
    yield Figure("traced 10 % vs untraced", ratio(rates(tenth), rates(untraced)), "x", must=0.85, hope=0.95)
    yield Figure("spans that arrived, traced 100 %", _arrived(every, EVENTS), "%")
    yield Figure("spans that arrived, traced 10 %", _arrived(tenth, EVENTS // 10), "%")
    yield Figure(
        "traced 100 %, until the last event only",
        Spread.of([sample.events / sample.extra["unflushed_seconds"] for sample in every]),
        "events/s",
    )
    yield from absolute(samples)


def _arrived(samples: Sequence[Sample], traced: int) -> Spread:
    return Spread.of([100 * sample.extra["spans"] / (traced * SPANS_PER_EVENT) for sample in samples])
