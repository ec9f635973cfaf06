"""What a library says again and again: the first lines go out, of the others their number.

A client that looks for a broker that is gone says so thirty times a second, and hides what else there is to read.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

WINDOW_SECONDS = 10.0
"""From the first line of a kind on, its lines are counted together."""
LINES = 3
"""Of a kind that go out in that time."""


@dataclass
class _Window:
    begun: float
    lines: int = 0


class Repeats(Generic[K]):
    """Counts lines by their kind: what makes two of them say the same."""

    def __init__(self) -> None:
        self._windows: dict[K, _Window] = {}

    def goes_out(self, kind: K) -> bool:
        """Whether this line does; it is counted."""
        window = self._windows.setdefault(kind, _Window(monotonic()))
        window.lines += 1
        return window.lines <= LINES

    def held_back(self) -> Iterator[tuple[K, int]]:
        """Yields, per kind whose time is over, how many lines were held back, if any. Each is told once."""
        over = monotonic() - WINDOW_SECONDS
        while self._windows:
            kind, window = next(iter(self._windows.items()))
            if window.begun > over:
                return
            del self._windows[kind]
            if window.lines > LINES:
                yield kind, window.lines - LINES
