"""What a run of the benchmark shows: progress, a table on the terminal, a JSON file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bench.measure import Figure

STYLES = {"hope": "bold green", "must": "green", "SHORT": "bold red"}


@dataclass
class Result:
    """What one part has found, or why it has not."""

    name: str
    title: str
    figures: Sequence[Figure] = ()
    seconds: float = 0.0
    failure: str = ""


@dataclass
class Report:
    """A whole run. `head` tells of the machine, the versions and the run itself."""

    head: Mapping[str, str]
    results: list[Result] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether a part broke off; a figure that is short does not count."""
        return any(result.failure for result in self.results)

    def save(self, directory: Path) -> Path:
        """Writes the JSON file, named by the time; its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
        parts = {
            result.name: {
                "title": result.title,
                "seconds": round(result.seconds, 1),
                "failure": result.failure,
                "figures": [figure.as_json() for figure in result.figures],
            }
            for result in self.results
        }
        path.write_text(json.dumps({"head": dict(self.head), "parts": parts}, indent=1) + "\n")
        return path

    def show(self, console: Console) -> None:
        """The table, with the head above it."""
        console.print()
        for name, value in self.head.items():
            console.print(Text.assemble((f"{name:20}", "dim"), value))
        table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
        table.add_column("part")
        table.add_column("figure", overflow="fold")
        for column in ("median", "min", "max"):
            table.add_column(column, justify="right")
        for column in ("unit", "must", "hope", ""):
            table.add_column(column)
        for result in self.results:
            table.add_section()
            table.add_row(
                Text(result.name, "bold"),
                Text(f"{result.title} ({result.seconds:.0f} s)", "bold"),
                *[""] * 6,
                Text("FAILED" if result.failure else "", "bold red"),
            )
            for figure in result.figures:
                table.add_row("", *_cells(figure))
        console.print(table)
        for result in self.results:
            if result.failure:
                console.print(Text(f"{result.name} failed: {result.failure}", "red"))


def _cells(figure: Figure) -> list[Text | str]:
    spread, sign = figure.spread, "<=" if figure.at_most else ">="
    bounds = ["" if bound is None else f"{sign} {number(bound)}" for bound in (figure.must, figure.hope)]
    numbers = [number(value) for value in (spread.median, spread.low, spread.high)]
    verdict = Text(figure.verdict, STYLES.get(figure.verdict, ""))
    return [Text(figure.what, "" if figure.must is None else "cyan"), *numbers, figure.unit, *bounds, verdict]


def number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


class Steps:
    """The progress bar: what is measured now, and how much is done. Plain lines where no terminal is."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._done = -1
        self._begun = time.monotonic()
        self._part = ""
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._display = Progress(*columns, console=console, transient=True)
        self._task = self._display.add_task("starting PostgreSQL and Kafka", total=total)

    def __enter__(self) -> Steps:
        if self._console.is_terminal:
            self._display.start()
        return self

    def __exit__(self, *_error: Any) -> None:
        self._display.stop()

    def part(self, name: str) -> None:
        """A part begins."""
        self._part = name

    def tick(self, text: str) -> None:
        """A step begins, and the one before is done."""
        self._done += 1
        words = f"{self._part}: {text}"
        self._display.update(self._task, completed=self._done, description=words)
        if not self._console.is_terminal:
            print(f"{time.monotonic() - self._begun:6.1f} s  {self._done + 1:3}/{self._total}  {words}", flush=True)
