"""The books of a chaos run: what was promised and sent, what the harness did, and when. Times are `time.time()`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from chaos.edge import Edge
from chaos.evidence import Cut, Record, Restored, Tip
from chaos.shop import MOVED


class Answered(NamedTuple):
    """A command about an alarm: its n, and from when to when somebody waited for its answer."""

    basket: UUID
    n: int
    begun: float
    ended: float


@dataclass
class Journal:
    """What the harness did: (time, fault, "begin" | "end" | "note", detail)."""

    entries: list[tuple[float, str, str, str]] = field(default_factory=list)
    listener: Callable[[str], None] = lambda _line: None

    def begin(self, name: str, detail: str = "") -> None:
        """From now on something is wrong."""
        self._add(name, "begin", detail)

    def end(self, name: str, detail: str = "") -> None:
        """From now on it may heal."""
        self._add(name, "end", detail)

    def note(self, name: str, detail: str) -> None:
        """Something that happened meanwhile."""
        self._add(name, "note", detail)

    def _add(self, name: str, phase: str, detail: str) -> None:
        self.entries.append((time.time(), name, phase, detail))
        self.listener(f"{name} {phase}{': ' if detail else ''}{detail}")


@dataclass(frozen=True)
class Sent:
    """One record that a foreign producer wrote to ph.price.v1 and that was acknowledged."""

    key: str | None
    n: int
    """Its ce_sequence, meant or real."""
    kind: str
    """plain, refused, unstorable, hang: reach a handler. For all others see `prices`."""
    topic: str
    partition: int
    offset: int
    duplicate: bool
    sent_at: float
    traceparent: str


@dataclass
class Ledger:
    """What was promised and sent."""

    sales: dict[UUID, list[int]] = field(default_factory=dict)
    """Per basket: n of every command that was answered with 2xx, in order."""
    unanswered: set[tuple[UUID, int]] = field(default_factory=set)
    """Given up without an answer: may have had their effect or not. n for a sale, -n for an alarm."""
    alarms: dict[UUID, list[int]] = field(default_factory=dict)
    about_alarms: list[Answered] = field(default_factory=list)
    priced: list[Sent] = field(default_factory=list)
    tips: list[Tip] = field(default_factory=list)
    discarded: set[tuple[str, int, int]] = field(default_factory=set)
    """(topic, partition, offset) of the records that the operator discarded."""
    forged: dict[str, str] = field(default_factory=dict)
    """The ce_id of every forged record, and its kind."""
    restored: list[Restored] = field(default_factory=list)
    """Every database that was put back, and what became of it."""
    cuts: list[Cut] = field(default_factory=list)
    """The same of the broker, for each service that publishes."""
    lost: list[Record] = field(default_factory=list)
    edge: Edge = field(default_factory=Edge)
    """Who asked at the services' doors, and what they were told."""
    over: float = float("inf")
    """When the last fault had ended, and load with it."""
    attempts: int = 0
    """Requests that were made, all tries counted."""
    late_promises: list[float] = field(default_factory=list)
    """Seconds that each answer took, all tries counted."""

    def doubtful_alarms(self) -> Iterator[tuple[UUID, int]]:
        """Alarms that were set or put off while what the shop did was to be forgotten: -n of what may have become of
        each."""
        for restored in self.restored:
            for about in self.about_alarms:
                if restored.service == "shop" and about.begun < restored.opened and about.ended > restored.copied:
                    n = about.n % MOVED
                    yield from ((about.basket, -n), (about.basket, -n - MOVED))
