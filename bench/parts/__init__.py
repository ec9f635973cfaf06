"""The parts of the benchmark, in the order in which they run."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bench.bench import Part

NAMES = (
    "consumer",
    "hop",
    "relay",
    "backlog",
    "spans",
    "commands",
    "latency",
    "pauses",
    "replay",
    "journey",
    "deadlines",
    "growth",
    "idle",
)


def load(name: str) -> Part:
    """The module of a part; imported only if it is to run."""
    return cast("Part", importlib.import_module(f"{__name__}.{name}"))
