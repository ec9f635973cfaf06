"""The parts of the benchmark that two builds can be compared in, in the order in which they run."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from bench.against.field import Field
    from bench.against.verdict import Comparison

NAMES = ("due_at", "commands", "lists", "consumer", "hop", "relay", "latency")
"""`lists` comes after `commands`: it refers the same cases. `latency` is last: the others read the one topic of
referrals to its end."""


class Part(Protocol):
    """One module of this folder."""

    TITLE: str

    def steps(self, repeats: int) -> int:
        """How often `run` ticks, for the progress bar."""

    def run(self, field: Field) -> Iterable[Comparison]:
        """Measures."""


def load(name: str) -> Part:
    """The module of a part; imported only if it is to run."""
    return cast("Part", importlib.import_module(f"{__name__}.{name}"))
