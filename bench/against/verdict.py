"""What fifteen pairs say: ratios of the present build to the other one, their quartiles, and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from statistics import median, quantiles
from typing import Any

PAIRS = 15
"""Fewer decide nothing."""
BELOW, ABOVE = 0.97, 1.03
"""A median between these is no difference, whatever the quartiles are."""


class Verdict(Enum):
    """How the present build compares with the other one."""

    WORSE = "worse"
    SAME = "same"
    BETTER = "better"
    OPEN = "open"


class Kind(Enum):
    """What a figure is: name, whether less of it is better, a word for each verdict; `INFO` has none."""

    RATE = ("rate", False, "slower", "not slower", "faster")
    LATENCY = ("latency", True, "slower", "not slower", "faster")
    CPU = ("cpu", True, "costs more", "costs no more", "costs less")
    INFO = ("info", True, "", "", "")

    def __init__(self, label: str, less_is_better: bool, worse: str, same: str, better: str) -> None:
        self.label = label
        self.less_is_better = less_is_better
        self.words = {
            Verdict.WORSE: worse,
            Verdict.SAME: same,
            Verdict.BETTER: better,
            Verdict.OPEN: worse and f"open: {PAIRS} pairs decide",
        }


@dataclass(frozen=True)
class Ratios:
    """How the ratios of all pairs are spread. The quartiles are those of the sample itself (inclusive)."""

    median: float
    lower: float
    upper: float
    low: float
    high: float
    pairs: int

    @classmethod
    def of(cls, present: Sequence[float], other: Sequence[float]) -> Ratios:
        """Of at least one pair; `present[n]` and `other[n]` were measured one right after the other."""
        ratios = [one / another for one, another in zip(present, other, strict=True)]
        lower, _, upper = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return cls(median(ratios), lower, upper, min(ratios), max(ratios), len(ratios))

    def verdict(self, *, less_is_better: bool) -> Verdict:
        """Worse or better if the median is beyond its bound and three quarters of the pairs are on that side of 1."""
        if self.pairs < PAIRS:
            return Verdict.OPEN
        if self.median < BELOW and self.upper < 1:
            return Verdict.BETTER if less_is_better else Verdict.WORSE
        if self.median > ABOVE and self.lower > 1:
            return Verdict.WORSE if less_is_better else Verdict.BETTER
        return Verdict.SAME


@dataclass(frozen=True)
class Comparison:
    """One line of the report: a figure of both builds, pair by pair."""

    what: str
    kind: Kind
    unit: str
    present: Sequence[float]
    other: Sequence[float]

    @property
    def ratios(self) -> Ratios:
        """Present to other."""
        return Ratios.of(self.present, self.other)

    @property
    def verdict(self) -> Verdict:
        """By the median and the quartiles."""
        return self.ratios.verdict(less_is_better=self.kind.less_is_better)

    @property
    def word(self) -> str:
        """The verdict as a person reads it."""
        return self.kind.words[self.verdict]

    def as_json(self) -> dict[str, Any]:
        """For the report file, with every single value."""
        return {
            "what": self.what,
            "kind": self.kind.label,
            "unit": self.unit,
            "ratio": asdict(self.ratios),
            "verdict": self.word,
            "present": list(self.present),
            "other": list(self.other),
        }


def summary(other: str, comparisons: Sequence[tuple[str, Comparison]]) -> str:
    """The last line of a run: which figures, each with its part, are slower than in build `other`."""

    def named(verdict: Verdict, *kinds: Kind) -> str:
        found = [
            f"{part}: {each.what} ({each.ratios.median:.2f}x)"
            for part, each in comparisons
            if each.verdict is verdict and each.kind in kinds
        ]
        return "; ".join(found) or "nothing"

    speed = (Kind.RATE, Kind.LATENCY)
    if any(each.verdict is Verdict.OPEN for _, each in comparisons):
        return f"Compared with {other}: too few pairs for a verdict; {PAIRS} decide (leave REPEATS out)."
    return (
        f"Compared with {other}: slower: {named(Verdict.WORSE, *speed)}. More CPU: {named(Verdict.WORSE, Kind.CPU)}. "
        f"Faster: {named(Verdict.BETTER, *speed)}. Less CPU: {named(Verdict.BETTER, Kind.CPU)}."
    )
