"""What the story says: short lines with the seconds since it began; tables that keep their columns in a pipe."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

Rows = Iterable[Sequence[object]]


class Screen:
    """A terminal, or whatever output is piped to."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, markup=False, soft_wrap=True)
        self._begun = time.monotonic()

    def seconds(self) -> float:
        """Since the story began."""
        return time.monotonic() - self._begun

    def say(self, text: str) -> None:
        """One line of progress, at once."""
        self._print(Text.assemble((f"{self.seconds():6.1f} s  ", "dim"), text))

    def line(self, text: str) -> None:
        """A line of a part that is no progress."""
        self._print(Text(text))

    def heading(self, text: str) -> None:
        """A part begins."""
        self._print(Text("\n" + text, "bold"))

    def table(self, title: str, columns: Sequence[str], rows: Rows) -> None:
        """A table: drawn on a terminal, aligned plain text elsewhere, where nothing may be wrapped or cut."""
        self.heading(title)
        cells = [[str(cell) for cell in row] for row in rows]
        if not self._console.is_terminal:
            for line in aligned([list(columns), *cells]):
                self._print(Text(line))
            return
        table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(table, soft_wrap=False)

    def _print(self, text: Text) -> None:
        self._console.print(text)
        self._console.file.flush()


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """The cells of each line in columns as wide as their longest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
