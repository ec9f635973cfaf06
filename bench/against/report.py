"""What a comparison shows: a table on the terminal, a JSON file, and a last line that says it all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.against.verdict import Comparison, Verdict, summary
from bench.report import number

STYLES = {Verdict.WORSE: "bold red", Verdict.SAME: "", Verdict.BETTER: "bold green", Verdict.OPEN: "dim"}
QUIET = 0.1
"""Others may use so much of the machine before the report warns of what they do to its figures."""
COLUMNS = ("present", "other", "ratio", "q1", "q3", "min", "max", "pairs")


@dataclass
class Compared:
    """What one part has found, or why it has not."""

    name: str
    title: str
    figures: Sequence[Comparison] = ()
    seconds: float = 0.0
    failure: str = ""


@dataclass
class Report:
    """A whole run. `head` tells of the machine and the run, `other` is the commit that this build is compared with."""

    head: Mapping[str, str]
    other: str
    results: list[Compared] = field(default_factory=list)
    others: float = 0.0
    """Share of the machine's processors that programs of others have used meanwhile."""

    @property
    def failed(self) -> bool:
        """Whether a part could not be measured; a verdict does not count."""
        return any(result.failure for result in self.results)

    @property
    def summary(self) -> str:
        """The last line."""
        line = summary(self.other, [(result.name, each) for result in self.results for each in result.figures])
        if unmeasured := ", ".join(result.name for result in self.results if result.failure):
            line += f" Not measured: {unmeasured}."
        if self.others > QUIET:
            line += f" Other programs used {self.others:.0%} of the processors meanwhile: repeat it on a quiet machine."
        return line

    def save(self, directory: Path) -> Path:
        """Writes the JSON file, named by the time and the other commit; its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-against-{self.other}.json"
        parts = {
            result.name: {
                "title": result.title,
                "seconds": round(result.seconds, 1),
                "failure": result.failure,
                "figures": [figure.as_json() for figure in result.figures],
            }
            for result in self.results
        }
        whole = {"head": dict(self.head), "used by others": self.others, "parts": parts, "summary": self.summary}
        path.write_text(json.dumps(whole, indent=1) + "\n")
        return path

    def show(self, console: Console) -> None:
        """The table, with the head above it."""
        console.print()
        for name, value in self.head.items():
            console.print(Text.assemble((f"{name:20}", "dim"), value))
        table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
        table.add_column("part")
        table.add_column("figure", overflow="fold")
        for column in COLUMNS:
            table.add_column(column, justify="right")
        table.add_column("unit")
        table.add_column("")
        for result in self.results:
            table.add_section()
            title = Text(f"{result.title} ({result.seconds:.0f} s)", "bold")
            mark = Text("FAILED" if result.failure else "", "bold red")
            table.add_row(Text(result.name, "bold"), title, *[""] * (len(COLUMNS) + 1), mark)
            for figure in result.figures:
                table.add_row("", *_cells(figure))
        console.print(table)
        for result in self.results:
            if result.failure:
                console.print(Text(f"{result.name} was not measured: {result.failure}", "red"))


def _cells(figure: Comparison) -> list[Text | str]:
    ratios = figure.ratios
    spread = (ratios.median, ratios.lower, ratios.upper, ratios.low, ratios.high)
    return [
        figure.what,
        number(median(figure.present)),
        number(median(figure.other)),
        *(f"{value:.3f}x" for value in spread),
        str(ratios.pairs),
        figure.unit,
        Text(figure.word, STYLES[figure.verdict]),
    ]
