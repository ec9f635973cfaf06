"""`ph calendar show PLACE YEAR`: open and closed days as the services count them, with the reason for each.
`ph calendar count`: writes into the files how many rows they have."""

from __future__ import annotations

import csv
import io
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from chassis.operators.cli.output import Json, PeopleGroup, print_json, print_table
from chassis.operators.cli.targets import discovered
from chassis.pure import calendar_days
from chassis.pure.calendar import NO_CALENDAR, UnknownCalendar, WorkingDays
from chassis.pure.reference import DIRECTORY, ROWS, InvalidReference
from chassis.service import Service
from chassis.trouble import Usage

app = typer.Typer(
    cls=PeopleGroup,
    no_args_is_help=True,
    help="Working days of a place. Show: why a day is open or closed. Count: after a change of the files.",
)


@app.callback()
def _calendar() -> None:
    """Working days of a place."""


Directory = Annotated[
    Path, typer.Option(envvar="REFERENCE_DIR", help="The reference data.", show_default="schemas/reference")
]


@app.command("show")
def show(
    place: Annotated[str, typer.Argument(help="Two letters of ISO 3166-1, or a region: ISO 3166-2.")],
    year: Annotated[int, typer.Argument(help="The year.")],
    *,
    every: Annotated[bool, typer.Option("--all", help="Ordinary working days and weekends too.")] = False,
    directory: Directory = DIRECTORY,
    as_json: Json = False,
) -> None:
    """Show which days of a year are open and closed at a place, why, and which are estimates only.

    Left out are ordinary weekends and working days, unless --all asks for them.
    """
    try:
        days = list(_with_rows(directory).days_of_year(place, year))
    except (UnknownCalendar, InvalidReference) as error:
        raise _told(error) from error
    shown = [
        {
            "day": day.isoformat(),
            "weekday": f"{day:%a}",
            "offices": "open" if found.open else "closed",
            "reason": found.reason,
            "estimated": found.estimated,
            "source": found.source or "library",
        }
        for day, found in days
        if every or found.source or found.reason not in {"weekend", "working day"}
    ]
    if as_json:
        print_json({"place": place, "year": year, "open": sum(found.open for _, found in days), "days": shown})
        return
    columns = ["day", "weekday", "offices", "reason", "certainty", "source"]
    rows = [{**each, "certainty": "estimated" if each["estimated"] else "certain"} for each in shown]
    print_table(columns, [[row[column] for column in columns] for row in rows])


@app.command("count")
def count(
    *,
    fewer: Annotated[bool, typer.Option("--fewer", help="Take a number that is smaller than before, too.")] = False,
    directory: Directory = DIRECTORY,
) -> None:
    """Write into the header of each calendar file how many rows it has, after rows were added or removed.

    Services take no file whose number is wrong: it may have been cut off on its way.
    """
    for name in calendar_days.FILES:
        before, found = _counted(directory / f"{name}.v1.csv", fewer=fewer)
        typer.echo(f"{name}: {found} rows" + (f", before {before}" if before != found else ""))
    try:
        _with_rows(directory)
    except (UnknownCalendar, InvalidReference) as error:
        raise _told(error) from error


def _counted(path: Path, *, fewer: bool) -> tuple[int, int]:
    """Writes the number of rows into the header, whole or not at all. Returns what it was, and what it is."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise Usage(
            f"{path.name} cannot be read ({error})", remedy="Save it as CSV in UTF-8, with a header."
        ) from error
    said = ROWS.fullmatch(header[-1])
    if said is None:
        raise Usage(f"{path.name}: its last column is not rows=NUMBER", remedy="Add it, and an empty cell to each row.")
    before, found = int(said[1]), len(rows)
    if found < before and not fewer:
        remedy = "Copy the file whole; if rows were removed on purpose, add --fewer."
        raise Usage(f"{path.name} has {found} rows, and had {before}", remedy=remedy)
    if found != before:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, delete=False) as new:
            new.write(text.replace(said[0], f"rows={found}", 1))
        written = Path(new.name)
        written.chmod(path.stat().st_mode)
        written.replace(path)
    return before, found


def _told(error: ValueError) -> Usage:
    what, _, remedy = str(error).rpartition(": ")
    return Usage(what, remedy=remedy[:1].upper() + remedy[1:].removesuffix(".") + ".")


def _with_rows(directory: Path) -> WorkingDays:
    """The calendars under the files. Raises `UnknownCalendar` or `InvalidReference`."""
    rows, weekends = calendar_days.read(directory), calendar_days.weekends(directory)
    return _calendars().over(rows, weekends, calendar_days.rules(directory))


def _calendars() -> WorkingDays:
    """Those of the services of this source tree: they all count by the same ones."""
    for name in discovered():
        service = getattr(import_module(f"{name}.app"), "SERVICE", None)
        if isinstance(service, Service):
            return service.working_days
    return NO_CALENDAR
