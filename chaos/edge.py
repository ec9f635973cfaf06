"""What callers were told at the services' doors: those with a good command, and those who are slow, large or forged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

STRANGE = 1_000_000_000
"""What slow, large and forged callers ask for begins with this n: no such n may be found anywhere."""


class Served(NamedTuple):
    """A good command, from its first try to its answer; `answered` is infinite if nobody ever answered."""

    asked: float
    answered: float


class Call(NamedTuple):
    """One connection of a caller who takes his time, sends too much, or is not who he says."""

    kind: str
    worker: str
    asked: float
    ended: float
    """When the service had let go of him; infinite if it held on for longer than `within`."""
    status: int
    """0 if he was hung up on without an answer."""
    promised: tuple[int, ...]
    """What the answer may be."""
    within: float
    """Seconds until the service must have let go of him."""


@dataclass
class Edge:
    """All of them."""

    calls: list[Call] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
