"""The table at the end: answers per operation and status, and what never got far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from deploy.local.places import SERVICES
from tests.support.openapi import Operation

Counts = Mapping[str, Counter[str]]
"""Per service: answers by method, path and status."""
Known = Mapping[str, Sequence[Operation]]
_TAKEN = "a made-up decision on many records may have taken all of its records before"
UNANSWERED: Mapping[str, str] = {
    f"{service} POST /operations/parked/{{parked_id}}/retry": _TAKEN for service in SERVICES
}
"""Operations that need not be answered with 2xx, by service, method and path, each with the reason."""


def table(counts: Counts, known: Known) -> str:
    """A line per operation: requests, answers of 2xx, refusals, each status; below, what never got 2xx."""
    lines = ["", f"{'':<65} {'requests':>8} {'2xx':>6} {'refused':>7}"]
    sums: Counter[str] = Counter()
    for service, found in counts.items():
        for operation in known[service]:
            statuses = _statuses(found, operation)
            good = _good(statuses)
            told = " ".join(f"{status}:{number}" for status, number in sorted(statuses.items()))
            name = f"{operation.method} {operation.path}"
            numbers = f"{statuses.total():>8} {good:>6} {statuses.total() - good:>7}"
            lines.append(f"{service:<12} {name:<52} {numbers}  {told}")
        for key, number in found.items():
            sums[key.rpartition(" ")[2]] += number
    lines += ["", f"never answered with 2xx: {', '.join(unanswered(counts, known)) or 'none'}"]
    lines += [f"need not be: {name}, since {why}" for name, why in UNANSWERED.items()]
    told = ", ".join(f"{number} of {key}" for key, number in sorted(sums.items()))
    lines.append(f"{sums.total()} requests: {told}")
    return "\n".join(lines)


def unanswered(counts: Counts, known: Known) -> list[str]:
    """The operations behind whose refusals nobody has looked: none of their answers was 2xx."""
    names = [
        f"{service} {operation.method} {operation.path}"
        for service, found in counts.items()
        for operation in known[service]
        if not _good(_statuses(found, operation))
    ]
    return [name for name in names if name not in UNANSWERED]


def _statuses(found: Counter[str], operation: Operation) -> Counter[str]:
    name = f"{operation.method} {operation.path} "
    return Counter({key.removeprefix(name): number for key, number in found.items() if key.startswith(name)})


def _good(statuses: Counter[str]) -> int:
    return sum(number for status, number in statuses.items() if status.startswith("2"))
