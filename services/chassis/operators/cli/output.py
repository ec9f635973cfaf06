"""How commands speak: tables on a terminal, plain tab-separated lines in a pipe, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from chassis.trouble import Trouble, Usage

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON on standard output.")]


class PeopleGroup(TyperGroup):
    """Shows expected faults as what, where and remedy on standard error; only bugs show a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the command line; --help is answered here."""
        with _people():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; exit code 2 if it was called wrongly, 1 if it failed."""
        with _people():
            return super().invoke(ctx)


@contextmanager
def _people() -> Iterator[None]:
    try:
        yield
    except Trouble as trouble:
        typer.echo(f"error: {trouble.what}", err=True)
        if trouble.where:
            typer.echo(f"where: {trouble.where}", err=True)
        typer.echo(f"remedy: {trouble.remedy}", err=True)
        raise typer.Exit(2 if isinstance(trouble, Usage) else 1) from trouble


def print_json(value: Any) -> None:
    """One JSON document. Ids and times become text, and other than ASCII is escaped."""
    typer.echo(json.dumps(value, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on a terminal; when piped, a header and tab-separated lines for `cut` and `awk`."""
    lines = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in [list(columns), *lines]:
            typer.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in line))
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")  # an id that is cut is of no use
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))  # not markup: cells hold text from outside
    Console().print(table)
