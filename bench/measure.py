"""What a measurement is: samples of several variants, taken in turn, and the figures made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One run of one variant. `cpu_seconds` counts every process that took part: variant, PostgreSQL, Kafka."""

    events: int
    seconds: float
    cpu_seconds: float = 0.0
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU per event, on all processors together."""
        return self.cpu_seconds / self.events * 1e6


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of several repeats."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Figure:
    """One line of the report. `must` and `hope` bound `spread.median`: from below, or from above if `at_most`."""

    what: str
    spread: Spread
    unit: str
    must: float | None = None
    hope: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """Where the median stands: `hope`, `must`, `SHORT`, or nothing if the line only informs."""
        if self.must is None:
            return ""
        if self.hope is not None and self._holds(self.hope):
            return "hope"
        return "must" if self._holds(self.must) else "SHORT"

    def _holds(self, bound: float) -> bool:
        return self.spread.median <= bound if self.at_most else self.spread.median >= bound

    def as_json(self) -> dict[str, Any]:
        """For the report file."""
        return {**asdict(self), "verdict": self.verdict}


Samples = Mapping[str, Sequence[Sample]]
Run = Callable[[], Sample]


def in_turn(variants: Mapping[str, Run], repeats: int, tick: Callable[[str], None]) -> Samples:
    """Runs every variant `repeats` times, A B C, B C A, C A B ..: what drifts meets all of them alike."""
    names = list(variants)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for repeat in range(repeats):
        turn = repeat % len(names)
        for name in (*names[turn:], *names[:turn]):
            tick(name)
            samples[name].append(variants[name]())
    return samples


def ratio(over: Sequence[float], under: Sequence[float]) -> Spread:
    """Of what was measured in the same round, round by round."""
    return Spread.of([one / other for one, other in zip(over, under, strict=True)])


def rates(samples: Sequence[Sample]) -> list[float]:
    """Events per second of each repeat."""
    return [sample.rate for sample in samples]


def cpu(samples: Sequence[Sample]) -> list[float]:
    """CPU microseconds per event of each repeat."""
    return [sample.cpu_us for sample in samples]


def absolute(samples: Samples, unit: str = "events/s") -> list[Figure]:
    """Rate and CPU of each variant: they tell about this machine, only ratios travel."""
    lines = []
    for name, of_variant in samples.items():
        lines.append(Figure(name, Spread.of(rates(of_variant)), unit))
        if any(sample.cpu_seconds for sample in of_variant):
            lines.append(Figure(f"{name}, CPU", Spread.of(cpu(of_variant)), "us/event"))
    return lines
