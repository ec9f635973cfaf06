"""Requests are there and not above limits; memory has a limit, CPU has none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.k8s.structure.documents import Finding, Rendered, place

_UNITS = {
    "": Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9),
    "T": Decimal(10**12), "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
}  # fmt: skip
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")


def quantity(text: str | int | float) -> Decimal:
    """A quantity of Kubernetes as a number. Raises `ValueError` if it is none."""
    found = _QUANTITY.fullmatch(str(text))
    if found is None:
        raise ValueError(f"{text!r} is no quantity")
    return Decimal(found[1]) * _UNITS[found[2] or ""]


def resources(rendered: Rendered) -> Iterator[Finding]:
    for workload in rendered.workloads:
        for field, container in workload.containers():
            given = container.get("resources") or {}
            requests, limits = given.get("requests") or {}, given.get("limits") or {}
            at = f"{field}.resources"
            for name in ("cpu", "memory"):
                if name not in requests:
                    remedy = "Say what it needs: without, the scheduler packs nodes blindly."
                    yield Finding(workload.place, f"{at}.requests.{name}", "is missing", remedy)
            if "memory" not in limits:
                remedy = "Bound it: a process that leaks takes its node with it."
                yield Finding(workload.place, f"{at}.limits.memory", "is missing", remedy)
            if "cpu" in limits:
                remedy = "Remove it: a throttled process misses its lease and its probes while the node idles."
                yield Finding(workload.place, f"{at}.limits.cpu", "there is a limit", remedy)


def within_limits(rendered: Rendered) -> Iterator[Finding]:
    """No request is above its limit: in our pods, and in what the operators make pods of."""
    for document in rendered.documents:
        for field, given in _given(document.get("spec"), "spec"):
            for name in sorted(given["requests"].keys() & given["limits"].keys()):
                request, limit = given["requests"][name], given["limits"][name]
                if quantity(request) > quantity(limit):
                    at = f"{field}.requests.{name}"
                    yield Finding(place(document), at, f"{request} is above the limit {limit}", "Request at most it.")


def _given(node: Any, field: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every `resources` with requests and limits, wherever it stands."""
    if isinstance(node, list):
        for number, each in enumerate(node):
            named = each.get("name", number) if isinstance(each, Mapping) else number
            yield from _given(each, f"{field}[{named}]")
    elif isinstance(node, Mapping):
        if isinstance(node.get("requests"), Mapping) and isinstance(node.get("limits"), Mapping):
            yield field, node
        for name, each in node.items():
            yield from _given(each, f"{field}.{name}")
