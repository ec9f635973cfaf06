"""How an invariant reports: facts that it looked at, and those that were not as they must be."""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = 12
"""Violations of one invariant that are spelled out; the rest is counted."""


@dataclass
class Check:
    """One invariant's findings."""

    facts: int = 0
    violations: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """Facts of one kind, for those who want to know whether something special was met."""

    def that(self, holds: bool, what: str, where: object, expected: object = "", found: object = "") -> bool:
        """One more fact; a violation if it does not hold."""
        self.facts += 1
        if not holds:
            told = f"{what}: {where}"
            if expected != "" or found != "":
                told += f"; expected {_short(expected)}, found {_short(found)}"
            self.violations.append(told)
        return holds

    def equal(self, what: str, where: object, expected: object, found: object, facts: int = 1) -> None:
        """`facts` more facts: these two are the same."""
        self.facts += facts - 1
        self.that(expected == found, what, where, expected, found)

    def count(self, kind: str, number: int = 1) -> None:
        """Not a fact, but worth telling."""
        self.counts[kind] = self.counts.get(kind, 0) + number

    def told(self) -> str:
        """The special things that were met."""
        return ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:75]} ... {text[-75:]}"
