"""One line that says what the set-up waits for and what is still to come; standard library only."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

EVERY_SECONDS = 3.0
"""How often a line is written where lines are kept: a log, a pipe. A terminal shows one that changes in place."""


class Line:
    """Says what is done now, and after it which of `ahead` follow."""

    def __init__(self, ahead: Sequence[str]) -> None:
        self._ahead = f"; still to come: {', '.join(ahead)}" if ahead else ""
        self._begun = time.monotonic()
        self._said = 0.0
        self._terminal = sys.stdout.isatty()

    def say(self, text: str, *, new: bool = True) -> None:
        """Shows `text`; with `new=False` it only brings the last one up to date."""
        now = time.monotonic()
        line = f"{now - self._begun:6.1f} s  {text}{self._ahead}"
        if self._terminal:
            sys.stdout.write(f"\r\033[K{line}")
        elif new or now - self._said >= EVERY_SECONDS:
            sys.stdout.write(f"{line}\n")
        else:
            return
        self._said = now
        sys.stdout.flush()

    def done(self) -> None:
        """The last text stays, and what is printed next begins a line of its own."""
        if self._terminal:
            sys.stdout.write("\n")
            sys.stdout.flush()
