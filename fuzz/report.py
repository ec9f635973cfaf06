"""The table at the end: answers per operation and status, and what never got far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.support.openapi import Operation


def table(counts: Mapping[str, Counter[str]], known: Mapping[str, Sequence[Operation]]) -> str:
    """A line per operation; below, which were never answered with 2xx, and the sums."""
    lines, never = [""], []
    for service, found in counts.items():
        for operation in known[service]:
            name = f"{operation.method} {operation.path}"
            statuses = {
                key.rpartition(" ")[2]: number for key, number in found.items() if key.rpartition(" ")[0] == name
            }
            told = " ".join(f"{status}:{number}" for status, number in sorted(statuses.items()))
            lines.append(f"{service:<12} {name:<52} {sum(statuses.values()):>6}  {told}")
            if not any(status.startswith("2") for status in statuses):
                never.append(f"{service} {name}")
    sums: Counter[str] = Counter()
    for found in counts.values():
        for key, number in found.items():
            sums[key.rpartition(" ")[2]] += number
    lines += ["", f"never answered with 2xx: {', '.join(never) or 'none'}"]
    lines.append(
        f"{sum(sums.values())} requests: " + ", ".join(f"{number} of {key}" for key, number in sorted(sums.items()))
    )
    return "\n".join(lines)
