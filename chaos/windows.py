"""When something was wrong, by the books of the harness."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from chaos.evidence import WRITES, Evidence

PUT_BACK = ("shop_put_back", "till_put_back", "both_put_back")
"""Faults in which a database becomes what it was some seconds before. They begin with the copy, and end once what was
read since is read again."""
NOTHING: Mapping[str, float] = MappingProxyType({})


class Window(NamedTuple):
    """While a fault lasted; `detail` names workers or services."""

    begin: float
    end: float
    detail: str

    def concerns(self, worker: str) -> bool:
        """Whether it is named."""
        words = self.detail.split()
        return worker in words or worker.rpartition("-")[0] in words

    def touches(self, service: str) -> bool:
        """Whether it names the service or one of its workers, or nobody at all."""
        named = {word.rpartition("-")[0] or word for word in self.detail.split()} & WRITES.keys()
        return not named or service in named


def windows(evidence: Evidence, names: Collection[str]) -> Iterator[Window]:
    """From begin to end of every fault of these names, in order."""
    begun: dict[str, tuple[float, str]] = {}
    for entry in evidence.journal:
        if entry.fault not in names:
            continue
        if entry.phase == "begin":
            begun[entry.fault] = (entry.at, entry.detail)
        elif entry.phase == "end" and entry.fault in begun:
            begin, detail = begun.pop(entry.fault)
            yield Window(begin, entry.at, detail)


def troubled(
    evidence: Evidence,
    *,
    besides: Collection[str] = (),
    healing: float,
    slow: Mapping[str, float] = NOTHING,
    of: str = "",
) -> list[tuple[float, float]]:
    """When any fault but these lasted or was healing, as stretches that do not overlap.

    `slow`: heals later, after so many seconds in which nothing else is wrong. `of`: only the troubles of this service.
    """
    found = [
        (name, window)
        for name in {entry.fault for entry in evidence.journal} - set(besides)
        for window in windows(evidence, (name,))
        if not of or window.touches(of)
    ]
    soon = _merged((window.begin, window.end + healing) for name, window in found if name not in slow)
    quiet = Quiet(soon)
    late = ((window.begin, quiet.after(window.end, slow[name])) for name, window in found if name in slow)
    return _merged([*soon, *late])


def _merged(found: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    stretches: list[tuple[float, float]] = []
    for begin, end in sorted(found):
        if stretches and begin <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(end, stretches[-1][1])
        else:
            stretches.append((begin, end))
    return stretches


def undisturbed(window: Window, troubles: Sequence[tuple[float, float]]) -> Window:
    """The longest part of the window in which nothing else was wrong; `troubles` are in order and do not overlap."""
    begins = [window.begin, *(max(end, window.begin) for _, end in troubles)]
    ends = [*(min(begin, window.end) for begin, _ in troubles), window.end]
    begin, end = max(zip(begins, ends, strict=True), key=lambda part: part[1] - part[0])
    return Window(begin, max(begin, end), window.detail)


class Quiet:
    """The time in which nothing is wrong, besides these stretches, which are in order and do not overlap."""

    def __init__(self, troubles: Sequence[tuple[float, float]]) -> None:
        self._begins = [begin for begin, _ in troubles]
        self._ends = [end for _, end in troubles]
        self._lost = [0.0, *accumulate(end - begin for begin, end in troubles)]

    def seconds(self, since: float, until: float) -> float:
        """How much of this time nothing was wrong."""
        return max(0.0, self._until(until) - self._until(since))

    def after(self, since: float, seconds: float) -> float:
        """The moment from which on so many seconds have passed in which nothing was wrong."""
        for begin, end in zip(self._begins, self._ends, strict=True):
            if end > since:
                free = max(0.0, begin - since)
                if free >= seconds:
                    break
                since, seconds = end, seconds - free
        return since + seconds

    def _until(self, at: float) -> float:
        begun = bisect_left(self._begins, at)
        lasting = max(0.0, self._ends[begun - 1] - at) if begun else 0.0
        return at - self._lost[begun] + lasting
