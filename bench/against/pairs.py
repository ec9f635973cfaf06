"""Both builds in turn, A B, B A, and the figures made of their samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.against.builds import Build
from bench.against.field import Field
from bench.against.verdict import Comparison, Kind
from bench.measure import Sample, cpu, in_turn, rates

Samples = tuple[Sequence[Sample], Sequence[Sample]]


def pairs(field: Field, what: str, sample: Callable[[Build], Sample]) -> Samples:
    """As many pairs as asked for: samples of the present build, and of the other one."""

    def of(build: Build) -> Callable[[], Sample]:
        return lambda: sample(build)

    runs = {f"{what}, {build.label} {build.short}": of(build) for build in field.builds}
    present, other = in_turn(runs, field.repeats, field.tick).values()
    return present, other


def rate(what: str, unit: str, samples: Samples) -> Iterable[Comparison]:
    """Events per second, and the processor time of one."""
    present, other = samples
    yield Comparison(what, Kind.RATE, unit, rates(present), rates(other))
    yield processor_time(what, samples)


def extra(what: str, kind: Kind, unit: str, samples: Samples, name: str) -> Comparison:
    """A value that the samples carry beside their rate."""
    present, other = ([sample.extra[name] for sample in each] for each in samples)
    return Comparison(what, kind, unit, present, other)


def processor_time(what: str, samples: Samples) -> Comparison:
    """The second witness: CPU per event over all processes."""
    present, other = samples
    return Comparison(f"{what}, CPU", Kind.CPU, "us/event", cpu(present), cpu(other))
