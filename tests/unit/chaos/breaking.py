"""The register of ways in which a run can go wrong, and which invariant each of them breaks."""

from __future__ import annotations

from collections.abc import Callable

from chaos.evidence import Evidence, Record

Break = Callable[[Evidence], None]

BROKEN: list[tuple[int, str, Break]] = []
"""Number of the invariant, what a violation must say, and how to break it."""


def breaks(number: int, what: str) -> Callable[[Break], Break]:
    """Registers a way to break invariant `number`; `what` must stand in a violation."""

    def register(change: Break) -> Break:
        BROKEN.append((number, what, change))
        return change

    return register


def changed(evidence: Evidence, record: Record, **headers: bytes) -> None:
    records = evidence.topics[record.topic]
    records[records.index(record)] = record._replace(headers={**record.headers, **headers})
