"""When something was wrong, by the books of the harness."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from chaos.evidence import Evidence

PUT_BACK = ("shop_put_back", "till_put_back", "both_put_back")
"""Faults in which a database becomes what it was some seconds before. They begin with the copy, and end once what was
read since is read again."""
BROKER_PUT_BACK = "broker_put_back"
"""The broker gets an older disk. Until readers have seen that, they commit offsets of records that it no longer has."""
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
    evidence: Evidence, *, besides: Collection[str] = (), healing: float, slow: Mapping[str, float] = NOTHING
) -> list[tuple[float, float]]:
    """When any fault but these lasted or was healing, as stretches that do not overlap. `slow`: heals later."""
    found = [
        (window.begin, window.end + slow.get(name, healing))
        for name in {entry.fault for entry in evidence.journal} - set(besides)
        for window in windows(evidence, (name,))
    ]
    stretches: list[tuple[float, float]] = []
    for begin, end in sorted(found):
        if stretches and begin <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(end, stretches[-1][1])
        else:
            stretches.append((begin, end))
    return stretches


def quiet_seconds(since: float, until: float, troubles: Iterable[tuple[float, float]]) -> float:
    """How much of this time nothing was wrong."""
    lost = sum(max(0.0, min(until, end) - max(since, begin)) for begin, end in troubles)
    return max(0.0, until - since) - lost
